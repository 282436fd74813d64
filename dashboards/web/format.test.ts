import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  duration,
  exactAmount,
  exactMoney,
  hourOf,
  micros,
  percent,
  plainAmount,
  plural,
  shownMoney,
} from './format.ts';

describe('Money', () => {
  it.each([
    ['0', 'EUR', '€0.00'],
    ['1234567890', 'EUR', '€1,234.57'],
    ['-1234567890', 'USD', '−$1,234.57'],
    ['1234000000', 'JPY', '¥1,234'],
    ['1500', 'EUR', '€0.0015'],
    ['1', 'EUR', '€0.000001'],
    ['-200000', 'EUR', '−€0.20'],
    ['9007199254740993000001', 'EUR', '€9,007,199,254,740,993.00'],
    ['2000000', '', '2.00'],
  ])('%s micros of %j are shown as %s', (amount, currency, shown) => {
    expect(shownMoney(amount, currency)).toBe(shown);
  });

  it('is exact on hover and when copied', () => {
    expect(exactMoney('1234567891', 'EUR')).toBe('1,234.567891 EUR (1234567891 micros)');
    expect(plainAmount('-1234567891')).toBe('-1234.567891');
    expect(exactAmount('2500000', 6)).toBe('2.500000');
    expect(exactAmount('-2000000', 0)).toBe('−2');
  });

  it('loses nothing as plain text, whatever its size', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), (amount) => {
        const [whole = '', fraction = ''] = plainAmount(amount).replace('-', '').split('.');
        const size = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
        expect(plainAmount(amount).startsWith('-') ? -size : size).toBe(amount);
      }),
    );
  });
});

describe('Other figures', () => {
  it('are said as people say them', () => {
    expect([duration(12), duration(4_200), duration(75_000), duration(3_600_000)]).toEqual([
      '12 ms',
      '4.2 s',
      '75 s',
      '60 min',
    ]);
    expect([micros(830), micros(1_240), micros(45_300)]).toEqual(['830 µs', '1.24 ms', '45.3 ms']);
    expect([percent(1, 0), percent(1, 3), percent(3, 3), percent(1, 1_000)]).toEqual([
      '–',
      '33.3 %',
      '100 %',
      '0.10 %',
    ]);
    expect([plural(1, 'entry', 'entries'), plural(1_200, 'entry', 'entries')]).toEqual(['1 entry', '1,200 entries']);
    expect(hourOf('2026-11-02T05:00:00.000Z')).toBe('Nov 2, 05:00');
  });
});
