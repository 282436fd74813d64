import type { Clock } from '../../ports/clock.ts';
import type { Row, Warehouse } from '../../ports/warehouse.ts';
import type { Reports } from '../reports/report-file.ts';
import { runReport } from '../reports/run-report.ts';
import { funnelOf, minutesOf, spendHoursOf } from './funnel.ts';
import { countWindow } from './window-counts.ts';

export const windows = ['15m', '1h', '24h', '7d', '30d'] as const;
export type Window = (typeof windows)[number];

const dayMs = 86_400_000;
const windowMs: Readonly<Record<Window, number>> = {
  '15m': 900_000,
  '1h': 3_600_000,
  '24h': dayMs,
  '7d': 7 * dayMs,
  '30d': 30 * dayMs,
};
/** How fast serving is, and who bids, is asked of the last minutes: nobody mends what was slow yesterday. */
export const recentMs = 900_000;

/** What the warehouse counts for the overview. */
export interface CountedFigures {
  /** When it was counted, ms. */
  readonly atMs: number;
  readonly funnel: readonly Row[];
  readonly spendHours: readonly Row[];
  readonly minutes: readonly Row[];
  readonly stages: readonly Row[];
  readonly participation: readonly Row[];
}

export interface CountedFiguresDeps {
  readonly warehouse: Warehouse;
  readonly reports: Reports;
  readonly clock: Clock;
}

/** What counting took is rested so many times over: it costs a fifteenth of a core at the most, however much there is to count up to two seconds of it. */
const restTimes = 15;
const shortestRestMs = 1_000;
const longestRestMs = 30_000;
/** Figures so many rests old are waited for anew instead of being shown. */
const oldRests = 3;

interface Kept {
  figures: CountedFigures | null;
  restMs: number;
  counting: Promise<CountedFigures> | null;
}

/**
 * The warehouse's figures by window, counted when somebody asks and the last count is rested: until then, and while the next one is under way, the last is given,
 * which says when it was counted. What is settled is read from the counts by minute and hour; only hours that move are counted from their rows.
 */
export class CountedByWindow {
  readonly #deps: CountedFiguresDeps;
  readonly #kept = new Map<Window, Kept>();

  constructor(deps: CountedFiguresDeps) {
    this.#deps = deps;
  }

  /** Errors: those of the warehouse. */
  async of(window: Window): Promise<CountedFigures> {
    const kept = this.#kept.get(window) ?? { figures: null, restMs: shortestRestMs, counting: null };
    this.#kept.set(window, kept);
    const now = this.#deps.clock.now();
    const age = kept.figures === null ? Number.POSITIVE_INFINITY : now - kept.figures.atMs;
    if (kept.figures !== null && age < kept.restMs) return kept.figures;
    const counting = kept.counting ?? this.#count(window, kept);
    if (kept.figures !== null && age < oldRests * kept.restMs) return kept.figures;
    return counting;
  }

  #count(window: Window, kept: Kept): Promise<CountedFigures> {
    const { clock } = this.#deps;
    const begunUs = clock.monotonicUs();
    const counting = this.#ask(window).then(
      (figures) => {
        const tookMs = (clock.monotonicUs() - begunUs) / 1_000;
        kept.restMs = Math.min(longestRestMs, Math.max(shortestRestMs, restTimes * tookMs));
        kept.figures = figures;
        kept.counting = null;
        return figures;
      },
      (error: unknown) => {
        // Whoever asks next has it counted again, and hears if it fails again.
        kept.figures = null;
        kept.counting = null;
        throw error;
      },
    );
    kept.counting = counting;
    // Who was given the last figures does not wait for these; the failure is told to whoever asks next.
    counting.catch(() => undefined);
    return counting;
  }

  /** One after the other: a page that is looked at takes one core, not all. */
  async #ask(window: Window): Promise<CountedFigures> {
    const { warehouse, clock } = this.#deps;
    const atMs = clock.now();
    const fromMs = atMs - windowMs[window];
    const { hours, minutes } = await countWindow(warehouse, { fromMs, toMs: atMs });
    const since = new Date(Math.max(fromMs, atMs - recentMs)).toISOString();
    const report = async (name: string, more: Readonly<Record<string, string>> = {}) =>
      (await runReport(this.#deps, name, more)).rows;
    return {
      atMs,
      funnel: funnelOf(hours),
      spendHours: spendHoursOf(hours),
      minutes: minutesOf(minutes),
      stages: await report('stage_latency', { from: since }),
      participation: await report('participation', { from: since, limit: '10000' }),
    };
  }
}
