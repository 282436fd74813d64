import { type CalendarWindow, startOfWindow, wallTime } from '../domain/calendar.ts';

/** Offsets of time zones are multiples of a quarter of an hour, so hours and days of every zone begin at one of these instants. */
const quarterMs = 15 * 60_000;

/** Budget day and hour of the week in one zone, now. */
export interface ZoneClock {
  readonly zone: string;
  /** YYYY-MM-DD. */
  day: string;
  /** 0 = Monday 00:00. */
  hourOfWeek: number;
  /** When the windows that run began, ms; those that were asked for since the last quarter of an hour. */
  readonly startedAt: Map<CalendarWindow, number>;
}

/** When the window began that runs at `nowMs`, which is the time of the clocks, ms. */
export function windowStart(clock: ZoneClock, window: CalendarWindow, nowMs: number): number {
  const known = clock.startedAt.get(window);
  if (known !== undefined) return known;
  const start = startOfWindow(nowMs, clock.zone, window);
  clock.startedAt.set(window, start);
  return start;
}

/** Wall clocks of the zones in use, looked up once a quarter of an hour instead of once a request. */
export class ZoneClocks {
  readonly #clocks = new Map<string, ZoneClock>();
  #now: number;
  /** When `advance` next has work to do, ms. */
  nextAt: number;

  constructor(nowMs: number) {
    this.#now = nowMs;
    this.nextAt = nextQuarter(nowMs);
  }

  get(zone: string): ZoneClock {
    const known = this.#clocks.get(zone);
    if (known !== undefined) return known;
    const made = { zone, ...readWall(this.#now, zone), startedAt: new Map<CalendarWindow, number>() };
    this.#clocks.set(zone, made);
    return made;
  }

  /** Gives the clocks whose hour changed. */
  advance(nowMs: number): ZoneClock[] {
    this.#now = nowMs;
    this.nextAt = nextQuarter(nowMs);
    const changed: ZoneClock[] = [];
    for (const clock of this.#clocks.values()) {
      clock.startedAt.clear();
      const { day, hourOfWeek } = readWall(nowMs, clock.zone);
      if (day === clock.day && hourOfWeek === clock.hourOfWeek) continue;
      clock.day = day;
      clock.hourOfWeek = hourOfWeek;
      changed.push(clock);
    }
    return changed;
  }
}

function nextQuarter(nowMs: number): number {
  return (Math.floor(nowMs / quarterMs) + 1) * quarterMs;
}

function readWall(nowMs: number, zone: string): { day: string; hourOfWeek: number } {
  const wall = wallTime(nowMs, zone);
  const day = `${wall.year}-${String(wall.month).padStart(2, '0')}-${String(wall.day).padStart(2, '0')}`;
  return { day, hourOfWeek: wall.weekday * 24 + wall.hour };
}
