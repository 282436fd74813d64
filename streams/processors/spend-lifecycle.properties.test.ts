import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Billing } from '../../domain/records.ts';
import { contents, history } from '../../test/spend-histories.ts';
import {
  amountsOf,
  content,
  fenced,
  holdMs,
  incurred,
  lease,
  reservationMs,
  reserved,
  SpendStory,
  tick,
  verdict,
} from '../../test/spend-story.ts';
import type { SpendRecord } from './spend-lifecycle.ts';
import type { Phase } from './spend-selection.ts';

/** Any arrivals of one selection, some twice or more, in any order. */
function arrivals(records: readonly SpendRecord[]): fc.Arbitrary<readonly SpendRecord[]> {
  return fc
    .array(fc.constantFrom(...records), { minLength: 1, maxLength: 8 })
    .chain((picked) => fc.shuffledSubarray(picked, { minLength: picked.length }));
}

const impression = content(0);
const click = content(1, { pricing_model: 'CPC', price_micros: 400_000 });
const bare = content(2, { draw_lease: null });

describe('any order of arrival', () => {
  it.each<[string, Billing, readonly SpendRecord[]]>([
    ['an impression', impression, [reserved(impression), incurred(impression), verdict(impression)]],
    ['an impression that no lease covers', bare, [reserved(bare), incurred(bare), verdict(bare)]],
    ['a click that several nodes took', click, [incurred(click, lease(1)), incurred(click, lease(2)), verdict(click)]],
  ])('of the records of %s ends in the same amounts', (_, billing, records) => {
    const orders = arrivals(records).chain((picked) =>
      fc.tuple(fc.constant(picked), fc.shuffledSubarray([...picked], { minLength: picked.length }), fc.boolean()),
    );
    fc.assert(
      fc.property(orders, ([one, other, isFenced]) => {
        const end = (arrived: readonly SpendRecord[]) =>
          new SpendStory(
            ...(isFenced ? [fenced(0)] : []),
            ...arrived,
            tick(reservationMs),
            tick(reservationMs + holdMs),
          ).amounts(billing);
        expect(end(other)).toEqual(end(one));
      }),
      { numRuns: 500 },
    );
  });

  it('of contradicting records certifies nothing without a decision', () => {
    const other = { ...impression, price_micros: 9_999 };
    const records = [reserved(impression), incurred(impression), reserved(other), incurred(other)];
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: 3 }), (arrived) => {
        const story = new SpendStory(...arrived, tick(reservationMs), tick(reservationMs + holdMs));
        expect(story.amounts().certified).toBe(0);
      }),
    );
  });
});

/** Sum of the prices of what is in a phase. */
function inPhase(story: SpendStory, ...phases: readonly Phase[]): number {
  let sum = 0;
  for (const { selection_id } of contents) {
    const known = story.state.selections.get(selection_id, story.state.foldTime);
    if (known !== undefined && phases.includes(known.phase)) sum += known.billing?.price_micros ?? 0;
  }
  return sum;
}

/** Not time; and not a correction that was void because its number had yet to come. */
function comesAgain(record: SpendRecord, { state }: SpendStory): boolean {
  if (record.name === 'Adjusted') return record.value.adjustment_number <= state.adjustments;
  return record.name !== 'TimeAdvanced' && record.name !== 'PolicySet' && record.name !== 'PeriodClosed';
}

describe('any history of a shard', () => {
  it('conserves money at every position', () => {
    fc.assert(
      fc.property(history, (records) => {
        const story = new SpendStory();
        for (const record of records) {
          story.and(record);
          const { drawn, released, incurred: taken, suspended, voided, certified } = story.amounts();
          expect(drawn - released - taken).toBe(inPhase(story, 'reserved'));
          expect(taken - suspended - voided - certified).toBe(inPhase(story, 'incurred'));
          expect(suspended).toBe(inPhase(story, 'suspended'));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('charges each selection at most once, and reverses no more of it than was certified', () => {
    fc.assert(
      fc.property(history, (records) => {
        const { transitions } = new SpendStory(...records);
        for (const { selection_id, price_micros, test } of contents) {
          const own = transitions.filter((one) => one.billing.selection_id === selection_id);
          const amounts = amountsOf(own);
          const most = test ? 0 : price_micros + 1; // a contradicting record may have been the first one
          expect(amounts.certified + amounts.absorbed).toBeLessThanOrEqual(most);
          expect(own.filter((one) => one.kind === 'incurred' || one.kind === 'absorbed').length).toBeLessThanOrEqual(1);
          expect(amounts.absorbed_voided).toBeLessThanOrEqual(amounts.absorbed);
          const recalled = own.some((one) => one.kind === 'reversed' && one.lease === null);
          if (!recalled) expect(amounts.reversed).toBeLessThanOrEqual(amounts.certified);
          expect(amounts.reversed).toBeLessThanOrEqual(price_micros + 1);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('adds nothing when its records come once more', () => {
    fc.assert(
      fc.property(history, fc.boolean(), (records, backwards) => {
        const story = new SpendStory(...records);
        const before = story.transitions.length;
        const arrived = records.filter((one) => comesAgain(one, story));
        story.and(...(backwards ? arrived.toReversed() : arrived));
        expect(story.transitions.slice(before).map((one) => one.kind)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
