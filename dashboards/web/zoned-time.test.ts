import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantOf, knownZone, wallTime } from './zoned-time.ts';

describe('A time in a form', () => {
  it('is shown and entered in the zone of the advertiser', () => {
    expect(wallTime('2026-12-01T00:00:00.000Z', 'Europe/Berlin')).toBe('2026-12-01T01:00:00');
    expect(instantOf('2026-07-01T00:00', 'Europe/Berlin')).toBe('2026-06-30T22:00:00.000Z');
    expect(instantOf('2026-12-01T00:00:00', 'Asia/Kolkata')).toBe('2026-11-30T18:30:00.000Z');
    expect(instantOf('2026-12-01T00:00:00', 'America/New_York')).toBe('2026-12-01T05:00:00.000Z');
    expect(instantOf('yesterday', 'UTC')).toBeNull();
    expect(wallTime('never', 'UTC')).toBe('');
  });

  it('is the first of an hour that comes twice, and an hour later where one is skipped', () => {
    expect(instantOf('2026-10-25T02:30', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z');
    expect(instantOf('2026-03-29T02:30', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z');
  });

  it('is the same instant after it was shown, but for the second of two equal hours', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia'];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 1_500_000_000, max: 2_000_000_000 }),
        (zone, seconds) => {
          const shown = wallTime(seconds * 1_000, zone);
          const again = Date.parse(instantOf(shown, zone) ?? '');
          expect(wallTime(again, zone)).toBe(shown);
          expect(again).toBeLessThanOrEqual(seconds * 1_000);
          expect(seconds * 1_000 - again).toBeLessThanOrEqual(3_600_000);
        },
      ),
    );
  });

  it('is UTC where the browser does not know the zone', () => {
    expect([knownZone('Nowhere/City'), knownZone(null), knownZone('Europe/Berlin')]).toEqual([
      'UTC',
      'UTC',
      'Europe/Berlin',
    ]);
  });
});
