/**
 * How fast a campaign should spend. Everything here is control, not account: rates and targets steer, and no amount that is granted is ever
 * read from them without the budget's own check (`pacing-allocator`).
 */

/** A straight line that spending follows: from `base` at `from` to `goal` at `reach`, micros and ms. */
export interface Line {
  readonly from: number;
  readonly reach: number;
  /** Nothing is granted from here on; between `reach` and `to` what comes back is spent again. */
  readonly to: number;
  readonly base: number;
  readonly goal: number;
}

export interface LineOptions {
  readonly from: number;
  readonly to: number;
  readonly base: number;
  readonly goal: number;
  readonly reservationMs: number;
}

/**
 * Reservations that are never rendered come back only when they expire. So the line reaches its goal one and a half reservation lives before its
 * end: what was open then has expired and was spent again by the end. A short line keeps four fifths of its length.
 */
export function lineOf({ from, to, base, goal, reservationMs }: LineOptions): Line {
  const length = Math.max(0, to - from);
  return { from, reach: to - Math.min(1.5 * reservationMs, length / 5), to, base, goal };
}

/** Where spending should be at an instant, micros. */
export function targetAt(line: Line, now: number): number {
  if (now <= line.from) return line.base;
  if (now >= line.reach) return line.goal;
  return line.base + ((line.goal - line.base) * (now - line.from)) / (line.reach - line.from);
}

const shortestCatchUpMs = 2_000;
const longestCatchUpMs = 15 * 60_000;
/** While catching up, at most so many times the planned rate (unless the time that is left asks for more). */
const catchUpFactor = 2;

/**
 * Micros per second to spend now. The slope of the line, plus what is behind spread over a catch-up time: a first-order approach without dead
 * time, for grants count as soon as they are made, so it nears the line from one side and does not swing about it. Ahead of the line it slows down.
 */
export function rateAt(line: Line, now: number, spent: number): number {
  if (now < line.from || now >= line.to) return 0;
  const left = line.goal - spent;
  if (left <= 0) return 0;
  if (now >= line.reach) return left; // within a second or so
  const slope = ((line.goal - line.base) / (line.reach - line.from)) * 1000;
  const untilReachMs = Math.max(1_000, line.reach - now);
  const catchUpMs = Math.min(untilReachMs, clamp((line.reach - line.from) / 20, shortestCatchUpMs, longestCatchUpMs));
  const wanted = slope + ((targetAt(line, now) - spent) / catchUpMs) * 1000;
  const needed = (left / untilReachMs) * 1000;
  return clamp(wanted, 0, Math.max(catchUpFactor * slope, 1.25 * needed));
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

/** What has become of draws, micros. */
export interface Outcomes {
  readonly drawn: number;
  readonly released: number;
  readonly incurred: number;
}

/**
 * Share of a draw that will be incurred, 0.2 to 1. Of what was drawn a little while ago (`drawnBefore`) all that will be seen has been seen, so
 * incurred ÷ drawn tells soon; incurred ÷ (incurred + released) can't be too low. Before anything is known: 1, which spends too slowly, never too fast.
 */
export function renderRate(now: Outcomes, drawnBefore: number): number {
  const settled = now.incurred + now.released;
  const most = settled === 0 ? 1 : now.incurred / settled;
  const early = drawnBefore <= 0 ? 1 : now.incurred / drawnBefore;
  return clamp(Math.min(most, early), 0.2, 1);
}
