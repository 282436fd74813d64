import type { ClickRatesLearned } from '../domain/records.ts';
import { type ClickRates, type CreativeCounts, noCounts, priorRatePpm } from './click-rates.ts';

/** What held of a creative from a revision on. */
interface Dated<T> {
  readonly revision: number;
  readonly value: T;
}

type Learned = Pick<ClickRatesLearned, 'rates' | 'counts'>;

/**
 * The click rates of one boot at every one of its revisions, from its `ClickRatesLearned`. They may be added in any order and more than once: a batch whose
 * outcome was unknown is appended again.
 */
export class ClickRateHistory {
  /** By creative, oldest first. */
  readonly #rates = new Map<string, Dated<number>[]>();
  readonly #counts = new Map<string, Dated<CreativeCounts>[]>();
  /** Those whose predecessor is not there yet. */
  readonly #early = new Map<number, Learned>();
  #revision = 0;

  /** Every revision up to this one is there. */
  get revision(): number {
    return this.#revision;
  }

  add({ revision, rates, counts }: ClickRatesLearned): void {
    if (revision <= this.#revision) return;
    this.#early.set(revision, { rates, counts });
    for (let next = this.#takeNext(); next !== undefined; next = this.#takeNext()) this.#append(next);
  }

  /** The rates that decisions of that revision were made with; null if not all records up to it are there. */
  at(revision: number): ClickRates | null {
    if (revision > this.#revision) return null;
    const ratePpm = (creativeId: string) => valueAt(this.#rates.get(creativeId), revision) ?? priorRatePpm;
    const countsOf = (creativeId: string) => valueAt(this.#counts.get(creativeId), revision) ?? noCounts;
    return { revision, ratePpm, countsOf };
  }

  #takeNext(): Learned | undefined {
    const learned = this.#early.get(this.#revision + 1);
    this.#early.delete(this.#revision + 1);
    return learned;
  }

  #append({ rates, counts }: Learned): void {
    this.#revision += 1;
    const { revision } = this;
    for (const { creative_id, rate_ppm: value } of rates) push(this.#rates, creative_id, { revision, value });
    for (const { creative_id, impressions, clicks } of counts) {
      push(this.#counts, creative_id, { revision, value: { impressions, clicks } });
    }
  }
}

function push<T>(dated: Map<string, Dated<T>[]>, creativeId: string, one: Dated<T>): void {
  const known = dated.get(creativeId);
  if (known === undefined) dated.set(creativeId, [one]);
  else known.push(one);
}

function valueAt<T>(dated: readonly Dated<T>[] | undefined, revision: number): T | undefined {
  return dated?.findLast((one) => one.revision <= revision)?.value;
}
