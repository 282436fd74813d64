import type { Clock, Timer } from '../../ports/clock.ts';
import { type TruthName, truthNames } from '../objectives/objectives.ts';
import type { TruthLag } from './truth-lags.ts';

/** What a check of a truth found: within its tolerance, further behind, or that nobody could say. */
export const checkOutcomes = ['within', 'behind', 'unknown'] as const;
export type CheckOutcome = (typeof checkOutcomes)[number];

/** One truth as it was checked last, and how its checks ended so far. */
export interface CheckedTruth {
  /** Null before the first check, while it can't be said, and where nothing runs. */
  lagMs: number | null;
  readonly counts: Record<CheckOutcome, number>;
}

export interface TruthChecksOptions {
  readonly clock: Clock;
  readonly readers: Readonly<Record<TruthName, () => Promise<TruthLag>>>;
  /** The lag of a truth can't be read: it counts as one that is not within its tolerance. */
  readonly onUnread: (truth: TruthName, error: unknown) => void;
}

const everyMs = 5_000;

/** Holds every truth against its tolerance every few seconds, whether anybody looks or not: the events of its objective. */
export class TruthChecks {
  readonly truths: ReadonlyMap<TruthName, CheckedTruth>;
  readonly #options: TruthChecksOptions;
  #timer: Timer | null = null;
  #checking: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: TruthChecksOptions) {
    this.#options = options;
    this.truths = new Map(
      truthNames.map((truth) => [truth, { lagMs: null, counts: { within: 0, behind: 0, unknown: 0 } }]),
    );
  }

  start(): void {
    this.#timer = this.#options.clock.after(everyMs, () => {
      this.#checking = this.checkAll().then(() => {
        if (!this.#isStopped) this.start();
      });
    });
  }

  /** Resolves once nothing is read any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#checking;
  }

  async checkAll(): Promise<void> {
    await Promise.all(Array.from(this.truths, ([truth, checked]) => this.#check(truth, checked)));
  }

  async #check(truth: TruthName, checked: CheckedTruth): Promise<void> {
    try {
      const { lag_ms, tolerance_ms } = await this.#options.readers[truth]();
      checked.lagMs = lag_ms;
      checked.counts[lag_ms === null || lag_ms <= tolerance_ms ? 'within' : 'behind'] += 1;
    } catch (error) {
      checked.lagMs = null;
      checked.counts.unknown += 1;
      if (!this.#isStopped) this.#options.onUnread(truth, error);
    }
  }
}
