import { expect, test } from 'vitest';
import { bucketed } from './buckets.ts';

const rows = [
  { at: '2026-01-05T10:00:00.000Z', rule: 'a', verdicts: 1 },
  { at: '2026-01-05T10:00:00.000Z', rule: 'a', verdicts: 2 },
  { at: '2026-01-05T10:30:00.000Z', rule: 'b', verdicts: null },
];
const start = Date.parse('2026-01-05T10:00:00Z') / 1_000;
const groupOf = (row: (typeof rows)[number] | object) => String((row as { rule: string }).rule);
const valueOf = (row: object) => (row as { verdicts: number | null }).verdicts;

test('Every bucket between the first and the last row has a place, and rows of one bucket are added up', () => {
  const { times, byGroup } = bucketed(rows, { seconds: 900, groupOf, valueOf, empty: 0 });
  expect(times).toEqual([start, start + 900, start + 1800]);
  expect([...byGroup]).toEqual([
    ['a', [3, 0, 0]],
    ['b', [0, 0, 0]],
  ]);
});

test('What is not known stays unknown where nothing is no zero', () => {
  const { byGroup } = bucketed(rows, { seconds: 900, groupOf, valueOf, empty: null });
  expect(byGroup.get('b')).toEqual([null, null, null]);
});

test('No rows make no times', () => {
  expect(bucketed([], { seconds: 900, groupOf, valueOf, empty: 0 }).times).toEqual([]);
});
