import { creativeStatsKeys, sumCreativeStats } from '../domain/creative-stats-view.ts';
import { isAdtallyError } from '../domain/errors.ts';
import type { LearnedCount, LearnedRate } from '../domain/records.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { ViewStore } from '../ports/view-store.ts';
import type { CatalogIndex } from './catalog-index.ts';
import type { SmoothedClickRates } from './click-rates.ts';
import type { LocalBuffer } from './local-buffer.ts';

export interface ClickRateRefreshOptions {
  readonly index: CatalogIndex;
  /** Those of the index. */
  readonly rates: SmoothedClickRates;
  readonly views: ViewStore;
  /** Shards of the statistics of a creative. */
  readonly shards: number;
  /** Creatives read at a time. */
  readonly slice: number;
  readonly buffer: LocalBuffer;
  readonly registry: SchemaRegistry;
  /** Wall clock of the boot. */
  readonly nodeClock: { now(): number };
}

/** Creatives looked at for each one that is read, at the most: most need neither rate nor counts. */
const lookedAtEach = 20;

/**
 * Brings click rates up to what the views of creatives say, a slice of the catalogue at a time, apart from any request. Only creatives that are sold by
 * the click, and those that take turns with others of their line item, are read. Decisions see what is new once its record is on disk in the private
 * buffer, never before: whatever names a revision comes behind it.
 */
export class ClickRateRefresh {
  readonly #options: ClickRateRefreshOptions;
  #remaining: Iterator<string> | null = null;
  #running = false;

  constructor(options: ClickRateRefreshOptions) {
    this.#options = options;
  }

  /**
   * Reads the next slice; does nothing while the one before is being read. While the views are away or the buffer has no room for decisions, rates stay as
   * they are.
   */
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
      if (this.#isSoldByClick(next.value) || this.#takesTurns(next.value)) wanted.push(next.value);
    }
    return wanted;
  }

  #isSoldByClick(creativeId: string): boolean {
    const { index } = this.#options;
    const creative = index.catalog.creatives.get(creativeId);
    return creative !== undefined && index.get(creative.line_item_id)?.lineItem.pricing_model === 'CPC';
  }

  #takesTurns(creativeId: string): boolean {
    const { index } = this.#options;
    const creative = index.catalog.creatives.get(creativeId);
    return creative !== undefined && (index.get(creative.line_item_id)?.creatives.length ?? 0) > 1;
  }

  async #refresh(creativeIds: readonly string[]): Promise<void> {
    const { index, rates, views, shards } = this.#options;
    if (creativeIds.length === 0) return;
    const found = await views.getMany(creativeIds.flatMap((id) => creativeStatsKeys(id, shards)));
    const learned: LearnedRate[] = [];
    const counted: LearnedCount[] = [];
    for (const [place, id] of creativeIds.entries()) {
      const counts = sumCreativeStats(found.slice(place * shards, (place + 1) * shards));
      const rate = this.#isSoldByClick(id) ? rates.propose(id, counts) : null;
      const count = this.#takesTurns(id) ? rates.proposeCount(id, counts) : null;
      if (rate !== null) learned.push(rate);
      if (count !== null) counted.push(count);
    }
    if (learned.length + counted.length === 0 || !(await this.#record(learned, counted))) return;
    rates.learn(learned, counted);
    for (const { creative_id } of learned) index.rateChanged(creative_id);
  }

  /** Resolves true when the record of the next revision is on disk; false if there was no room. One slice is under way at a time, so nobody else takes its number. */
  async #record(learned: readonly LearnedRate[], counts: readonly LearnedCount[]): Promise<boolean> {
    const { buffer, rates, registry, nodeClock } = this.#options;
    if (!buffer.hasRoomFor('decision')) return false;
    const { node, boot } = buffer;
    const value = registry.encode('ClickRatesLearned', {
      node,
      boot,
      revision: rates.revision + 1,
      rates: learned,
      counts,
      learned_at: nodeClock.now(),
    });
    // By its boot, not its node: by that key the console's index finds it among all the marks.
    await buffer.append(buffer.nextSequence(), [{ topic: 'nodes', shard: 0, key: boot, value }]);
    return true;
  }
}
