import { expect, test } from 'vitest';
import { type Break, structureBreak, sumKeys, unexplainedMicros } from './breaks.ts';

const of = (selectionId: string, differenceMicros: number, sumOver?: string): Break => ({
  ...structureBreak('final', 'ledger_entries', '', { refs: [], selectionId }),
  differenceMicros,
  ...(sumOver !== undefined && { sumOver }),
});
const keys = sumKeys({ shard: 1, campaignId: 'cmp_a', advertiserId: 'adv_a' });
const inBoth = (): readonly string[] => Object.values(keys);

test('of a selection its largest break counts, since one lost record shows in several truths', () => {
  expect(unexplainedMicros([of('a', 5), of('a', 7), of('b', 1), of('a', 0)])).toBe(8n);
});

test('what a sum over selections lacks counts only where no selection in it has a break of its own', () => {
  expect(unexplainedMicros([of('a', 5), of('', 5, keys.pacing), of('', 5, keys.invoice)], inBoth)).toBe(5n);
  expect(unexplainedMicros([of('a', 5), of('', 9, keys.pacing)], inBoth)).toBe(9n);
  expect(unexplainedMicros([of('a', 5), of('', 9, keys.pacing)], () => [])).toBe(14n);
  expect(unexplainedMicros([of('', 9, keys.pacing)], inBoth)).toBe(9n);
});

test('two sums share what one selection accounts for, it does not count for both', () => {
  const found = [of('a', 6), of('', 4, keys.pacing), of('', 4, keys.pacing)];
  expect(unexplainedMicros(found, inBoth)).toBe(8n);
});

test('breaks of structure alone leave nothing unexplained in amount', () => {
  expect(unexplainedMicros([structureBreak('tentative', 'ledger_structure', '', { refs: [] })])).toBe(0n);
});
