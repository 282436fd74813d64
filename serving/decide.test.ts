import { describe, expect, test } from 'vitest';
import {
  FixedLeases,
  inputOf,
  indexOf,
  inventory,
  issueAll,
  knownPerson,
  lineItem,
  noon,
  personal,
  selectionsOf,
  supply,
  worldOf,
} from '../test/decision-world.ts';
import type { AnyRecord } from '../domain/records.ts';
import { reservedRecord } from './issue.ts';

const bid = (bid_micros: number) => ({ lineItem: { bid_micros } });

function decide(records: readonly AnyRecord[], asked: Parameters<typeof inputOf>[1] = {}, leases = new FixedLeases()) {
  const world = worldOf(indexOf(records), leases);
  const input = inputOf(world, asked);
  return { world, input, choice: world.decider.choose(input), leases };
}

/** The line items chosen, in order. */
function chosen(...args: Parameters<typeof decide>): string[] {
  return decide(...args).choice.ads.map(({ offer }) => offer.item.lineItem.line_item_id);
}

describe('a decision', () => {
  test('takes the highest bid, at its price for one impression', () => {
    const { choice, leases } = decide([...inventory(1), ...supply(1, bid(2_000_000)), ...supply(2, bid(3_000_500))]);
    const [ad] = choice.ads;
    expect(ad?.offer.item.lineItem.line_item_id).toBe('li_2');
    expect(ad?.priceMicros).toBe(3000);
    expect(leases.drawn).toEqual([{ campaignId: 'cmp_2', day: '2026-01-01', amountMicros: 3000 }]);
    expect(ad?.losers).toEqual([
      { line_item_id: 'li_1', creative_id: 'cr_1', ecpm_micros: 2_000_000, reason: 'outbid' },
    ]);
  });

  test('puts priority before value', () => {
    const first = { lineItem: { bid_micros: 1000, priority: 1 } };
    expect(chosen([...inventory(1), ...supply(1, first), ...supply(2, bid(9_000_000))])).toEqual(['li_1']);
  });

  test('ranks a bid for clicks by what a thousand impressions should bring', () => {
    const click = (bid_micros: number) => ({ lineItem: { pricing_model: 'CPC' as const, bid_micros } });
    expect(chosen([...inventory(1), ...supply(1, click(900_000)), ...supply(2, bid(1_900_000))])).toEqual(['li_2']);
    expect(chosen([...inventory(1), ...supply(1, click(1_000_000)), ...supply(2, bid(1_900_000))])).toEqual(['li_1']);
  });

  test('at second price charges what the runner-up would have needed beaten, for a placement that says so', () => {
    const records = [...supply(1, bid(2_500_000)), ...supply(2, bid(4_000_000))];
    const second = inventory(1, { placement: { auction: 'second_price' } });
    const [ad] = decide([...second, ...records]).choice.ads;
    expect(ad?.priceMicros).toBe(2501);
    expect(ad?.auction).toMatchObject({
      rule: 'second_price',
      bid_micros: 4_000_000,
      runner_up_ecpm_micros: 2_500_000,
    });
  });

  test('at second price does not charge for one who could not have won by priority', () => {
    const second = inventory(1, { placement: { auction: 'second_price', floor_micros: 500_000 } });
    const winner = supply(1, { lineItem: { bid_micros: 4_000_000, priority: 1 } });
    const [ad] = decide([...second, ...winner, ...supply(2, bid(3_000_000))]).choice.ads;
    expect(ad?.priceMicros).toBe(500);
    expect(ad?.auction.runner_up_ecpm_micros).toBeNull();
  });

  test('draws nothing for a click, but wants the budget to cover one', () => {
    const click = supply(1, { lineItem: { pricing_model: 'CPC', bid_micros: 500_000 } });
    const { leases, choice } = decide([...inventory(1), ...click]);
    expect(choice.ads[0]).toMatchObject({ drawLease: null, priceMicros: 500_000 });
    expect(leases.drawn).toEqual([]);
    expect(decide([...inventory(1), ...click], {}, new FixedLeases({ cmp_1: 499_999 })).choice.empty).toMatchObject([
      { slotId: 's', reason: 'no_budget' },
    ]);
  });

  test('passes over who has no budget left, and who is refused a draw after all', () => {
    const records = [...inventory(1), ...supply(1, bid(3_000_000)), ...supply(2, bid(2_000_000))];
    expect(chosen(records, {}, new FixedLeases({ cmp_1: 2999 }))).toEqual(['li_2']);
    const leases = new FixedLeases();
    leases.refusing.add('cmp_1');
    const [ad] = decide(records, {}, leases).choice.ads;
    expect(ad?.offer.item.lineItem.line_item_id).toBe('li_2');
    expect(ad?.leases).toContainEqual({ campaign_id: 'cmp_1', left_micros: 0 });
    expect(ad?.exclusions).toContainEqual({ step: 'budget', reason: 'no_budget', count: 1 });
  });

  test('draws on the budget day of the advertiser', () => {
    const tokyo = supply(1, { advertiser: { time_zone: 'Pacific/Kiritimati' } });
    expect(decide([...inventory(1), ...tokyo]).leases.drawn).toMatchObject([{ day: '2026-01-02' }]);
  });

  test('for a test goes the whole way and draws nothing', () => {
    const { choice, leases, input, world } = decide([...inventory(1), ...supply(1)], { body: { test: true } });
    expect(choice.ads[0]).toMatchObject({ drawLease: null, priceMicros: 2000 });
    expect(leases.drawn).toEqual([]);
    const [ad] = issueAll(world, input);
    expect(ad && reservedRecord(ad)).toMatchObject({ draw_lease: null, billing: { test: true, price_micros: 2000 } });
  });

  test('falls back to a house ad, below every floor, for nothing', () => {
    const house = supply(2, { lineItem: { pricing_model: 'NONE', bid_micros: 0, priority: 1 } });
    const placement = { floor_micros: 2_000_001 };
    const { choice, world, input, leases } = decide([...inventory(1, { placement }), ...supply(1), ...house]);
    expect(choice.ads[0]).toMatchObject({ priceMicros: 0, auction: { rule: 'fallback', priority: 17 } });
    expect(choice.ads[0]?.exclusions).toEqual([{ step: 'floor', reason: 'below_floor', count: 1 }]);
    expect(leases.drawn).toEqual([]);
    const [ad] = issueAll(world, input);
    expect(ad && reservedRecord(ad)).toBeNull();
    expect(selectionsOf(world, input)[0]).toMatchObject({ fallback: true, billing: { pricing_model: 'NONE' } });
  });

  test('takes the higher floor of slot and placement', () => {
    const records = [...inventory(1, { placement: { floor_micros: 1_000_000 } }), ...supply(1)];
    const body = { slots: [{ id: 's', placement_id: 'pl_1', floor_micros: '2000001' }] };
    expect(decide(records, { body }).choice.empty).toMatchObject([{ reason: 'below_floor' }]);
    expect(chosen(records)).toEqual(['li_1']);
  });

  test('leaves out line items of another currency', () => {
    const { choice } = decide([...inventory(1), ...supply(1, { advertiser: { currency: 'USD' } })]);
    expect(choice.empty).toMatchObject([
      { reason: 'nothing_eligible', exclusions: [{ reason: 'currency', count: 1 }] },
    ]);
  });

  test('shows no advertiser twice in one answer', () => {
    const sibling: AnyRecord[] = [
      { name: 'LineItemPublished', value: { ...lineItem(3), campaign_id: 'cmp_1', advertiser_id: 'adv_1' } },
      ...supply(3).slice(3),
    ];
    const records = [...inventory(1), ...supply(1), ...sibling, ...supply(2, bid(1_000_000))];
    const body = {
      slots: [
        { id: 'a', placement_id: 'pl_1', count: 2 },
        { id: 'b', placement_id: 'pl_1' },
      ],
    };
    const { choice, world } = decide(records, { body });
    const advertisers = choice.ads.map(({ offer }) => offer.item.advertiser.advertiser_id);
    expect(advertisers).toEqual(['adv_1', 'adv_2']);
    expect(choice.empty).toMatchObject([{ slotId: 'b', reason: 'same_advertiser' }]);
    const [, second] = selectionsOf(world, inputOf(world, { body }));
    expect(second?.excluded_creatives).toHaveLength(1);
    expect(second?.position).toBe(1);
  });

  test('without a person does not take who has a cap', () => {
    const capped = supply(1, { lineItem: { frequency_cap: { impressions: 1, window_ms: 60_000, calendar: '' } } });
    expect(decide([...inventory(1), ...capped]).choice.empty).toMatchObject([{ reason: 'frequency_capped' }]);
  });

  test('keeps a cap by the view and by what this node has just selected', () => {
    const capped = supply(1, { lineItem: { frequency_cap: { impressions: 2, window_ms: 60_000, calendar: '' } } });
    const world = worldOf(indexOf([...inventory(1), ...capped, ...supply(2, bid(1_000_000))]));
    const person = knownPerson({ view: { items: new Map([['li_1', [noon - 30_000, noon - 70_000]]]), segments: [] } });
    const ask = () => selectionsOf(world, inputOf(world, { person, consent: personal }))[0];
    const [first, second] = [ask(), ask()];
    expect(first?.billing.line_item_id).toBe('li_1');
    expect(first?.person?.frequency).toEqual([{ line_item_id: 'li_1', count: 1 }]);
    expect(second?.billing.line_item_id).toBe('li_2');
    expect(second?.person?.frequency).toEqual([{ line_item_id: 'li_1', count: 2 }]);
    expect(second?.exclusions).toContainEqual({ step: 'frequency', reason: 'cap_reached', count: 1 });
    expect(second?.user_key).toBe('user-1');
  });

  test('of a person who could not be read keeps caps by not showing', () => {
    const capped = supply(1, { lineItem: { frequency_cap: { impressions: 9, window_ms: 60_000, calendar: '' } } });
    const person = knownPerson({ view: null, missing: 'timed_out' });
    const { choice } = decide([...inventory(1), ...capped], { person, consent: personal });
    expect(choice.empty).toMatchObject([{ reason: 'frequency_capped' }]);
  });

  test('shows no creative with an attribute that the placement blocks, and lets the others take turns', () => {
    const more: AnyRecord[] = [2, 3].map((number) => ({
      name: 'CreativePublished',
      value: { ...supply(number)[3]?.value, line_item_id: 'li_1', attributes: number === 2 ? [17] : [] } as never,
    }));
    const index = indexOf([...inventory(1, { placement: { blocked_attributes: [17] } }), ...supply(1), ...more]);
    const world = worldOf(index);
    const shown = new Map<string, number>();
    for (let number = 0; number < 400; number += 1) {
      const [ad] = issueAll(world, inputOf(world, { requestId: `request-${number}` }));
      const id = ad?.billing.creative_id ?? '';
      shown.set(id, (shown.get(id) ?? 0) + 1);
    }
    expect([...shown.keys()].toSorted()).toEqual(['cr_1', 'cr_3']);
    for (const count of shown.values()) expect(count).toBeGreaterThan(140);
  });

  test('without time to answer leaves the slot empty and says so', async () => {
    const world = worldOf(indexOf([...inventory(1), ...supply(1)]));
    const input = inputOf(world);
    await world.clock.advance(95);
    expect(world.decider.choose(input).empty).toMatchObject([{ reason: 'deadline_exceeded' }]);
  });

  test('stops selecting what was paused as soon as the record is read', () => {
    const index = indexOf([...inventory(1), ...supply(1)]);
    const world = worldOf(index);
    expect(world.decider.choose(inputOf(world)).ads).toHaveLength(1);
    const before = index.get('li_1')?.lineItem;
    const paused = { ...before, status: 'PAUSED', change: { ...before?.change, revision: 2 } };
    index.apply({ name: 'LineItemPublished', value: paused } as AnyRecord, index.revision);
    expect(world.decider.choose(inputOf(world)).ads).toEqual([]);
  });

  test('leaves line items without budget alone for a moment, and no longer', async () => {
    const index = indexOf([...inventory(1), ...supply(1)]);
    const leases = new FixedLeases({ cmp_1: 0 });
    const { Decider } = await import('./decide.ts');
    const world = worldOf(index, leases);
    const decider = new Decider({ ...world.decider.deps, restMs: 50 });
    expect(decider.choose(inputOf(world)).empty).toMatchObject([{ reason: 'no_budget' }]);
    leases.left_.set('cmp_1', 1_000_000);
    expect(decider.choose(inputOf(world)).empty).toMatchObject([{ reason: 'no_budget' }]);
    await world.clock.advance(50);
    expect(decider.choose(inputOf(world)).ads).toHaveLength(1);
  });
});
