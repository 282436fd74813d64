import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  budgetDay,
  budgetDayBounds,
  calendarWindows,
  isTimeZone,
  monthEnds,
  startOfDay,
  startOfWindow,
  wallTime,
} from './calendar.ts';

const hour = 3_600_000;
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'Africa/Cairo',
  'Asia/Beirut',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'America/Havana',
  'Asia/Kolkata',
];
const instant = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2035, 0, 1) });

describe('A time zone', () => {
  it.each(zones)('may be %s', (zone) => expect(isTimeZone(zone)).toBe(true));

  it.each(['', 'Mars/Olympus', '+01:00', 'europe/berlin', 'Europe/Berlin ', '../UTC', 'Europe/', "UTC'--"])(
    'is not %j',
    (zone) => {
      expect(isTimeZone(zone)).toBe(false);
    },
  );
});

describe('A budget day', () => {
  it.each([
    ['Europe/Berlin', '2026-03-29', 23, 'clocks go forward at 2'],
    ['Europe/Berlin', '2026-10-25', 25, 'clocks go back at 3'],
    ['America/New_York', '2026-03-08', 23, 'clocks go forward at 2'],
    ['Australia/Lord_Howe', '2026-04-05', 24.5, 'clocks go back by half an hour'],
    ['America/Santiago', '2026-09-06', 23, 'midnight itself is skipped'],
    ['Africa/Cairo', '2026-04-24', 23, 'midnight itself is skipped'],
    ['Asia/Beirut', '2026-03-29', 23, 'midnight itself is skipped'],
    ['America/Havana', '2026-11-01', 25, 'the hour after midnight comes twice'],
    ['America/Santiago', '2026-04-04', 25, 'the hour before midnight comes twice'],
    ['Asia/Kathmandu', '2026-03-29', 24, 'clocks never change'],
  ])('in %s of %s has %d hours: %s', (zone, day, hours) => {
    const noon = Date.parse(`${day}T12:00:00Z`) - (wallTime(Date.parse(`${day}T12:00:00Z`), zone).hour - 12) * hour;
    const bounds = budgetDayBounds(noon, zone);
    expect(bounds.day).toBe(day);
    expect((bounds.endsAt - bounds.startsAt) / hour).toBe(hours);
  });

  it('begins an hour late where midnight is skipped', () => {
    const start = startOfDay(2026, 9, 6, 'America/Santiago');
    expect(wallTime(start, 'America/Santiago')).toMatchObject({ day: 6, hour: 1, minute: 0, second: 0 });
    expect(wallTime(start - 1, 'America/Santiago')).toMatchObject({ day: 5, hour: 23, minute: 59 });
  });

  it('that a zone left out altogether is empty', () => {
    expect(startOfDay(2011, 12, 30, 'Pacific/Apia')).toBe(startOfDay(2011, 12, 31, 'Pacific/Apia'));
  });

  it('holds its instants, begins where the one before ends, and is named alike at both ends', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), instant, (zone, time) => {
        const { day, startsAt, endsAt } = budgetDayBounds(time, zone);
        expect(startsAt <= time && time < endsAt).toBe(true);
        expect([budgetDay(startsAt, zone), budgetDay(time, zone), budgetDay(endsAt - 1, zone)]).toEqual([
          day,
          day,
          day,
        ]);
        expect(budgetDayBounds(startsAt - 1, zone).endsAt).toBe(startsAt);
        expect(budgetDayBounds(endsAt, zone).startsAt).toBe(endsAt);
      }),
    );
  });
});

describe('A wall time', () => {
  it('names the weekday from Monday 0', () => {
    expect(wallTime(Date.UTC(2026, 10, 22, 23, 30), 'UTC').weekday).toBe(6);
    expect(wallTime(Date.UTC(2026, 10, 22, 23, 30), 'Europe/Berlin').weekday).toBe(0);
  });

  it('has an hour 0, never 24', () => {
    expect(wallTime(Date.UTC(2026, 0, 1), 'UTC').hour).toBe(0);
  });
});

describe('Statement months', () => {
  it('follow each other without gap from the month of the start, each ending at the first instant of the next', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), instant, (zone, time) => {
        const months = monthEnds(time, zone, 14);
        expect(months[0]?.period).toBe(budgetDay(time, zone).slice(0, 7));
        for (const [index, { period, ends_at }] of months.entries()) {
          expect(budgetDay(ends_at - 1, zone).slice(0, 7)).toBe(period);
          expect(budgetDay(ends_at, zone).slice(8)).toBe('01');
          const next = months[index + 1];
          if (next !== undefined) expect(budgetDay(ends_at, zone).slice(0, 7)).toBe(next.period);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('A calendar window', () => {
  it('holds the instant, begins at the first instant of its hour, day, week or month, and not before', () => {
    fc.assert(
      fc.property(instant, fc.constantFrom(...zones), fc.constantFrom(...calendarWindows), (time, zone, window) => {
        const start = startOfWindow(time, zone, window);
        const [first, before] = [wallTime(start, zone), wallTime(start - 1, zone)];
        expect(start).toBeLessThanOrEqual(time);
        expect(startOfWindow(start, zone, window)).toBe(start);
        const same = {
          hour: before.hour === first.hour && before.minute <= first.minute,
          day: before.day === first.day,
          week: before.weekday < first.weekday,
          month: before.month === first.month,
        }[window];
        expect(same).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
