import { budgetLeft, burnRate, eventsBetween, objectivePeriodDays, objectives } from '../objectives/objectives.ts';
import type { CountHistory } from './count-history.ts';

const minuteMs = 60_000;
/** Windows over which a burn rate is shown. */
export const burnSpans = [
  { window: '5m', ms: 5 * minuteMs },
  { window: '30m', ms: 30 * minuteMs },
  { window: '1h', ms: 60 * minuteMs },
  { window: '6h', ms: 360 * minuteMs },
] as const;

export interface BurnWindow {
  readonly window: string;
  /** Null while not the whole window was watched, and where nothing happened in it. */
  readonly rate: number | null;
  readonly good: number;
  readonly total: number;
  /** How much of it was watched, ms. */
  readonly watched_ms: number;
  readonly is_whole: boolean;
}

/** An objective with how fast its error budget is used. A rate of 1 uses it up in exactly the period. */
export interface ObjectiveBurn {
  readonly name: string;
  readonly title: string;
  readonly meaning: string;
  readonly target: number;
  readonly period_days: number;
  readonly pages: boolean;
  readonly windows: readonly BurnWindow[];
  /** All that was watched, at most the longest window: rate, and share of the budget of these events that is left. */
  readonly watched: {
    readonly rate: number | null;
    readonly left: number | null;
    readonly good: number;
    readonly total: number;
  };
}

/** @param nowMs end of all windows */
export function burnsOf(history: Pick<CountHistory, 'last'>, nowMs: number): ObjectiveBurn[] {
  const spans = burnSpans.map((span) => ({ ...span, ...history.last(nowMs, span.ms) }));
  return objectives.map((objective) => {
    const windows = spans.map(({ window, ms, samples, watchedMs }): BurnWindow => {
      const events = eventsBetween(objective, null, samples);
      const isWhole = watchedMs >= ms;
      return {
        window,
        rate: isWhole ? burnRate(objective, events) : null,
        ...events,
        watched_ms: watchedMs,
        is_whole: isWhole,
      };
    });
    const events = eventsBetween(objective, null, spans.at(-1)?.samples ?? []);
    const { name, title, meaning, target, pages } = objective;
    return {
      name,
      title,
      meaning,
      target,
      pages,
      windows,
      period_days: objectivePeriodDays,
      watched: { rate: burnRate(objective, events), left: budgetLeft(objective, events), ...events },
    };
  });
}
