import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTime, parseTime } from './time-text.ts';

describe('A time as text', () => {
  it('is the same after being written and read', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: Date.UTC(9999, 0, 1) }),
        (timeMs) => parseTime(formatTime(timeMs)) === timeMs,
      ),
    );
  });

  it.each([
    ['2026-11-22T08:00:00Z', Date.UTC(2026, 10, 22, 8)],
    ['2026-11-22T08:00:00.5+01:00', Date.UTC(2026, 10, 22, 7, 0, 0, 500)],
    ['2026-11-22T08:00:00.123999-05:30', Date.UTC(2026, 10, 22, 13, 30, 0, 123)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ])('%s is understood', (text, timeMs) => expect(parseTime(text)).toBe(timeMs));

  it.each([
    '',
    '2026-11-22',
    '2026-11-22T08:00:00',
    '2026-11-22 08:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T08:60:00Z',
    '2026-11-22T08:00:00+25:00',
    '1969-12-31T23:59:59Z',
    '1795334400000',
    'now',
    '2026-11-22T08:00:00Z ',
  ])('%j is none', (text) => {
    expect(() => parseTime(text, 'flight.starts_at')).toThrowError(
      expect.objectContaining({ code: 'VALIDATION_FAILED', path: 'flight.starts_at' }),
    );
  });
});
