import type { ClickRatesLearned, LearnedRate } from '../domain/records.ts';
import { type ClickRates, priorRatePpm } from './click-rates.ts';

/** A rate of a creative and the revision from which on it held. */
interface DatedRate {
  readonly revision: number;
  readonly ratePpm: number;
}

/**
 * The click rates of one boot at every one of its revisions, from its `ClickRatesLearned`. They may be added in any order and more than once: a batch whose
 * outcome was unknown is appended again.
 */
export class ClickRateHistory {
  /** By creative, oldest first. */
  readonly #rates = new Map<string, DatedRate[]>();
  /** Those whose predecessor is not there yet. */
  readonly #early = new Map<number, readonly LearnedRate[]>();
  #revision = 0;

  /** Every revision up to this one is there. */
  get revision(): number {
    return this.#revision;
  }

  add({ revision, rates }: ClickRatesLearned): void {
    if (revision <= this.#revision) return;
    this.#early.set(revision, rates);
    for (let next = this.#takeNext(); next !== undefined; next = this.#takeNext()) this.#append(next);
  }

  /** The rates that decisions of that revision were made with; null if not all records up to it are there. */
  at(revision: number): ClickRates | null {
    if (revision > this.#revision) return null;
    const ratePpm = (creativeId: string) =>
      this.#rates.get(creativeId)?.findLast((rate) => rate.revision <= revision)?.ratePpm ?? priorRatePpm;
    return { revision, ratePpm };
  }

  #takeNext(): readonly LearnedRate[] | undefined {
    const rates = this.#early.get(this.#revision + 1);
    this.#early.delete(this.#revision + 1);
    return rates;
  }

  #append(rates: readonly LearnedRate[]): void {
    this.#revision += 1;
    for (const { creative_id, rate_ppm: ratePpm } of rates) {
      const known = this.#rates.get(creative_id);
      const dated = { revision: this.#revision, ratePpm };
      if (known === undefined) this.#rates.set(creative_id, [dated]);
      else known.push(dated);
    }
  }
}
