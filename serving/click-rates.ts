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
  /** Changes whenever a rate does; recorded with every decision. */
  readonly revision: number;
}

/** Observed rates, smoothed by a prior (the mean of a beta distribution): (clicks + prior clicks) ÷ (impressions + prior impressions). */
export class SmoothedClickRates implements ClickRates {
  readonly #prior: ClickPrior;
  readonly #ratesPpm = new Map<string, number>();
  readonly #priorPpm: number;
  revision = 0;

  constructor(prior: ClickPrior = defaultClickPrior) {
    this.#prior = prior;
    this.#priorPpm = this.#smooth({ impressions: 0, clicks: 0 });
  }

  ratePpm(creativeId: string): number {
    return this.#ratesPpm.get(creativeId) ?? this.#priorPpm;
  }

  /** Takes what a view says of a creative; true if its rate changed: then the index is told. */
  observe(creativeId: string, counts: CreativeCounts): boolean {
    const ratePpm = this.#smooth(counts);
    if (ratePpm === this.ratePpm(creativeId)) return false;
    this.#ratesPpm.set(creativeId, ratePpm);
    this.revision += 1;
    return true;
  }

  /** Late impressions can leave more clicks than impressions: never more than one click each. */
  #smooth({ impressions, clicks }: CreativeCounts): number {
    const shown = Math.max(impressions, clicks) + this.#prior.impressions;
    return Math.floor(((clicks + this.#prior.clicks) * 1_000_000) / shown);
  }
}
