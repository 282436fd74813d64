import { describe, expect, test } from 'vitest';
import type { ExpectedCharge } from './account.ts';
import type { EntryRow, Verdict } from './books.ts';
import { effectsOf } from './verdict-effects.ts';

function charge(selectionId: string, amountMicros: number, currency = 'EUR'): [string, ExpectedCharge] {
  return [selectionId, { selectionId, campaignId: 'cmp_1', currency, amountMicros }];
}

const charges = new Map([charge('a', 1_000), charge('b', 2_000), charge('c', 3_000, 'USD'), charge('d', 4_000)]);

function verdict(selectionId: string, rule: string): Verdict {
  return { selection_id: selectionId, category: 'SIVT', rule };
}

function entry(selectionId: string, change: Partial<EntryRow>): EntryRow {
  return {
    truth: 'final',
    kind: 'void',
    selection_id: selectionId,
    campaign_id: 'cmp_1',
    debit_account: 'contra:sivt',
    credit_account: 'campaign:incurred',
    amount_micros: '0',
    reference: 'click_farm',
    source: '0/1',
    ...change,
  };
}

/** A reversal as the final ledger books it: the whole on the advertiser's side, the parts on those of who had them. */
function reversal(selectionId: string, whole: number, parts: readonly number[]): EntryRow[] {
  const kind = 'reverse';
  return [
    entry(selectionId, { kind, credit_account: 'advertiser:unbilled', amount_micros: String(whole) }),
    ...parts.map((part) =>
      entry(selectionId, {
        kind,
        debit_account: 'publisher:payable',
        credit_account: 'contra:sivt',
        amount_micros: String(part),
      }),
    ),
  ];
}

const voided = entry('a', { amount_micros: '1000' });
const reversed = reversal('c', 3_000, [2_100, 899, 1]);
const verdicts = [verdict('a', 'click_farm'), verdict('a', 'declared_bot'), verdict('c', 'click_farm')];

describe('what verdicts did', () => {
  test('is counted by rule, in selections and money, before certification and after', () => {
    const { byRule, total, wrong } = effectsOf(charges, verdicts, [voided, ...reversed]);
    expect(wrong).toEqual([]);
    expect(byRule.map(({ rule, verdicts: given }) => [rule, given])).toEqual([
      ['click_farm', 2],
      ['declared_bot', 1],
    ]);
    expect(byRule[0]?.taken.voided).toEqual({ selections: 1, micros: new Map([['EUR', 1_000n]]) });
    expect(byRule[0]?.taken.reversed).toEqual({ selections: 1, micros: new Map([['USD', 3_000n]]) });
    expect(byRule[1]?.taken.voided.selections).toBe(0);
    expect(total.reversed.selections).toBe(1);
  });

  test('is wrong where a charge is taken back in part, twice, or not at all', () => {
    const wrongOf = (...entries: readonly EntryRow[]) => effectsOf(charges, verdicts, entries).wrong;
    expect(wrongOf(voided, ...reversal('c', 2_999, [2_999]))).toEqual(['c']);
    expect(wrongOf(voided, voided, ...reversed)).toEqual(['a']);
    expect(wrongOf(voided)).toEqual(['c']);
    expect(wrongOf(voided, ...reversed, entry('d', { amount_micros: '4000' }))).toEqual(['d']);
  });

  test('of what was absorbed is the sum of its parts, also where the residue goes the other way', () => {
    const back = (amount: string, change: Partial<EntryRow> = {}) =>
      entry('b', {
        kind: 'absorb_void',
        debit_account: 'publisher:payable',
        credit_account: 'absorbed',
        amount_micros: amount,
        ...change,
      });
    const residue = back('1', { debit_account: 'absorbed', credit_account: 'rounding' });
    const { total, wrong } = effectsOf(charges, [verdict('b', 'click_farm')], [back('1401'), back('600'), residue]);
    expect(wrong).toEqual([]);
    expect(total.absorbed_voided).toEqual({ selections: 1, micros: new Map([['EUR', 2_000n]]) });
  });
});
