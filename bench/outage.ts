/**
 * `npm run bench:outage [-- --engine kafka|redis|registry|ledger|warehouse] [--seconds 60] [--rate 60]`: engines go away under an open-loop load of decisions, one in
 * five of a person, and of their impressions; one `name: value` a line. Without `--engine` it is every engine in turn, all of them servers. Decisions are
 * timed from when they were due: with the engine there (before and after), and away. In the end each acknowledged impression is looked for in
 * both ledgers, and the platform reconciles itself.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decisionsIn, latencyMs, type OutageFigures, OutageRun, type Stretch } from '../test/outage/outage-run.ts';
import { type EngineName, engineNames, type Outage } from '../test/outage/switched-engines.ts';

const warmMs = 8_000;

/** What is taken away, in order. A server that stands still keeps its connections; that of the warehouse is only killed. */
const outages: readonly (readonly [EngineName, Outage])[] = [
  ['kafka', 'killed'],
  ['kafka', 'frozen'],
  ['redis', 'killed'],
  ['redis', 'frozen'],
  ['registry', 'killed'],
  ['ledger', 'killed'],
  ['ledger', 'frozen'],
  ['warehouse', 'killed'],
];

function show(name: string, value: number | string): void {
  console.log(`${name}: ${typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(3) : value}`);
}

function say(sentence: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${sentence}\n`);
}

interface Measured {
  readonly name: string;
  readonly figures: OutageFigures;
  /** Before and after. */
  readonly up: readonly Stretch[];
}

function showOutage({ load }: OutageRun, { name, figures, up }: Measured): void {
  const { down, bufferBytes, drainedAfterMs, bookedAfterMs } = figures;
  const { decisions, impressions } = load;
  for (const [state, stretches] of [
    ['up', up],
    ['down', [down]],
  ] as const) {
    show(`${name}_decisions_${state}`, decisionsIn(decisions, stretches).length);
    show(`${name}_p50_ms_${state}`, latencyMs(decisions, stretches, 0.5));
    show(`${name}_p99_ms_${state}`, latencyMs(decisions, stretches, 0.99));
    const persons = decisions.filter(({ isPerson }) => isPerson);
    show(`${name}_persons_p99_ms_${state}`, latencyMs(persons, stretches, 0.99));
  }
  show(`${name}_p99_ratio`, latencyMs(decisions, [down], 0.99) / latencyMs(decisions, up, 0.99));
  const inDown = decisionsIn(decisions, [down]);
  show(`${name}_decisions_failed_down`, inDown.filter(({ status }) => status !== 200).length);
  show(`${name}_fill_up`, fill(decisionsIn(decisions, up)));
  show(`${name}_fill_down`, fill(inDown));
  const seen = impressions.filter(({ seenMs }) => seenMs >= down.fromMs && seenMs < down.toMs);
  show(`${name}_beacons_acknowledged_down`, seen.filter(({ acknowledgedAt }) => acknowledgedAt !== null).length);
  show(
    `${name}_beacons_refused_down`,
    seen.reduce((sum, { failures }) => sum + failures.length, 0),
  );
  for (const [what, count] of down.counted) if (what !== 'ad') show(`${name}_down_${what.replaceAll('/', '_')}`, count);
  show(`${name}_buffer_bytes_down`, bufferBytes);
  show(`${name}_drained_after_ms`, Math.round(drainedAfterMs));
  show(`${name}_booked_after_ms`, Math.round(bookedAfterMs));
}

function fill(decisions: readonly { readonly ads: number }[]): number {
  return decisions.filter(({ ads }) => ads > 0).length / decisions.length;
}

async function measure(chosen: EngineName | null, ms: number, perSecond: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'adtally-outage-'));
  const run = await OutageRun.start({ folder, engines: engineNames, perSecond, say });
  try {
    await run.untilFilled();
    await run.measure(warmMs);
    let up = await run.measure(ms);
    for (const [engine, outage] of outages.filter(([name]) => chosen === null || name === chosen)) {
      const figures = await run.outage(engine, outage, ms);
      const after = await run.measure(ms);
      showOutage(run, { name: `${engine}_${outage}`, figures, up: [up, after] });
      up = after;
    }
    const charges = await run.settle();
    show('impressions_acknowledged', charges.acknowledged);
    show('impressions_in_tentative_ledger_once', charges.incurredOnce);
    show('impressions_in_final_ledger_once', charges.settledOnce);
    show('impressions_absorbed', charges.absorbed);
    show('impressions_voided', charges.voided);
    show(
      'beacons_refused',
      run.load.impressions.reduce((sum, { failures }) => sum + failures.length, 0),
    );
    show('processes_restarted', run.restarts.join('; ') || 0);
    await run.untilWindowsClose();
    const { holds, detail } = await run.reconcile();
    show('reconciliation', detail);
    return holds && charges.wrong.length === 0;
  } finally {
    await run.stop();
    if (process.env['KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
    else say(`kept ${folder}`);
  }
}

const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '60' },
  },
});
const chosen = engineNames.find((name) => name === values.engine) ?? null;
if (values.engine !== undefined && chosen === null) throw new Error(`--engine is one of ${engineNames.join(', ')}`);
const holds = await measure(chosen, Number(values.seconds) * 1000, Number(values.rate));
process.exitCode = holds ? 0 : 1;
