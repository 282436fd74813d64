import fc from 'fast-check';
import { expect, test } from 'vitest';
import { budgetDay, wallTime } from '../domain/calendar.ts';
import { FlightSchedule } from './flight-schedule.ts';
import { ZoneClocks } from './zone-clock.ts';

/** Hours that are skipped and repeated, offsets of half and quarter hours, a change by half an hour, both ends of the day line. */
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
];
const minute = 60_000;

test.each([
  ['the spring change in Europe', Date.UTC(2026, 2, 28, 22)],
  ['the autumn change in Europe', Date.UTC(2026, 9, 24, 22)],
  ['the autumn change on Lord Howe Island', Date.UTC(2026, 3, 4, 12)],
  ['the turn of the year', Date.UTC(2026, 11, 31, 8)],
])('day and hour are right at every minute around %s, though looked up four times an hour', (_name, startsAt) => {
  const clocks = new ZoneClocks(startsAt);
  const kept = zones.map((zone) => clocks.get(zone));
  for (let time = startsAt; time < startsAt + 30 * 60 * minute; time += 7 * minute) {
    if (time >= clocks.nextAt) clocks.advance(time);
    for (const { zone, day, hourOfWeek } of kept) {
      const { weekday, hour } = wallTime(time, zone);
      expect([zone, day, hourOfWeek]).toEqual([zone, budgetDay(time, zone), weekday * 24 + hour]);
    }
  }
});

test('only clocks whose hour changed are named', () => {
  const clocks = new ZoneClocks(Date.UTC(2026, 0, 1, 11, 50));
  for (const zone of ['UTC', 'Asia/Kathmandu']) clocks.get(zone);
  expect(clocks.advance(Date.UTC(2026, 0, 1, 12)).map(({ zone }) => zone)).toEqual(['UTC']);
  expect(clocks.advance(Date.UTC(2026, 0, 1, 12, 15)).map(({ zone }) => zone)).toEqual(['Asia/Kathmandu']);
});

test('a schedule gives what is due, in the order of time, and keeps the rest', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.nat(1000), (times, now) => {
      const schedule = new FlightSchedule();
      for (const [slot, time] of times.entries()) schedule.push(time, slot);
      const due = schedule.takeDue(now).map((slot) => times[slot] as number);
      expect(due).toEqual(times.filter((time) => time <= now).toSorted((a, b) => a - b));
      const later = times.filter((time) => time > now);
      expect(schedule.nextAt).toBe(later.length === 0 ? Infinity : Math.min(...later));
      expect(schedule.takeDue(Infinity)).toHaveLength(later.length);
    }),
  );
});
