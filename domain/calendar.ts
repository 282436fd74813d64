/** Parts of a wall time in a zone. `month` and `day` from 1, `weekday` 0 = Monday. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly weekday: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  let known = formatters.get(zone);
  if (known === undefined) {
    known = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formatters.set(zone, known);
  }
  return known;
}

/** True for an IANA time zone that this machine knows, spelt as IANA does; fixed offsets as `+01:00` are none. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Z][0-9A-Za-z_+-]*(\/[0-9A-Za-z_+-]+)*$/.test(zone)) return false;
  try {
    formatter(zone);
    return true;
  } catch {
    return false; // RangeError is how Intl says "unknown zone"
  }
}

/** The wall time of an instant in a zone. Slow (µs): callers keep the answer until it changes. */
export function wallTime(timeMs: number, zone: string): WallTime {
  const parts: Record<string, number> = {};
  for (const part of formatter(zone).formatToParts(timeMs)) parts[part.type] = Number(part.value);
  const year = parts['year'] ?? 0;
  const month = parts['month'] ?? 0;
  const day = parts['day'] ?? 0;
  const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
  return {
    year,
    month,
    day,
    hour: parts['hour'] ?? 0,
    minute: parts['minute'] ?? 0,
    second: parts['second'] ?? 0,
    weekday,
  };
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** Budget day YYYY-MM-DD of an instant in the zone of the advertiser. */
export function budgetDay(timeMs: number, zone: string): string {
  const wall = wallTime(timeMs, zone);
  return `${wall.year}-${pad(wall.month)}-${pad(wall.day)}`;
}

/** First instant whose wall time in the zone is at or after midnight of that date (a midnight that clocks skip: the first instant after). */
export function startOfDay(year: number, month: number, day: number, zone: string): number {
  const wanted = Date.UTC(year, month - 1, day);
  let low = wanted - 16 * 3_600_000;
  let high = wanted + 16 * 3_600_000;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const wall = wallTime(middle, zone);
    if (Date.UTC(wall.year, wall.month - 1, wall.day) >= wanted) high = middle;
    else low = middle;
  }
  return high;
}

/** First and last+1 instant of the budget day that holds an instant: 23 to 25 hours long where clocks change. */
export function budgetDayBounds(
  timeMs: number,
  zone: string,
): { readonly day: string; readonly startsAt: number; readonly endsAt: number } {
  const wall = wallTime(timeMs, zone);
  const next = new Date(Date.UTC(wall.year, wall.month - 1, wall.day + 1));
  return {
    day: `${wall.year}-${pad(wall.month)}-${pad(wall.day)}`,
    startsAt: startOfDay(wall.year, wall.month, wall.day, zone),
    endsAt: startOfDay(next.getUTCFullYear(), next.getUTCMonth() + 1, next.getUTCDate(), zone),
  };
}

/** Month ends of a zone, from the month that holds `fromMs`, `count` of them: what PolicySet carries. */
export function monthEnds(fromMs: number, zone: string, count: number): { period: string; ends_at: number }[] {
  const wall = wallTime(fromMs, zone);
  return Array.from({ length: count }, (_, index) => {
    const first = new Date(Date.UTC(wall.year, wall.month - 1 + index, 1));
    const next = new Date(Date.UTC(wall.year, wall.month + index, 1));
    return {
      period: `${first.getUTCFullYear()}-${pad(first.getUTCMonth() + 1)}`,
      ends_at: startOfDay(next.getUTCFullYear(), next.getUTCMonth() + 1, 1, zone),
    };
  });
}

/** Calendar windows of frequency caps. Weeks begin on Monday. */
export const calendarWindows = ['hour', 'day', 'week', 'month'] as const;
export type CalendarWindow = (typeof calendarWindows)[number];

export function isCalendarWindow(name: string): name is CalendarWindow {
  return (calendarWindows as readonly string[]).includes(name);
}

/** First instant of the hour, day, week or month of a zone that holds an instant. Slow (0.1 ms): callers keep the answer until it changes. */
export function startOfWindow(timeMs: number, zone: string, window: CalendarWindow): number {
  const { year, month, day, minute, second, weekday } = wallTime(timeMs, zone);
  switch (window) {
    case 'hour':
      return timeMs - minute * 60_000 - second * 1000 - (((timeMs % 1000) + 1000) % 1000);
    case 'day':
      return startOfDay(year, month, day, zone);
    case 'week': {
      const monday = new Date(Date.UTC(year, month - 1, day - weekday));
      return startOfDay(monday.getUTCFullYear(), monday.getUTCMonth() + 1, monday.getUTCDate(), zone);
    }
    case 'month':
      return startOfDay(year, month, 1, zone);
    default:
      return window satisfies never;
  }
}
