import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { readDecisionRequest } from './decision-request.ts';
import { addObjectives } from './objective-metrics.ts';
import { Overload } from './overload.ts';
import { openDeskWorld } from '../test/desk-world.ts';

const caller = {
  channel: 'api',
  userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36',
  address: '192.0.2.1',
  truncate: () => '192.0.2.0/24',
  trusted: false,
} as const;

function openCounts() {
  const world = openDeskWorld();
  const registry = new Registry();
  const overload = new Overload({ random: createSeededRandom(1), fullTurnMs: 60 });
  const beacons = { accepted: { impression: 3 }, late: { impression: 1 }, notStored: 2 };
  addObjectives(registry, { decisions: world.desk.counts, overload, beacons: beacons as never });
  const decide = () => {
    const arrivedUs = world.clock.monotonicUs();
    const request = readDecisionRequest({ slots: [{ id: 's', placement_id: 'pl_1' }], tmax: 50 });
    const answered = world.desk.decide(request, { ...caller, arrivedUs });
    if (answered instanceof Promise) throw new Error('nothing is waited for');
    return answered;
  };
  const outcomes = async (metric: string) => {
    const found = (await registry.getMetricsAsJSON()).find(({ name }) => name === metric);
    return Object.fromEntries((found?.values ?? []).map(({ labels, value }) => [labels['outcome'], value]));
  };
  return { ...world, overload, decide, outcomes };
}

describe('The events of objectives of serving', () => {
  it('tell answers within their deadline from later ones, from shed ones and from none', async () => {
    const world = openCounts();
    world.desk.markReturned(world.decide());
    const slow = world.decide();
    await world.clock.advance(51);
    world.desk.markReturned(slow);
    world.overload.counts.shed = 4;
    world.buffer.full = true;
    expect(() => world.decide()).toThrow(expect.objectContaining({ code: 'BUFFER_FULL' }));
    expect(await world.outcomes('adtally_decision_answers_total')).toEqual({ in_time: 1, late: 1, failed: 1, shed: 4 });
  });

  it('tell kept beacons from those for which there was no room', async () => {
    expect(await openCounts().outcomes('adtally_beacon_answers_total')).toEqual({ stored: 4, not_stored: 2 });
  });

  it('are there before anything happened, each outcome at 0 or more', async () => {
    const { outcomes } = openCounts();
    expect(Object.keys(await outcomes('adtally_decision_answers_total'))).toEqual([
      'in_time',
      'late',
      'failed',
      'shed',
    ]);
  });
});
