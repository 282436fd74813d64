import { creativeStatsKeys, sumCreativeStats } from '../domain/creative-stats-view.ts';
import { isAdtallyError } from '../domain/errors.ts';
import type { ViewStore } from '../ports/view-store.ts';
import type { CatalogIndex } from './catalog-index.ts';
import type { SmoothedClickRates } from './click-rates.ts';

export interface ClickRateRefreshOptions {
  readonly index: CatalogIndex;
  /** Those of the index. */
  readonly rates: SmoothedClickRates;
  readonly views: ViewStore;
  /** Shards of the statistics of a creative. */
  readonly shards: number;
  /** Creatives read at a time. */
  readonly slice: number;
}

/** Creatives looked at for each one that is read, at the most: those that are not sold by the click need no rate. */
const lookedAtEach = 20;

/**
 * Brings click rates up to what the views of creatives say, a slice of the catalogue at a time, apart from any request. Only creatives that are sold by
 * the click are read.
 */
export class ClickRateRefresh {
  readonly #options: ClickRateRefreshOptions;
  #remaining: Iterator<string> | null = null;
  #running = false;

  constructor(options: ClickRateRefreshOptions) {
    this.#options = options;
  }

  /** Reads the next slice; does nothing while the one before is being read. While the views are away, rates stay as they are. */
  async refreshSome(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      await this.#refresh(this.#nextSlice());
    } catch (error) {
      if (!isAdtallyError(error) || !error.retriable) throw error;
    } finally {
      this.#running = false;
    }
  }

  #nextSlice(): string[] {
    const { index, slice } = this.#options;
    this.#remaining ??= index.catalog.creatives.keys();
    const wanted: string[] = [];
    for (let looked = 0; looked < slice * lookedAtEach && wanted.length < slice; looked += 1) {
      const next = this.#remaining.next();
      if (next.done === true) {
        this.#remaining = null;
        break;
      }
      if (this.#isSoldByClick(next.value)) wanted.push(next.value);
    }
    return wanted;
  }

  #isSoldByClick(creativeId: string): boolean {
    const { index } = this.#options;
    const creative = index.catalog.creatives.get(creativeId);
    return creative !== undefined && index.get(creative.line_item_id)?.lineItem.pricing_model === 'CPC';
  }

  async #refresh(creativeIds: readonly string[]): Promise<void> {
    const { index, rates, views, shards } = this.#options;
    if (creativeIds.length === 0) return;
    const found = await views.getMany(creativeIds.flatMap((id) => creativeStatsKeys(id, shards)));
    for (const [place, id] of creativeIds.entries()) {
      const counts = sumCreativeStats(found.slice(place * shards, (place + 1) * shards));
      if (rates.observe(id, counts)) index.rateChanged(id);
    }
  }
}
