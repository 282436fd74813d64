import type { ExclusionCount } from '../domain/records.ts';
import { clearAll, countBits, popcount, type SlotSet } from './bitmap.ts';
import type { BitmapDimension } from './bitmap-dimension.ts';
import type { CatalogIndex, ListDimension } from './catalog-index.ts';
import type { SlotAttributes } from './targeting.ts';

/** What of the person and the answer narrows eligibility further than the slot does. */
export interface EligibilityFacts {
  /** False: exposures of the person are not known, so a cap can't be kept. */
  readonly personKnown: boolean;
  /** Advertisers that have an ad in the same answer. */
  readonly shownAdvertisers: readonly string[];
  /** Line items that lately had no budget left; the reason is counted as `no_budget`. */
  readonly resting: SlotSet | null;
}

/** Line items that may be shown in a slot. `words` belongs to the index: valid until the next search, not to be written to. */
export interface Eligible {
  readonly words: Uint32Array;
  readonly length: number;
  /** Bits set. */
  readonly count: number;
  /** Passed status and targeting; `count` is lower by caps, separation and rest. */
  readonly targeted: number;
  /** How many line items each step took out of those that the steps before had left. */
  readonly exclusions: ExclusionCount[];
}

interface BaseSet {
  readonly words: Uint32Array;
  readonly count: number;
  readonly exclusions: readonly ExclusionCount[];
}

/** Attributes that few values of a request vary: their conjunction is kept by value. */
const baseDimensions = [
  ['placements', 'placement'],
  ['publishers', 'publisher'],
  ['formats', 'format'],
  ['sizes', 'size'],
  ['countries', 'country'],
  ['regions', 'region'],
  ['device_types', 'device_type'],
  ['os', 'os'],
  ['languages', 'language'],
  ['domains', 'domain'],
] as const satisfies readonly (readonly [ListDimension, string])[];

/** Attributes that differ from request to request. */
const variedDimensions = [
  ['categories', 'category'],
  ['keywords', 'keyword'],
  ['segments', 'segment'],
] as const satisfies readonly (readonly [ListDimension, string])[];

/** Memory that kept conjunctions may take. */
const keptBytes = 32 * 1024 * 1024;

/** Finds who may be shown, by bitmaps. One search at a time: answers share scratch memory. */
export class EligibilityIndex {
  readonly #index: CatalogIndex;
  /** Two generations: what was not asked for while the younger one filled is forgotten. */
  #young = new Map<string, BaseSet>();
  #old = new Map<string, BaseSet>();
  #version = -1;
  #scratch = new Uint32Array(0);

  constructor(index: CatalogIndex) {
    this.#index = index;
  }

  find(attributes: SlotAttributes, facts: EligibilityFacts): Eligible {
    const base = this.#base(attributes);
    const search = new Search(this.#index.length, base, this.#room());
    this.#filterVaried(search, attributes);
    const targeted = search.count;
    if (!facts.personKnown) search.clear('frequency', 'no_person', this.#index.state.capped);
    for (const id of facts.shownAdvertisers) {
      const own = this.#index.ofAdvertiser(id);
      if (own !== undefined) search.clearSet('separation', 'same_advertiser', own);
    }
    if (facts.resting !== null) search.clearSet('budget', 'no_budget', facts.resting);
    return { words: search.words, length: search.length, count: search.count, targeted, exclusions: search.exclusions };
  }

  #filterVaried(search: Search, { values, keyValues }: SlotAttributes): void {
    for (const [name, reason] of variedDimensions) {
      search.filter('targeting', reason, this.#index.dimensions[name], values[name]);
    }
    if (this.#index.keyValues.matters && search.count > 0) {
      const words = search.writable();
      search.took('targeting', 'key_value', this.#index.keyValues.filter(words, search.length, keyValues));
    }
  }

  #room(): Uint32Array {
    if (this.#scratch.length < this.#index.length) this.#scratch = new Uint32Array(this.#index.state.known.length);
    return this.#scratch;
  }

  #base(attributes: SlotAttributes): BaseSet {
    if (this.#version !== this.#index.version) {
      this.#young.clear();
      this.#old.clear();
      this.#version = this.#index.version;
    }
    const key = this.#baseKey(attributes);
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const base = this.#old.get(key) ?? this.#makeBase(attributes);
    if (this.#young.size >= keptBytes / 2 / (4 * this.#index.length + 256)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, base);
    return base;
  }

  /** Only what some line item names, and what the publisher blocks, can make a difference. */
  #baseKey({ values, creativeKeys, currency, blockedBrands }: SlotAttributes): string {
    let key = blockedBrands.length === 0 ? currency : `${currency}\n${blockedBrands.join()}`;
    key += `\n${creativeKeys.join()}`;
    for (const [name] of baseDimensions) {
      const dimension = this.#index.dimensions[name];
      if (!dimension.matters) continue;
      key += '\n';
      for (const value of values[name]) if (dimension.names(value)) key += `${value},`;
    }
    return key;
  }

  #makeBase(attributes: SlotAttributes): BaseSet {
    const { length, state } = this.#index;
    const words = state.known.slice(0, length);
    const search = new Search(length, { words, count: countBits(words, length), exclusions: [] }, words);
    search.keep('status', 'inactive', state.active);
    search.keep('status', 'not_in_flight', state.inFlight);
    search.clear('status', 'outside_hours', state.closed);
    search.filter('targeting', 'currency', this.#index.currencies, [attributes.currency]);
    for (const [name, reason] of baseDimensions) {
      search.filter('targeting', reason, this.#index.dimensions[name], attributes.values[name]);
    }
    search.filter('brand_safety', 'blocked_by_publisher', this.#index.brands, attributes.blockedBrands);
    search.filter('creative', 'no_creative_fits', this.#index.creativeFits, attributes.creativeKeys);
    return { words, count: search.count, exclusions: search.exclusions };
  }
}

/** A bitmap that is narrowed step by step, with an account of what each step took. Copies the set it starts from on the first change. */
class Search {
  readonly length: number;
  readonly exclusions: ExclusionCount[];
  words: Uint32Array;
  count: number;
  readonly #scratch: Uint32Array;

  constructor(length: number, from: BaseSet, scratch: Uint32Array) {
    this.length = length;
    this.words = from.words;
    this.count = from.count;
    this.exclusions = from.exclusions.slice();
    this.#scratch = scratch;
  }

  writable(): Uint32Array {
    if (this.words !== this.#scratch) {
      this.#scratch.set(this.words);
      this.words = this.#scratch;
    }
    return this.words;
  }

  /** Notes that a step took so many; a step that comes in parts is counted as one. */
  took(step: string, reason: string, count: number): void {
    if (count === 0) return;
    this.count -= count;
    const last = this.exclusions.at(-1);
    if (last?.step !== step || last.reason !== reason) this.exclusions.push({ step, reason, count });
    else this.exclusions[this.exclusions.length - 1] = { step, reason, count: last.count + count };
  }

  filter(step: string, reason: string, dimension: BitmapDimension, values: readonly string[]): void {
    if (this.count === 0 || !dimension.matters) return;
    this.took(step, reason, dimension.filter(this.writable(), this.length, values));
  }

  clear(step: string, reason: string, removed: Uint32Array): void {
    if (this.count > 0) this.took(step, reason, clearAll(this.writable(), removed, this.length));
  }

  clearSet(step: string, reason: string, removed: SlotSet): void {
    if (this.count > 0 && removed.size > 0) this.took(step, reason, removed.clearFrom(this.writable(), this.length));
  }

  keep(step: string, reason: string, kept: Uint32Array): void {
    const words = this.writable();
    let taken = 0;
    for (let index = 0; index < this.length; index += 1) {
      const missed = (words[index] as number) & ~(kept[index] as number);
      if (missed === 0) continue;
      words[index] = (words[index] as number) ^ missed;
      taken += popcount(missed);
    }
    this.took(step, reason, taken);
  }
}
