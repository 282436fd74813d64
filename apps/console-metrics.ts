import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { TruthChecks } from '../dashboards/overview/truth-checks.ts';
import { tolerancesMs } from '../dashboards/overview/truth-lags.ts';
import { parseTime } from '../domain/time-text.ts';
import { ledgerStreams } from '../ledger/index/stream-name.ts';
import type { ConsoleParts } from './console-parts.ts';
import { engineMeter } from './engines.ts';
import { addProcessInfo } from './process-info.ts';

export type MetricsParts = Pick<ConsoleParts, 'log' | 'index' | 'sink' | 'ledgers' | 'audits' | 'clock'> & {
  readonly truths: Pick<TruthChecks, 'truths'>;
};

const described = {
  adtally_sink_lag_records: ['Records of the log that reporting lacks', 'topic'],
  adtally_sink_lag_ms: ['Age of the oldest record that reporting lacks', 'topic'],
  adtally_ledger_lag_records: ['Records of spend that the ledger, as it is shown, lacks', 'stream'],
  adtally_ledger_time_age_ms: ['How far the time of the ledger, as it is shown, lies back', 'stream'],
  adtally_ledger_damaged: ['1 for a ledger stream that can not be read on', 'stream'],
  adtally_quarantine_records: ['Records that could not be read, judged or believed', 'topic'],
  adtally_audit_tallies: ['1 if the last audit that came to its end tallied, 0 if not', 'kind'],
  adtally_audit_age_ms: ['Since the last audit that came to its end', 'kind'],
} as const;

interface Figure {
  readonly name: keyof typeof described;
  /** Value of the metric's one label. */
  readonly about: string;
  readonly value: number;
}

/** What an operator watches from the console, in the text form of Prometheus. All of it is read when somebody scrapes; none is money or a person's. */
export function consoleMetrics(parts: MetricsParts): () => Promise<string> {
  const { registry, gauges } = consoleRegistry(parts.truths);
  return async () => {
    const figures = await readFigures(parts);
    for (const gauge of gauges.values()) gauge.reset();
    for (const { name, about, value } of figures) gauges.get(name)?.set({ [described[name][1]]: about }, value);
    return registry.metrics();
  };
}

/** Every metric of the console; the gauges have the values that they were given last. */
export function consoleRegistry(truths: Pick<TruthChecks, 'truths'>): {
  readonly registry: Registry;
  readonly gauges: ReadonlyMap<string, Gauge>;
} {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addProcessInfo(registry);
  engineMeter.addTo(registry);
  addTruths(registry, truths);
  const gauges = new Map<string, Gauge>();
  for (const [name, [help, label]] of Object.entries(described)) {
    gauges.set(name, new Gauge({ name, help, labelNames: [label], registers: [registry] }));
  }
  return { registry, gauges };
}

/** How far each truth is behind, what it may be, and how its checks ended. */
function addTruths(registry: Registry, { truths }: Pick<TruthChecks, 'truths'>): void {
  const registers = [registry];
  new Gauge({
    name: 'adtally_truth_lag_ms',
    help: 'How far a truth lies behind the evidence, as it was checked last; none where nothing runs',
    labelNames: ['truth'],
    registers,
    collect() {
      this.reset();
      for (const [truth, { lagMs }] of truths) if (lagMs !== null) this.set({ truth }, lagMs);
    },
  });
  const tolerances = new Gauge({
    name: 'adtally_truth_tolerance_ms',
    help: 'How far a truth may lie behind the evidence',
    labelNames: ['truth'],
    registers,
  });
  for (const truth of truths.keys()) tolerances.set({ truth }, tolerancesMs[truth]);
  new Counter({
    name: 'adtally_truth_checks_total',
    help: 'Checks of a truth every few seconds: within its tolerance, behind it, or unknown since it could not be read',
    labelNames: ['truth', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [truth, { counts }] of truths) {
        for (const [outcome, count] of Object.entries(counts)) this.inc({ truth, outcome }, count);
      }
    },
  });
}

async function readFigures(parts: MetricsParts): Promise<readonly Figure[]> {
  const { next } = await parts.log.bounds('quarantine', 0);
  const quarantine: Figure = { name: 'adtally_quarantine_records', about: 'quarantine', value: next };
  return [...(await sinkFigures(parts)), ...(await ledgerFigures(parts)), ...(await auditFigures(parts)), quarantine];
}

async function sinkFigures({ sink }: MetricsParts): Promise<Figure[]> {
  return (await sink.lag()).flatMap(({ topic, offsets, ms }) => [
    { name: 'adtally_sink_lag_records', about: topic, value: offsets },
    { name: 'adtally_sink_lag_ms', about: topic, value: ms },
  ]);
}

async function ledgerFigures({ log, index, ledgers, clock }: MetricsParts): Promise<Figure[]> {
  const indexed = new Map((await index.indexedStreams()).map((one) => [one.stream, one]));
  const failures = ledgers.failures();
  const figures: Figure[] = [];
  for (const { stream: about, shard } of ledgerStreams(log.shards('spend'))) {
    const { next, foldTime } = indexed.get(about) ?? { next: { offset: 0 }, foldTime: 0 };
    const behind = (await log.bounds('spend', shard)).next - next.offset;
    figures.push({ name: 'adtally_ledger_lag_records', about, value: Math.max(0, behind) });
    figures.push({ name: 'adtally_ledger_damaged', about, value: failures.has(about) ? 1 : 0 });
    const age = Math.max(0, clock.now() - foldTime);
    if (foldTime > 0) figures.push({ name: 'adtally_ledger_time_age_ms', about, value: age });
  }
  return figures;
}

async function auditFigures({ audits, clock }: MetricsParts): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const about of ['reconciliations', 'replays'] as const) {
    const last = (await audits[about].list()).find(({ status }) => status === 'finished');
    if (typeof last?.finished_at !== 'string') continue;
    const age = Math.max(0, clock.now() - parseTime(last.finished_at, 'finished_at'));
    figures.push({ name: 'adtally_audit_age_ms', about, value: age });
    figures.push({ name: 'adtally_audit_tallies', about, value: last['result'] === 'tallies' ? 1 : 0 });
  }
  return figures;
}
