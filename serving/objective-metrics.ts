import { Counter, type Registry } from 'prom-client';
import type { BeaconCounts } from './beacons.ts';
import type { DecisionCounts } from './decision-counts.ts';
import type { Overload } from './overload.ts';

interface ObjectiveSource {
  readonly decisions: Pick<DecisionCounts, 'inTime' | 'late' | 'failed'>;
  readonly overload: Pick<Overload, 'counts'>;
  readonly beacons: Pick<BeaconCounts, 'accepted' | 'late' | 'notStored'>;
}

/** The events by which serving's objectives are judged; every outcome is there from the start. */
export function addObjectives(registry: Registry, { decisions, overload, beacons }: ObjectiveSource): void {
  byOutcome(
    registry,
    'adtally_decision_answers_total',
    'Decision requests: answered within their deadline, after it, not for a reason of ours, or shed',
    () => {
      const { inTime: in_time, late, failed } = decisions;
      return { in_time, late, failed, shed: overload.counts.shed };
    },
  );
  byOutcome(
    registry,
    'adtally_beacon_answers_total',
    'Genuine beacons and clicks: kept, acknowledged once they are on disk, or turned away for want of room',
    () => ({ stored: sumOf(beacons.accepted) + sumOf(beacons.late), not_stored: beacons.notStored }),
  );
}

function byOutcome(registry: Registry, name: string, help: string, read: () => Readonly<Record<string, number>>): void {
  new Counter({
    name,
    help,
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(read())) this.inc({ outcome }, count);
    },
  });
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
