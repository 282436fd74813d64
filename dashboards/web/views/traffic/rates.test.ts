import { expect, test } from 'vitest';
import { rates } from './rates.ts';

const source = { who: 'source', click_rate: 0.9, click_p50_ms: 50, viewable_rate: null, rate: 1, selections: 12 };
const others = { who: 'others', click_rate: 0.01, click_p50_ms: 4000, viewable_rate: 0.5, rate: 0, selections: 900 };

test('What is many times the normal is odd, and what is a fraction of it where haste is', () => {
  const rows = new Map(rates(source, others).map((row) => [row.name, row]));
  expect(rows.get('click_rate')).toMatchObject({ own: '90.0 %', others: '1.0 %', times: 90, isOdd: true });
  expect(rows.get('click_p50_ms')).toMatchObject({ own: '50 ms', others: '4.0 s', times: 0.0125, isOdd: true });
  expect(rates({ ...source, click_rate: 0.02 }, others)[0]?.isOdd).toBe(false);
});

test('Nothing is compared that is not known, with nothing, or that only says how much there was', () => {
  const rows = new Map(rates(source, others).map((row) => [row.name, row]));
  for (const name of ['viewable_rate', 'rate', 'selections']) {
    expect(rows.get(name)).toMatchObject({ times: null, isOdd: false });
  }
  expect(rates(source, undefined)[0]).toMatchObject({ others: '–', times: null });
});
