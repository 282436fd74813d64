import type { LearnedCount, LearnedRate } from '../domain/records.ts';

/** Name under which a decision records the revision of the click rates that it used. */
export const clickRatesView = 'creative-stats';

/** Clicks and impressions that a prior stands for: it outweighs what was observed until there is more of that. */
export interface ClickPrior {
  readonly impressions: number;
  readonly clicks: number;
}

/** Two clicks of a thousand, with the weight of a thousand impressions. */
export const defaultClickPrior: ClickPrior = { impressions: 1000, clicks: 2 };

/** What was observed of a creative, both cumulative. */
export interface CreativeCounts {
  readonly impressions: number;
  readonly clicks: number;
}

/** Predicted click rates, in whole parts per million. */
export interface ClickRates {
  /** Of a creative (cr_…), 0 to 1,000,000. */
  ratePpm(creativeId: string): number;
  /** What was observed of a creative that takes turns with others of its line item. */
  countsOf(creativeId: string): CreativeCounts;
  /** Changes whenever a rate or a count does; recorded with every decision. */
  readonly revision: number;
}

/**
 * A rate that moved by less than this share of itself is left as it is: far below what any count of clicks can tell, and each change is a record in the
 * log. So a creative causes some hundreds of them in a boot's life, not one an impression.
 */
const leastChangePpm = 10_000;
/** Counts are taken over when impressions have grown by this part of themselves and of the prior, or clicks by as much. */
const leastGrowth = 10;
export const noCounts: CreativeCounts = { impressions: 0, clicks: 0 };

/** Observed rates, smoothed by a prior (the mean of a beta distribution): (clicks + prior clicks) ÷ (impressions + prior impressions). */
export class SmoothedClickRates implements ClickRates {
  readonly #prior: ClickPrior;
  readonly #ratesPpm = new Map<string, number>();
  readonly #counts = new Map<string, CreativeCounts>();
  readonly #priorPpm: number;
  #revision = 0;

  constructor(prior: ClickPrior = defaultClickPrior) {
    this.#prior = prior;
    this.#priorPpm = smoothedPpm({ impressions: 0, clicks: 0 }, prior);
  }

  get revision(): number {
    return this.#revision;
  }

  ratePpm(creativeId: string): number {
    return this.#ratesPpm.get(creativeId) ?? this.#priorPpm;
  }

  countsOf(creativeId: string): CreativeCounts {
    return this.#counts.get(creativeId) ?? noCounts;
  }

  /** The rate that these counts give a creative; null if that is no change worth a record. Nothing is taken over. */
  propose(creativeId: string, counts: CreativeCounts): LearnedRate | null {
    const ratePpm = smoothedPpm(counts, this.#prior);
    const known = this.ratePpm(creativeId);
    const moved = Math.abs(ratePpm - known);
    return moved === 0 || moved * 1_000_000 < known * leastChangePpm
      ? null
      : { creative_id: creativeId, rate_ppm: ratePpm };
  }

  /** These counts, if they say more than those that are known; null if that is no change worth a record. Nothing is taken over. */
  proposeCount(creativeId: string, { impressions, clicks }: CreativeCounts): LearnedCount | null {
    const known = this.countsOf(creativeId);
    const seen = Math.abs(impressions - known.impressions) * leastGrowth > known.impressions + this.#prior.impressions;
    const clicked = Math.abs(clicks - known.clicks) * leastGrowth > known.clicks + this.#prior.clicks;
    return seen || clicked ? { creative_id: creativeId, impressions, clicks } : null;
  }

  /** Takes rates and counts over, all at once: the next revision. The caller tells the index of each rate. */
  learn(rates: readonly LearnedRate[], counts: readonly LearnedCount[] = []): void {
    for (const { creative_id, rate_ppm } of rates) this.#ratesPpm.set(creative_id, rate_ppm);
    for (const { creative_id, impressions, clicks } of counts) this.#counts.set(creative_id, { impressions, clicks });
    this.#revision += 1;
  }
}

/** Late impressions can leave more clicks than impressions: never more than one click each. */
function smoothedPpm({ impressions, clicks }: CreativeCounts, prior: ClickPrior): number {
  const shown = Math.max(impressions, clicks) + prior.impressions;
  return Math.floor(((clicks + prior.clicks) * 1_000_000) / shown);
}

/** What a creative is predicted of which nothing was learned. */
export const priorRatePpm = smoothedPpm({ impressions: 0, clicks: 0 }, defaultClickPrior);
