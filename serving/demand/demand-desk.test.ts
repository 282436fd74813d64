import { beforeEach, describe, expect, test } from 'vitest';
import type { AdSelected, AnyRecord } from '../../domain/records.ts';
import type { BidderCall } from '../../ports/bidder-connection.ts';
import { creative, placement } from '../../test/decision-world.ts';
import { bidBody, demandRecords, type DemandWorld, openDemandWorld, requestOf } from '../../test/demand-world.ts';
import { nativeAnswer, vastAnswer } from '../../test/outside-content.ts';
import { readDecisionRequest } from '../decision-request.ts';
import type { Answered } from '../decision-desk.ts';
import type { Caller } from '../enrichment.ts';
import { explainSelection } from '../explain-selection.ts';
import { whyNot } from '../why-not.ts';

const caller: Caller = {
  channel: 'api',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  address: '192.0.2.1',
  truncate: () => '192.0.2.0/24',
  trusted: true,
  arrivedUs: 0,
};

let world: DemandWorld;
beforeEach(() => {
  world = openDemandWorld();
});

const asRequest = (body: Readonly<Record<string, unknown>> = {}) =>
  readDecisionRequest({ slots: [{ id: 's', placement_id: 'pl_1' }], ...body });

/** Decides while virtual time goes on. */
async function ask(body: Readonly<Record<string, unknown>> = {}, byMs = 100): Promise<Answered> {
  const arrivedUs = world.clock.monotonicUs();
  const answer = world.desk.decide(asRequest(body), { ...caller, arrivedUs });
  if (answer instanceof Promise) await world.clock.advance(byMs);
  return answer;
}

function selections(): AdSelected[] {
  return world.buffer.decoded().flatMap(({ record }) => (record.name === 'AdSelected' ? [record.value] : []));
}

const bids =
  (price: number, changes: Readonly<Record<string, unknown>> = {}, delayMs = 5) =>
  (call: BidderCall) => ({ delayMs, reply: bidBody(call, price, changes) });

const tally = (id = 'bd_2') => world.demand.counts.of(id);

describe('Without a bidder', () => {
  test('a decision is made at once', () => {
    world = openDemandWorld(demandRecords(0));
    expect(world.desk.decide(asRequest(), caller)).not.toBeInstanceOf(Promise);
    expect(world.demand.isIdle).toBe(true);
  });

  test('that is live, or whose line item fits, nobody is asked and nothing is waited for', () => {
    world = openDemandWorld(demandRecords(1, { status: 'PAUSED' }));
    expect(world.desk.decide(asRequest(), caller)).not.toBeInstanceOf(Promise);
    world = openDemandWorld(demandRecords(1, { tiers: ['premium'] }));
    expect(world.desk.decide(asRequest(), caller)).not.toBeInstanceOf(Promise);
    expect(tally().notAsked).toEqual(new Map([['tier', 1]]));
    expect(selections()[0]?.bidders).toMatchObject([{ bidder_id: 'bd_2', outcome: 'not_asked', reason: 'tier' }]);
  });
});

describe('A bidder', () => {
  test('wins by the higher bid, is billed what it bid, and its markup is shown with the price in it', async () => {
    world.bidders.set('bd_2', bids(3.5, { burl: 'https://b.example/bill?p=${AUCTION_PRICE}' }));
    const { body } = await ask();
    expect(body.decisions).toMatchObject([{ line_item_id: 'li_2', format: 'banner', width: 300, height: 250 }]);
    expect(body.decisions[0]?.markup).toContain('<b>3.5</b>');
    const [selected] = selections();
    expect(selected?.billing).toMatchObject({ line_item_id: 'li_2', price_micros: 3500, pricing_model: 'CPM' });
    expect(selected?.auction).toMatchObject({ bid_micros: 3_500_000, ecpm_micros: 3_500_000 });
    expect(selected?.external).toMatchObject({
      bidder_id: 'bd_2',
      price: '3.5',
      currency: 'EUR',
      bid_micros: 3_500_000,
      domains: ['shoes.example'],
      billing_url: 'https://b.example/bill?p=3.5',
    });
    expect(selected?.bidders).toMatchObject([{ bidder_id: 'bd_2', outcome: 'bid', reason: 'won', latency_us: 5000 }]);
    expect(world.leases.drawn).toEqual([expect.objectContaining({ campaignId: 'cmp_2', amountMicros: 3500 })]);
    expect(tally()).toMatchObject({ eligible: 1, solicited: 1, responded: 1, participating: 1, won: 1 });
  });

  test('loses to a higher bid of the house, and is told the loss, not the win', async () => {
    const urls = {
      nurl: 'https://b.example/win',
      lurl: 'https://b.example/lost?r=${AUCTION_LOSS}&m=${AUCTION_MIN_TO_WIN}',
    };
    world.bidders.set('bd_2', bids(1.5, urls));
    const { body } = await ask();
    expect(body.decisions).toMatchObject([{ line_item_id: 'li_1' }]);
    expect(selections()[0]).toMatchObject({ external: null, bidders: [{ outcome: 'bid', reason: 'outbid' }] });
    expect(world.notices).toMatchObject([{ kind: 'loss', bidderId: 'bd_2', url: 'https://b.example/lost?r=102&m=2' }]);
    expect(tally()).toMatchObject({ responded: 1, participating: 1, won: 0 });
  });

  test('that bids several times for a place is told of those that were not its best', async () => {
    world.bidders.set('bd_2', (call) => {
      const answer = JSON.parse(bidBody(call, 3)) as { seatbid: { bid: Record<string, unknown>[] }[] };
      const [bid] = answer.seatbid[0]?.bid ?? [];
      answer.seatbid[0]?.bid.push({
        ...bid,
        id: 'b2',
        price: 2.5,
        lurl: 'https://b.example/lost?b=${AUCTION_BID_ID}&r=${AUCTION_LOSS}',
      });
      return { delayMs: 5, reply: JSON.stringify(answer) };
    });
    await ask();
    expect(selections()[0]?.external?.bid_id).toBe('b1');
    expect(world.notices).toMatchObject([{ kind: 'loss', url: 'https://b.example/lost?b=b2&r=102' }]);
  });

  test('pays at second price what the next one makes it pay', async () => {
    world = openDemandWorld(
      demandRecords().map((record) =>
        record.name === 'PlacementPublished'
          ? { ...record, value: { ...record.value, auction: 'second_price' } }
          : record,
      ),
    );
    world.bidders.set('bd_2', bids(6, { nurl: 'https://b.example/win?p=${AUCTION_PRICE}&r=${AUCTION_MBR}' }));
    await ask();
    expect(selections()[0]?.billing.price_micros).toBe(2001);
    expect(world.notices).toMatchObject([{ kind: 'win', url: 'https://b.example/win?p=2.001&r=0.3335' }]);
  });

  test('is asked with less time than is left, by what it takes on the way, for our own imp and at the floor', async () => {
    await ask({ tmax: 80 });
    const [call] = world.connections.calls;
    const request = requestOf(call as BidderCall);
    // 80 ms × (100 − 10 − 10 − 5 − 5 − 10) hundredths for all that comes after.
    expect(request).toMatchObject({ tmax: 48 - 5, cur: ['EUR'], at: 1 });
    expect(request.imp).toMatchObject([{ id: '1', bidfloor: 0, bidfloorcur: 'EUR', tagid: 'pl_1' }]);
    expect(request['source']).toMatchObject({
      schain: { complete: 1, nodes: [{ asi: 'ads.example', sid: 'pub_1', hp: 1 }] },
    });
    expect(JSON.stringify(request)).not.toContain('user');
  });

  test('that is late is cut: the ad is there in time, and what comes afterwards is counted and changes nothing', async () => {
    world.bidders.set('bd_2', bids(9, {}, 90));
    const answer = world.desk.decide(asRequest(), caller);
    await world.clock.advance(60);
    const { body } = await answer;
    expect(body.decisions).toMatchObject([{ line_item_id: 'li_1' }]);
    expect(selections()[0]?.bidders).toMatchObject([{ outcome: 'late', bid_micros: 0 }]);
    expect(tally().cameLate).toBe(0);
    await world.clock.advance(100);
    expect(tally()).toMatchObject({ cameLate: 1, solicited: 1, concluded: 1, responded: 0 });
    expect(world.demand.health.of({ bidder_id: 'bd_2', endpoint: 'https://bidder-2.example/bid' }).inFlight).toBe(0);
  });

  test('that bids more than its line item may pay, or without budget, does not win', async () => {
    world.bidders.set('bd_2', bids(10.01));
    await ask();
    expect(selections()[0]?.bidders).toMatchObject([{ outcome: 'invalid', reason: 'above_limit' }]);
    world.leases.left_.set('cmp_2', 100);
    await ask();
    expect(selections()[1]?.bidders).toMatchObject([{ outcome: 'not_asked', reason: 'no_budget' }]);
    expect(tally().faults).toEqual(new Map([['above_limit', 1]]));
  });

  test('that could not win against a better priority is not asked', async () => {
    world = openDemandWorld(
      demandRecords().map((record) =>
        record.name === 'LineItemPublished' && record.value.line_item_id === 'li_1'
          ? { ...record, value: { ...record.value, priority: 1 } }
          : record,
      ),
    );
    await ask();
    expect(selections()[0]?.bidders).toMatchObject([{ outcome: 'not_asked', reason: 'outranked' }]);
    expect(world.connections.calls).toHaveLength(0);
  });

  test('is not asked while the process sheds load, and the record says so', async () => {
    world.zone = 'shed';
    await ask();
    expect(selections()[0]).toMatchObject({ plan: 'short_walk', bidders: [] });
    expect(selections()[0]?.degradations).toContainEqual({ stage: 'bidders', reason: 'bidders_load', cost_micros: 0 });
  });

  test('learns who the person is only with consent, and then by an id of its own', async () => {
    const user = { user: { id: 'someone' } };
    await ask({ ...user });
    await ask({ ...user, consent: { gdpr: false } });
    const [without, withConsent] = world.connections.calls.map(requestOf);
    expect(without?.['user']).toBeUndefined();
    expect(withConsent?.['user']).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  test('has nothing of a test request: no notice, no money', async () => {
    world.bidders.set('bd_2', bids(3, { nurl: 'https://b.example/win' }));
    await ask({ test: true });
    expect(requestOf(world.connections.calls[0] as BidderCall)['test']).toBe(1);
    expect(world.notices).toEqual([]);
    expect(world.leases.drawn).toEqual([]);
  });
});

describe('What is recorded', () => {
  test('explains the selection again, with the bids that were there', async () => {
    world.bidders.set('bd_2', bids(3.5));
    await ask();
    world.bidders.set('bd_2', bids(1.5));
    await ask();
    for (const selected of selections()) {
      expect(explainSelection(selected, world.index.catalog).differences).toEqual([]);
    }
    const [, lost] = selections();
    expect(whyNot(lost as AdSelected, 'li_2', world.index.catalog)).toMatchObject({
      step: 'auction',
      reason: 'outbid',
    });
  });

  test('says why a line item of a bidder did not take part', async () => {
    world.bidders.set('bd_2', () => ({ delayMs: 3, reply: { outcome: 'bad_status' } }));
    await ask();
    const [selected] = selections();
    expect(whyNot(selected as AdSelected, 'li_2', world.index.catalog)).toMatchObject({
      step: 'bidders',
      reason: 'bad_status',
    });
    expect(selected?.exclusions).toContainEqual({ step: 'bidders', reason: 'bad_status', count: 1 });
    expect(explainSelection(selected as AdSelected, world.index.catalog).differences).toEqual([]);
  });
});

describe('Of many bidders', () => {
  test('each has exactly one outcome, whatever they do', async () => {
    world = openDemandWorld(demandRecords(12));
    const failures = ['connect_failed', 'bad_status', 'too_large', 'bad_encoding'] as const;
    for (let number = 2; number < 14; number += 1) {
      world.bidders.set(`bd_${number}`, (call) => {
        if (number < 6) return { delayMs: number, reply: { outcome: failures[number - 2] ?? 'bad_status' } };
        if (number === 6) return { delayMs: 500, reply: null };
        if (number === 7) return { delayMs: 70, reply: bidBody(call, 9) };
        if (number === 8) return { delayMs: 2, reply: 'not json' };
        return { delayMs: number, reply: number % 2 === 0 ? bidBody(call, number / 2) : null };
      });
    }
    for (let round = 0; round < 30; round += 1) await ask({}, 300);
    let solicited = 0;
    for (const counts of world.demand.counts.byBidder.values()) {
      expect(counts.concluded).toBe(counts.solicited);
      solicited += counts.solicited;
    }
    expect(solicited).toBe(world.connections.calls.length);
    expect(selections().every(({ external }) => external?.bidder_id === 'bd_12')).toBe(true);
  });

  test('those that answer badly for a while are asked less, those that are dead hardly ever', async () => {
    world = openDemandWorld(demandRecords(2));
    world.bidders.set('bd_2', () => ({ delayMs: 1, reply: { outcome: 'connect_failed' } }));
    world.bidders.set('bd_3', () => ({ delayMs: 1, reply: '{}' }));
    for (let round = 0; round < 200; round += 1) await ask({}, 10);
    expect(tally('bd_2').solicited).toBeLessThan(20);
    expect(tally('bd_2').notAsked.get('breaker_open')).toBeGreaterThan(150);
    expect(tally('bd_3').solicited).toBeGreaterThan(20);
    expect(tally('bd_3').solicited).toBeLessThan(120);
  });

  test('nobody is waited for who is known to bid less than what is there', async () => {
    world = openDemandWorld(demandRecords(2));
    world.bidders.set('bd_2', bids(5, {}, 4));
    world.bidders.set('bd_3', bids(1, {}, 40));
    for (let round = 0; round < 40; round += 1) await ask({}, 100);
    const { settledEarly, auctions } = world.demand.counts;
    expect([auctions, settledEarly > 15]).toEqual([40, true]);
    expect(selections().at(-1)?.bidders).toContainEqual(
      expect.objectContaining({ bidder_id: 'bd_3', outcome: 'not_awaited' }),
    );
    world = openDemandWorld(demandRecords(2), { progressive: false });
    world.bidders.set('bd_2', bids(5, {}, 4));
    world.bidders.set('bd_3', bids(1, {}, 40));
    for (let round = 0; round < 40; round += 1) await ask({}, 100);
    expect(world.demand.counts.settledEarly).toBe(0);
  });
});

describe('A bidder whose line item has creatives of several formats', () => {
  /** A slot for all formats, and a bidder with a creative to stand for each of them. */
  function openEveryFormat(): void {
    const formats = ['banner', 'video', 'native'];
    const standIns = ['video', 'native'].map((format, number): AnyRecord => {
      const own = { creative_id: `cr_2${number}`, format, width: 0, height: 0 };
      return { name: 'CreativePublished', value: creative(2, own) };
    });
    const records = demandRecords().map(
      (one): AnyRecord =>
        one.name === 'PlacementPublished' ? { name: one.name, value: placement(1, { formats }) } : one,
    );
    world = openDemandWorld([...records, ...standIns]);
  }

  test('is asked for all of them, wins with a film, and its record is explained by it', async () => {
    openEveryFormat();
    const asked: Record<string, unknown>[] = [];
    world.bidders.set('bd_2', (call) => {
      asked.push((requestOf(call).imp as readonly unknown[])[0] as Record<string, unknown>);
      return { delayMs: 5, reply: bidBody(call, 3.5, { adm: vastAnswer(), mtype: 2 }) };
    });
    const { body } = await ask();
    expect(asked[0]).toMatchObject({ banner: {}, video: { linearity: 1 }, native: { ver: '1.2' } });
    const [decision] = body.decisions;
    expect(decision).toMatchObject({ line_item_id: 'li_2', creative_id: 'cr_20', format: 'video', width: 640 });
    expect(decision?.markup).toContain('https://b.example/spot.mp4');
    expect(Object.keys(decision?.beacons ?? {})).toContain('first_quartile');
    const [selected] = selections();
    expect(selected?.billing).toMatchObject({ creative_id: 'cr_20', price_micros: 3500, pricing_model: 'CPM' });
    expect(selected?.external).toMatchObject({ bidder_id: 'bd_2', bid_micros: 3_500_000 });
    expect(explainSelection(selected as AdSelected, world.index.catalog).differences).toEqual([]);
  });

  test('wins with a native ad, and what it was not asked for is refused', async () => {
    openEveryFormat();
    world.bidders.set('bd_2', (call) => {
      const [imp] = requestOf(call).imp as readonly { readonly native?: { readonly request: string } }[];
      const { assets } = JSON.parse(imp?.native?.request ?? '{}') as {
        assets: { id: number; img?: object; title?: object }[];
      };
      const brought = assets.map(({ id, img, title }) => {
        if (title !== undefined) return { id, title: { text: 'Tea' } };
        return img === undefined
          ? { id, data: { value: 'Tea' } }
          : { id, img: { url: 'https://b.example/i', w: 600, h: 300 } };
      });
      return { delayMs: 5, reply: bidBody(call, 3.5, { adm: JSON.stringify(nativeAnswer({ assets: brought })) }) };
    });
    const { body } = await ask();
    expect(body.decisions).toMatchObject([{ line_item_id: 'li_2', creative_id: 'cr_21', format: 'native' }]);
    world.bidders.set('bd_2', bids(3.5, { adm: '<VAST/>', mtype: 3 }));
    expect((await ask()).body.decisions).toMatchObject([{ line_item_id: 'li_1' }]);
    expect(tally().faults).toEqual(new Map([['bad_format', 1]]));
  });
});
