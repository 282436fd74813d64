import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { BeaconCounts } from './beacons.ts';
import type { Boot } from './boot.ts';
import type { DecisionCounts } from './decision-counts.ts';

export interface MetricsSource {
  readonly counts: BeaconCounts;
  readonly decisions: DecisionCounts;
  readonly boot: Boot;
}

/**
 * The metrics of one serving process. The hot path counts in plain numbers; they are copied when somebody scrapes. Other parts add their own
 * to the registry.
 */
export function serveMetrics({ counts, decisions, boot }: MetricsSource): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Counter({
    name: 'adtally_beacons_total',
    help: 'Genuine beacons by kind and judgement',
    labelNames: ['kind', 'judgement'],
    registers,
    collect() {
      this.reset();
      for (const [kind, count] of Object.entries(counts.accepted)) this.inc({ kind, judgement: 'ACCEPTED' }, count);
      for (const [kind, count] of Object.entries(counts.late)) this.inc({ kind, judgement: 'LATE' }, count);
    },
  });
  new Counter({
    name: 'adtally_beacons_refused_total',
    help: 'Beacons that were not believed, by reason',
    labelNames: ['code'],
    registers,
    collect() {
      this.reset();
      for (const [code, count] of counts.refused) this.inc({ code }, count);
    },
  });
  new Counter({
    name: 'adtally_charges_total',
    help: 'SpendIncurred records: written, not repeated because this process wrote it before, and clicks that no lease covered',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      this.inc({ outcome: 'written' }, counts.incurred);
      this.inc({ outcome: 'repeated' }, counts.incurredBefore);
      this.inc({ outcome: 'no_lease' }, counts.clicksWithoutLease);
    },
  });
  addDecisions(registry, decisions);
  addGauge(
    registry,
    'adtally_buffer_bytes',
    'Bytes of the private buffer that are not yet in the log',
    () => boot.buffer.depth().bytes,
  );
  addGauge(registry, 'adtally_buffer_entries', 'Entries of the private buffer that are not yet in the log', () => {
    const { lastSequence, drainedSequence } = boot.buffer.depth();
    return lastSequence - drainedSequence;
  });
  addGauge(registry, 'adtally_buffer_oldest_ms', 'Age of the oldest entry that is not yet in the log', () => {
    const oldestAt = boot.buffer.oldestUndrainedAt();
    return oldestAt === null ? 0 : Math.max(0, boot.clock.now() - oldestAt);
  });
  addGauge(registry, 'adtally_boot_fenced', '1 once others have ended this boot', () => (boot.fenced ? 1 : 0));
  addGauge(registry, 'adtally_boot_drawing', '1 while the boot may draw on its leases', () =>
    boot.leases.drawing ? 1 : 0,
  );
  return registry;
}

function addDecisions(registry: Registry, decisions: DecisionCounts): void {
  const registers = [registry];
  new Counter({
    name: 'adtally_decisions_total',
    help: 'Decision requests answered',
    registers,
    collect() {
      this.reset();
      this.inc(decisions.decisions);
    },
  });
  new Counter({
    name: 'adtally_slots_total',
    help: 'Ads selected, and slots that stayed empty by reason',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      this.inc({ outcome: 'ad' }, decisions.ads);
      for (const [reason, count] of decisions.noAd) this.inc({ outcome: reason }, count);
    },
  });
  new Counter({
    name: 'adtally_degradations_total',
    help: 'What was skipped on purpose, by stage and reason',
    labelNames: ['what'],
    registers,
    collect() {
      this.reset();
      for (const [what, count] of decisions.degraded) this.inc({ what }, count);
    },
  });
  addPlans(registry, decisions);
}

function addPlans(registry: Registry, { plans, lost, stages }: DecisionCounts): void {
  const registers = [registry];
  new Counter({
    name: 'adtally_plan_ads_total',
    help: 'Ads selected, by inventory tier and plan of degradation',
    labelNames: ['tier', 'plan'],
    registers,
    collect() {
      this.reset();
      for (const [key, count] of plans) this.inc(labels(['tier', 'plan'], key), count);
    },
  });
  new Counter({
    name: 'adtally_plan_lost_micros_total',
    help: 'Estimated loss by what was done without, micros, by plan and currency',
    labelNames: ['plan', 'currency'],
    registers,
    collect() {
      this.reset();
      for (const [key, micros] of lost) this.inc(labels(['plan', 'currency'], key), micros);
    },
  });
  for (const [name, help, field] of [
    ['adtally_stage_us_total', 'Time of all ads selected, by stage, microseconds', 'tookUs'],
    ['adtally_stage_over_share_total', 'Ads for which a stage took longer than its share', 'overShare'],
  ] as const) {
    new Counter({
      name,
      help,
      labelNames: ['stage'],
      registers,
      collect() {
        this.reset();
        for (const [stage, count] of Object.entries(stages)) this.inc({ stage }, count[field]);
      },
    });
  }
}

/** `standard/full` as labels. */
function labels(names: readonly string[], key: string): Record<string, string> {
  const values = key.split('/');
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}

function addGauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
