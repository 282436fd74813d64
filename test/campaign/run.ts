/**
 * The campaign against real processes.
 *
 *   node test/campaign/run.ts --seed 1 --rounds 8 [--faults 30] [--rate 40]    on embedded engines
 *   node test/campaign/run.ts --engines distributed --rounds 2                 on Kafka, Redis, Apicurio and the EventStoreDB double
 *   node test/campaign/run.ts ... --resume FILE                                goes on after the rounds that the file has a line of, and adds its own
 *   node test/campaign/run.ts --seed 1 --round 5                               one round again
 *   node test/campaign/run.ts --from FOLDER --ceiling N                        rounds begin with the code in FOLDER, whose highest schema is N, and are upgraded to this
 *                                                                              one process by process, under faults
 *
 * One line of JSON for each round, and a sum at the end. Exit 1 if something does not hold: seed and round are printed, and the data are kept.
 */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { allEngines, type CampaignEngines, startCampaignEngines } from './campaign-engines.ts';
import { type Namespaces, openNamespaces } from './namespaces.ts';
import { type RoundOptions, type RoundReport, runRound } from './round.ts';
import { strikeOnce, upgrade } from './strikes.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '8' },
    round: { type: 'string' },
    faults: { type: 'string', default: '30' },
    rate: { type: 'string', default: '40' },
    engines: { type: 'string', default: 'embedded' },
    resume: { type: 'string' },
    from: { type: 'string' },
    ceiling: { type: 'string', default: '0' },
    keep: { type: 'boolean', default: false },
  },
});

/** Those that live in networks of their own. */
const apart = ['streams-3', 'serve-2'];
const house = resolve(import.meta.dirname, '../..');
const isDistributed = values.engines === 'distributed';

function say(sentence: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${sentence}\n`);
}

/** From the older code to this: readers before writers, nothing written that the older can't read until all are upgraded. */
function upgradeOf(faults: number): Pick<RoundOptions, 'home' | 'script'> {
  if (values.from === undefined) return {};
  const names = isDistributed ? ['console', 'streams-1', 'streams-2', 'streams-3'] : ['console', 'streams-1'];
  const steps = [...names, 'serve-1', 'serve-2'].flatMap((name) => [
    upgrade(name, house, { SCHEMA_CEILING: values.ceiling }),
    ...Array.from({ length: Math.ceil(faults / (names.length + 2)) }, () => strikeOnce),
  ]);
  const lift = [...names, 'serve-1', 'serve-2'].map((name) => upgrade(name, house, { SCHEMA_CEILING: '0' }));
  return { home: resolve(values.from), script: [...steps, ...lift] };
}

function readReports(file: string | undefined): readonly RoundReport[] {
  if (file === undefined || !existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as RoundReport);
}

function sum(reports: readonly RoundReport[]): object {
  const total = (of: (report: RoundReport) => number) => reports.reduce((all, report) => all + of(report), 0);
  const merged = (of: (report: RoundReport) => Readonly<Record<string, number>>) => {
    const counts: Record<string, number> = {};
    for (const report of reports) {
      for (const [name, count] of Object.entries(of(report))) counts[name] = (counts[name] ?? 0) + count;
    }
    return counts;
  };
  return {
    rounds: reports.length,
    minutes: Math.round(total(({ tookMs }) => tookMs) / 6_000) / 10,
    kills: total(({ killed }) => killed),
    killsByTarget: merged(({ kills }) => kills),
    faults: merged(({ faults }) => faults),
    beaconsAcknowledged: total((report) => report.beaconsAcknowledged),
    chargesAcknowledged: total(({ charges }) => charges.acknowledged),
    inTentative: total(({ charges }) => charges.tentative),
    inFinal: total(({ charges }) => charges.final),
    absorbed: total(({ charges }) => charges.absorbed),
    voided: total(({ charges }) => charges.voided),
    lost: total(({ lost }) => lost),
    double: total((report) => report.double + report.wrongEntries),
    unfounded: total(({ unfounded }) => unfounded),
    unexplainedRounds: reports.filter(({ reconciliation }) => !reconciliation.holds).length,
    replaysThatDiffer: reports.filter(({ replay }) => !replay.holds).length,
    recoveryP50Ms: reports.map(({ recovery }) => recovery.p50Ms).toSorted((a, b) => a - b)[reports.length >> 1] ?? 0,
    recoveryMaxMs: Math.max(0, ...reports.map(({ recovery }) => recovery.maxMs)),
    endedByThemselves: total(({ endedByThemselves }) => endedByThemselves),
    problems: reports.flatMap(({ problems }) => problems),
  };
}

async function run(folder: string, surroundings: { engines: CampaignEngines | null; namespaces: Namespaces | null }) {
  const reports = [...readReports(values.resume)];
  const { seed } = values;
  const done = new Set(reports.map((report) => `${report.seed}/${report.round}/${report.engines}`));
  const only = values.round === undefined ? null : Number(values.round);
  const rounds = only === null ? Array.from({ length: Number(values.rounds) }, (_, nth) => nth + 1) : [only];
  for (const round of rounds.filter((one) => !done.has(`${seed}/${one}/${values.engines}`))) {
    const own = join(folder, `round-${round}`);
    mkdirSync(own, { recursive: true });
    say(`seed ${seed}, round ${round}, ${values.engines}, in ${own}`);
    const prefix = `campaign-${Date.now().toString(36)}`;
    const [faults, perSecond] = [Number(values.faults), Number(values.rate)];
    const size = { seed, round, faults, perSecond, say, signal };
    const report = await runRound({ ...surroundings, folder: own, prefix, ...size, ...upgradeOf(faults) });
    process.stdout.write(`${JSON.stringify(report)}\n`);
    if (values.resume !== undefined) appendFileSync(values.resume, `${JSON.stringify(report)}\n`);
    reports.push(report);
    if (report.problems.length > 0) throw new Error(`seed ${seed}, round ${round}:\n  ${report.problems.join('\n  ')}`);
    if (!values.keep) rmSync(own, { recursive: true, force: true });
  }
  process.stdout.write(`${JSON.stringify(sum(reports), null, 2)}\n`);
}

const breaking = new AbortController();
const { signal } = breaking;
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => breaking.abort(new Error(name)));

const folder = mkdtempSync(join(tmpdir(), 'adtally-campaign-'));
const spaces = isDistributed ? openNamespaces(apart) : null;
if (typeof spaces === 'string') say(`no process is cut off alone: ${spaces}`);
const namespaces = typeof spaces === 'string' ? null : spaces;
let engines: CampaignEngines | null = null;
try {
  if (isDistributed) {
    say('starting Kafka, Redis, the schema registry and the EventStoreDB double behind proxies');
    const host = namespaces?.address ?? '127.0.0.1';
    engines = await startCampaignEngines({ folder: join(folder, 'engines'), host, names: allEngines });
  }
  await run(folder, { engines, namespaces });
} catch (error) {
  say(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nthe data are in ${folder}`);
  process.exitCode = 1;
} finally {
  await engines?.stop();
  namespaces?.remove();
  if (process.exitCode !== 1 && !values.keep) rmSync(folder, { recursive: true, force: true });
}
