import { type AdFeatures, adFeatures } from '../../domain/click-features.ts';
import { adFactsOf } from '../../domain/prediction-facts.ts';
import type { CreativePublished } from '../../domain/records.ts';
import type { ServedModel } from './served-model.ts';

/** A creative with its features, which are worked out when they are first asked for. */
export interface FeaturedCreative {
  readonly creative: CreativePublished;
  features: AdFeatures | null;
}

export function featuresOf(featured: FeaturedCreative): AdFeatures {
  featured.features ??= adFeatures(adFactsOf(featured.creative));
  return featured.features;
}

/** Where bounds are kept by slot. */
export interface BoundedSlots {
  /** Slots are numbered below it. */
  readonly slots: number;
  /** Works out a slot's bound again; nothing for a free slot, or one that no model moves. */
  boundAgain(slot: number): void;
}

/**
 * Which model predicts. A new one takes over without a stall and without a moment in which a bound is too low: first all bounds are raised to what both
 * allow, some at a time; then it predicts; then bounds are lowered to what it allows alone.
 */
export class ModelSwitch {
  #current: ServedModel | null = null;
  #coming: ServedModel | null = null;
  /** The next slot to be worked out again; null: all are done. */
  #cursor: number | null = null;

  get current(): ServedModel | null {
    return this.#current;
  }

  /** The newest that was taken, whether it predicts yet or not. */
  get newest(): ServedModel | null {
    return this.#coming ?? this.#current;
  }

  take(model: ServedModel): void {
    this.#coming = model;
    this.#cursor = 0;
  }

  /** Goes on with at most so many slots. */
  advance(index: BoundedSlots, most: number): void {
    if (this.#cursor === null) return;
    const end = Math.min(index.slots, this.#cursor + most);
    for (let slot = this.#cursor; slot < end; slot += 1) index.boundAgain(slot);
    this.#cursor = end;
    if (end < index.slots) return;
    this.#cursor = this.#coming === null ? null : 0;
    if (this.#coming !== null) this.#current = this.#coming;
    this.#coming = null;
  }

  /** The most that is predicted of a creative now or once the next model holds; `unmodelled` is what is predicted of it without a model. */
  boundPpm(creative: FeaturedCreative, unmodelled: number): number {
    const now = this.#current === null ? unmodelled : this.#current.boundPpm(featuresOf(creative));
    return this.#coming === null ? now : Math.max(now, this.#coming.boundPpm(featuresOf(creative)));
  }
}
