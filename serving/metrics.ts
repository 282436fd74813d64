import { collectDefaultMetrics, Counter, Registry } from 'prom-client';
import type { BeaconCounts } from './beacons.ts';
import type { Boot } from './boot.ts';
import type { DecisionCounts } from './decision-counts.ts';
import { addDecisions } from './decision-metrics.ts';
import type { FloodGate } from './flood-gate.ts';
import { addGauge } from './gauge.ts';
import { addObjectives } from './objective-metrics.ts';
import type { Overload } from './overload.ts';
import { addOverload } from './overload-metrics.ts';

export interface MetricsSource {
  readonly counts: BeaconCounts;
  readonly decisions: DecisionCounts;
  readonly boot: Boot;
  readonly overload: Overload;
  readonly gate: FloodGate;
}

/**
 * The metrics of one serving process. The hot path counts in plain numbers; they are copied when somebody scrapes. Other parts add their own
 * to the registry.
 */
export function serveMetrics({ counts, decisions, boot, overload, gate }: MetricsSource): Registry {
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
  addObjectives(registry, { decisions, overload, beacons: counts });
  addDecisions(registry, decisions);
  addOverload(registry, overload, gate);
  addGauge(
    registry,
    { name: 'adtally_buffer_bytes', help: 'Bytes of the private buffer that are not yet in the log' },
    () => boot.buffer.depth().bytes,
  );
  addGauge(
    registry,
    { name: 'adtally_buffer_entries', help: 'Entries of the private buffer that are not yet in the log' },
    () => {
      const { lastSequence, drainedSequence } = boot.buffer.depth();
      return lastSequence - drainedSequence;
    },
  );
  addGauge(
    registry,
    { name: 'adtally_buffer_oldest_ms', help: 'Age of the oldest entry that is not yet in the log', of: 'max' },
    () => {
      const oldestAt = boot.buffer.oldestUndrainedAt();
      return oldestAt === null ? 0 : Math.max(0, boot.clock.now() - oldestAt);
    },
  );
  addGauge(registry, { name: 'adtally_boot_fenced', help: '1 once others have ended this boot', of: 'max' }, () =>
    boot.fenced ? 1 : 0,
  );
  addGauge(
    registry,
    { name: 'adtally_boot_drawing', help: '1 while the boot may draw on its leases', of: 'min' },
    () => (boot.leases.drawing ? 1 : 0),
  );
  return registry;
}
