import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ClickRatesLearned } from '../domain/records.ts';
import { ClickRateHistory } from './click-rate-history.ts';
import { SmoothedClickRates } from './click-rates.ts';

const creatives = ['cr_1', 'cr_2', 'cr_3', 'cr_4'];
const rate = fc.record({ creative_id: fc.constantFrom(...creatives), rate_ppm: fc.nat(1_000_000) });
const slices = fc.array(fc.uniqueArray(rate, { selector: ({ creative_id }) => creative_id, minLength: 1 }), {
  maxLength: 12,
});

function recordsOf(list: readonly (readonly ClickRatesLearned['rates'][number][])[]): ClickRatesLearned[] {
  return list.map((rates, at) => ({ node: 'n', boot: 'b', revision: at + 1, rates, counts: [], learned_at: 0 }));
}

describe('The history of a boot’s click rates', () => {
  test('gives at every revision what decisions had then, in whatever order and how often its records came', () => {
    const shuffled = slices.chain((list) => {
      const records = recordsOf(list);
      const again = fc.subarray(records);
      const order = again.chain((more) =>
        fc.shuffledSubarray([...records, ...more], { minLength: records.length + more.length }),
      );
      return fc.record({ list: fc.constant(list), order });
    });
    fc.assert(
      fc.property(shuffled, ({ list, order }) => {
        const history = new ClickRateHistory();
        for (const record of order) history.add(record);
        expect(history.revision).toBe(list.length);
        const serving = new SmoothedClickRates();
        for (let revision = 0; revision <= list.length; revision += 1) {
          const then = history.at(revision);
          expect(then?.revision).toBe(serving.revision);
          expect(creatives.map((id) => then?.ratePpm(id))).toEqual(creatives.map((id) => serving.ratePpm(id)));
          serving.learn(list[revision] ?? []);
        }
      }),
    );
  });

  test('says nothing of a revision of which a record is missing, nor of any behind it', () => {
    const [first, , third] = recordsOf([
      [{ creative_id: 'cr_1', rate_ppm: 1 }],
      [{ creative_id: 'cr_1', rate_ppm: 2 }],
      [{ creative_id: 'cr_2', rate_ppm: 3 }],
    ]) as [ClickRatesLearned, ClickRatesLearned, ClickRatesLearned];
    const history = new ClickRateHistory();
    history.add(third);
    history.add(first);
    expect(history.at(1)?.ratePpm('cr_1')).toBe(1);
    expect([history.at(2), history.at(3)]).toEqual([null, null]);
  });
});
