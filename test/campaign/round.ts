import { countDoubleEntries } from '../../apps/distributed/double-entries.ts';
import { proveByReconciliation, proveByReplay } from '../../simulate/proofs.ts';
import type { Check } from '../../simulate/run-report.ts';
import { Dice } from '../simulation/dice.ts';
import { CountingClient } from './counting-client.ts';
import type { Charges } from './ledger-count.ts';
import { openStage, type Stage, type StageOptions } from './stage.ts';
import { healAll, type Strike, type Struck, strikeOnce } from './strikes.ts';

export interface RoundOptions extends StageOptions {
  readonly seed: string;
  readonly round: number;
  /** How many faults are drawn. */
  readonly faults: number;
  /** Visits a second. */
  readonly perSecond: number;
  readonly say: (sentence: string) => void;
  /** Breaks the round off before its next fault; everything is ended and taken down all the same. */
  readonly signal?: AbortSignal;
  /** Replaces what the seed draws. */
  readonly script?: readonly Strike[];
}

/** One line of the campaign's account. */
export interface RoundReport {
  readonly seed: string;
  readonly round: number;
  readonly engines: 'embedded' | 'distributed';
  readonly tookMs: number;
  /** By fault. */
  readonly faults: Readonly<Record<string, number>>;
  /** Kills by what was killed. */
  readonly kills: Readonly<Record<string, number>>;
  readonly killed: number;
  readonly decisions: number;
  readonly beaconsAcknowledged: number;
  readonly sendingsFailed: number;
  /** Billable events that were acknowledged in time, one for each selection, and where they are. */
  readonly charges: Omit<Charges, 'lost' | 'double' | 'unfounded'>;
  readonly lost: number;
  readonly double: number;
  readonly unfounded: number;
  /** Entries that must not be there: at positions booked before, gaps, broken hashes. */
  readonly wrongEntries: number;
  readonly reconciliation: Check;
  readonly replay: Check;
  /** From the fault until the process answered that it is ready, of those that were left in peace meanwhile, ms. */
  readonly recovery: { readonly count: number; readonly p50Ms: number; readonly maxMs: number };
  /** From when all was healed until everything acknowledged was in both ledgers, ms. */
  readonly settledAfterMs: number;
  /** Processes that ended by themselves, as they do when they are fenced or their disk is full. */
  readonly endedByThemselves: number;
  /** What does not hold, in sentences; empty if all does. */
  readonly problems: readonly string[];
}

const betweenFaultsMs = [150, 1_400] as const;
const inPeace = 0.5;
const peaceMs = 6_000;
// Bounds of patience, for machines that are busy with other things.
const readyWithinMs = 240_000;
const soldWithinMs = 180_000;
const settledWithinMs = 180_000;
const afterwardsMs = 1_500;
const lookMs = 250;

/** Runs one round: platform, visitors, faults; then heals everything, waits until it has settled, and counts. Throws if the platform does not come back. */
export async function runRound(options: RoundOptions): Promise<RoundReport> {
  const startedAt = Date.now();
  const stage = await openStage(options);
  let isWell = false;
  try {
    const { say, seed, round } = options;
    const dice = new Dice(`${seed}/${round}`);
    const catalogs = await stage.publish();
    const { serveUrls, settings } = stage;
    const { clickTokenMs } = settings;
    const { perSecond } = options;
    const client = new CountingClient({ serveUrls, catalogs, clickTokenMs, perSecond, dice: dice.for('visits') });
    client.start();
    try {
      await client.untilSold(soldWithinMs);
      const { struck, recoveries } = await strikeAll(stage, dice.for('faults'), options);
      healAll(stage);
      const healedAt = Date.now();
      await Promise.all(stage.group.names().map((name) => stage.group.untilReady(name, readyWithinMs)));
      await client.untilSold(soldWithinMs);
      await pause(afterwardsMs);
      await client.stop();
      say('waiting until both ledgers have settled everything');
      const audited = await audit(stage, client, { healedAt, say });
      const times = (await Promise.all(recoveries)).filter((ms) => ms !== null).toSorted((a, b) => a - b);
      const report = reportOf({ options, stage, client, struck, times, tookMs: Date.now() - startedAt, ...audited });
      isWell = report.problems.length === 0;
      return report;
    } finally {
      healAll(stage);
      await client.stop();
    }
  } finally {
    await stage.close(!isWell);
  }
}

async function strikeAll(stage: Stage, dice: Dice, { faults, script, say, signal }: RoundOptions) {
  const struck: Struck[] = [];
  const recoveries: Promise<number | null>[] = [];
  const drawn = script ?? Array.from({ length: faults }, () => strikeOnce);
  for (const strike of drawn) {
    await pause(dice.between(...betweenFaultsMs));
    signal?.throwIfAborted();
    const done = await strike(stage, dice);
    struck.push(...done);
    for (const { fault, target } of done) say(`${fault}: ${target}`);
    const recovering = done.flatMap(({ recovered }) => recovered ?? []);
    recoveries.push(...recovering);
    // A busy machine takes its time to start a process: the next fault does not wait for ever.
    if (dice.chance(inPeace)) await Promise.race([Promise.all(recovering), pause(peaceMs)]);
  }
  return { struck, recoveries };
}

interface Audited {
  readonly charges: Charges;
  readonly wrongEntries: number;
  readonly reconciliation: Check;
  readonly replay: Check;
  readonly settledAfterMs: number;
}

async function audit(
  stage: Stage,
  { account }: CountingClient,
  { healedAt, say }: { readonly healedAt: number; readonly say: (sentence: string) => void },
): Promise<Audited> {
  const opened = await stage.openLedgers();
  try {
    const { count, shards, ledger, registry } = opened;
    let charges = count.charges(account);
    for (const until = Date.now() + settledWithinMs; Date.now() < until; await pause(lookMs)) {
      await count.readOn();
      charges = count.charges(account);
      if (charges.tentative === charges.acknowledged && charges.final === charges.acknowledged) break;
    }
    const settledAfterMs = Date.now() - healedAt;
    const { repeated, twice, gaps, broken } = await countDoubleEntries({ ledger, registry, shards });
    const reconciliation = await proveByReconciliation(stage.client, say);
    const replay = await proveByReplay(stage.client, say);
    const wrongEntries = repeated + twice + gaps + broken;
    return { charges, wrongEntries, reconciliation, replay, settledAfterMs };
  } finally {
    await opened.close();
  }
}

interface Told extends Audited {
  readonly options: RoundOptions;
  readonly stage: Stage;
  readonly client: CountingClient;
  readonly struck: readonly Struck[];
  readonly times: readonly number[];
  readonly tookMs: number;
}

function reportOf({ options, stage, client, struck, times, tookMs, ...audited }: Told): RoundReport {
  const { wrongEntries, reconciliation, replay, settledAfterMs } = audited;
  const { lost, double, unfounded, ...charges } = audited.charges;
  const kills = tally(struck.flatMap(({ killed }) => killed ?? []));
  return {
    seed: options.seed,
    round: options.round,
    engines: stage.settings.logUrl === 'embedded' ? 'embedded' : 'distributed',
    tookMs,
    faults: tally(struck.map(({ fault }) => fault)),
    kills,
    killed: Object.values(kills).reduce((sum, count) => sum + count, 0),
    decisions: client.decisions,
    beaconsAcknowledged: client.acknowledged,
    sendingsFailed: client.failures,
    charges,
    lost: lost.length,
    double: double.length,
    unfounded: unfounded.length,
    wrongEntries,
    reconciliation,
    replay,
    recovery: { count: times.length, p50Ms: times[Math.floor(times.length / 2)] ?? 0, maxMs: times.at(-1) ?? 0 },
    settledAfterMs,
    endedByThemselves: stage.group.unasked.length,
    problems: problemsOf(audited),
  };
}

function problemsOf({ charges, wrongEntries, reconciliation, replay }: Audited): readonly string[] {
  const { acknowledged, final, lost, double, unfounded } = charges;
  return [
    ...lost.slice(0, 5).map((id) => `${id} was acknowledged and is in no ledger`),
    ...double.slice(0, 5),
    ...unfounded.slice(0, 5).map((id) => `${id} is charged, and nothing was ever sent for it`),
    ...(final === acknowledged ? [] : [`${acknowledged - final} of ${acknowledged} are not settled`]),
    ...(acknowledged === 0 ? ['nothing was acknowledged'] : []),
    ...(wrongEntries === 0 ? [] : [`${wrongEntries} entries that must not be there`]),
    ...[reconciliation, replay].filter(({ holds }) => !holds).map(({ name, detail }) => `${name}: ${detail}`),
  ];
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
