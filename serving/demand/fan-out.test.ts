import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SimulatedReply } from '../../adapters/simulated/bidder-connections.ts';
import type { AdSelected } from '../../domain/records.ts';
import type { BidderCall } from '../../ports/bidder-connection.ts';
import { bidBody, demandRecords, openDemandWorld } from '../../test/demand-world.ts';
import { readDecisionRequest } from '../decision-request.ts';

const caller = {
  channel: 'api' as const,
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  address: '192.0.2.1',
  truncate: () => '192.0.2.0/24',
  trusted: true,
};

const behaviour = fc.record({
  delayMs: fc.nat(120),
  does: fc.constantFrom('bid', 'no_bid', 'garbage', 'wrong', 'connect_failed', 'too_large'),
  price: fc.integer({ min: 1, max: 1200 }),
});
type Behaviour = typeof behaviour extends fc.Arbitrary<infer T> ? T : never;

function replyOf({ delayMs, does, price }: Behaviour, call: BidderCall): SimulatedReply {
  switch (does) {
    case 'bid':
      return { delayMs, reply: bidBody(call, price / 100) };
    case 'no_bid':
      return { delayMs, reply: null };
    case 'garbage':
      return { delayMs, reply: '<html>' };
    case 'wrong':
      return { delayMs, reply: bidBody(call, price / 100, { w: 1, h: 1 }) };
    default:
      return { delayMs, reply: { outcome: does } };
  }
}

test('an answer that breaks its reader ends its own bid alone, and is reported', async () => {
  const world = openDemandWorld(demandRecords(2));
  world.bidders.set('bd_2', (call) => ({ delayMs: 5, reply: bidBody(call, 3) }));
  world.bidders.set('bd_3', (call) => ({ delayMs: 3, reply: bidBody(call, 4) }));
  const rates = world.demand.deps.rates;
  const convert = rates.convert.bind(rates);
  rates.convert = (amount, pair, toward) => {
    if (amount === 4_000_000n) throw new Error('broken');
    return convert(amount, pair, toward);
  };
  const answer = world.desk.decide(readDecisionRequest({ slots: [{ id: 's', placement_id: 'pl_1' }] }), {
    ...caller,
    arrivedUs: 0,
  });
  await world.clock.advance(20);
  expect((await answer).body.decisions).toMatchObject([{ line_item_id: 'li_2' }]);
  expect(world.errors.map(({ message }) => message)).toEqual(['broken']);
  expect([...world.demand.counts.of('bd_3').outcomes]).toEqual([['aborted', 1]]);
  expect([world.demand.counts.solicitedWithoutOutcome(), world.demand.health.inFlight()]).toEqual([0, 0]);
});

test('whatever bidders do, each call has one outcome, no answer after the cut counts, and the best of those in time wins', async () => {
  const rounds = fc.array(fc.array(behaviour, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(rounds, fc.boolean(), async (all, progressive) => {
      const world = openDemandWorld(demandRecords(4), { progressive });
      for (const round of all) {
        round.forEach((one, index) => world.bidders.set(`bd_${index + 2}`, (call) => replyOf(one, call)));
        const arrivedUs = world.clock.monotonicUs();
        const answer = world.desk.decide(readDecisionRequest({ slots: [{ id: 's', placement_id: 'pl_1' }] }), {
          ...caller,
          arrivedUs,
        });
        await world.clock.advance(65);
        expect((await answer).body.decisions).toHaveLength(1);
        expect(world.demand.counts.waitedFor).toBe(0);
        expect(world.demand.counts.solicitedWithoutOutcome()).toBe(0);
        await world.clock.advance(400);
      }
      const selections = world.buffer
        .decoded()
        .flatMap(({ record }) => (record.name === 'AdSelected' ? [record.value] : []));
      for (const selected of selections) expectBest(selected);
      const sent = [...world.demand.counts.byBidder.values()].reduce((sum, one) => sum + one.concluded, 0);
      expect(sent).toBe(world.connections.calls.length);
      expect(world.demand.health.inFlight()).toBe(0);
    }),
    { numRuns: 60 },
  );
});

function expectBest({ bidders, billing, auction }: AdSelected): void {
  const bids = bidders.filter(({ outcome }) => outcome === 'bid');
  for (const { latency_us, timeout_us } of bids) expect(latency_us).toBeLessThanOrEqual(timeout_us);
  const best = Math.max(2_000_000, ...bids.map(({ bid_micros }) => bid_micros));
  expect(auction.ecpm_micros).toBe(best);
  expect(billing.price_micros).toBe(Math.floor(best / 1000));
  expect(bids.filter(({ reason }) => reason === 'won').length).toBe(billing.line_item_id === 'li_1' ? 0 : 1);
}
