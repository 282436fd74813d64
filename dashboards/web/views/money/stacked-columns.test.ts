import { expect, it } from 'vitest';
import { columnsOf } from './stacked-columns.ts';

const states = ['billable', 'open'];
const row = (hour: string, billable: string, open: string) => ({ hour, billable_micros: billable, open_micros: open });

it('an hour is as high as its money against the highest, and an hour without any has its place', () => {
  const rows = [row('2026-11-22T12:00:00Z', '30', '10'), row('2026-11-22T14:00:00Z', '5', '-5')];
  const { columns, most, isByDay } = columnsOf(rows, states);
  expect([most, isByDay]).toEqual([40n, false]);
  expect(columns).toEqual([
    { at: '2026-11-22T12:00:00.000Z', amounts: [30n, 10n], shares: [75, 25] },
    { at: '2026-11-22T13:00:00.000Z', amounts: [0n, 0n], shares: [0, 0] },
    { at: '2026-11-22T14:00:00.000Z', amounts: [5n, -5n], shares: [12.5, 0] },
  ]);
});

it('many hours are drawn day by day, and no micro is lost', () => {
  const hours = Array.from({ length: 200 }, (_, n) => new Date(Date.UTC(2026, 10, 1, 5) + n * 3_600_000).toISOString());
  const { columns, isByDay } = columnsOf(
    hours.map((hour) => row(hour, '9007199254740993', '1')),
    states,
  );
  expect(isByDay).toBe(true);
  expect(columns.reduce((sum, { amounts }) => sum + (amounts[0] ?? 0n), 0n)).toBe(200n * 9007199254740993n);
});
