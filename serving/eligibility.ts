import type { ExclusionCount } from '../domain/records.ts';
import { clearAll, countBits, keepAll, type SlotSet } from './bitmap.ts';
import type { BitmapDimension } from './bitmap-dimension.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { CatalogIndex, ListDimension } from './catalog-index.ts';
import { expressionValues } from './expression-values.ts';
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

/** A set that is kept, with what was taken out on the way to it. */
interface KeptSet {
  readonly words: Uint32Array;
  readonly count: number;
  readonly exclusions: readonly ExclusionCount[];
}

type Attribute = readonly [name: ListDimension, reason: string];

/** Attributes of the slot: there are as many combinations as placements and sizes, so their conjunction is kept. */
const slotAttributes: readonly Attribute[] = [
  ['placements', 'placement'],
  ['publishers', 'publisher'],
  ['formats', 'format'],
  ['sizes', 'size'],
];

/** Attributes with few values, which combine freely: the bitmap of each value is kept. */
const plainAttributes: readonly Attribute[] = [
  ['countries', 'country'],
  ['regions', 'region'],
  ['device_types', 'device_type'],
  ['os', 'os'],
  ['languages', 'language'],
  ['domains', 'domain'],
];

/** Attributes with many values and several of them in a request: worked out each time. */
const variedAttributes: readonly Attribute[] = [
  ['categories', 'category'],
  ['keywords', 'keyword'],
  ['segments', 'segment'],
];

/** Memory that kept conjunctions may take. */
const keptBytes = 32 * 1024 * 1024;

/** Finds who may be shown, by bitmaps. One search at a time: answers share scratch memory. */
export class EligibilityIndex {
  readonly #index: CatalogIndex;
  #kept = new BoundedCache<string, KeptSet>(1);
  #version = -1;
  #scratch = new Uint32Array(0);

  constructor(index: CatalogIndex) {
    this.#index = index;
  }

  find(attributes: SlotAttributes, facts: EligibilityFacts): Eligible {
    const search = new Search(this.#index.length, this.#ofSlot(attributes), this.#room());
    this.#narrow(search, attributes);
    const targeted = search.count;
    if (!facts.personKnown) search.clear('frequency', 'no_person', this.#index.state.capped);
    for (const id of facts.shownAdvertisers) {
      const own = this.#index.ofAdvertiser(id);
      if (own !== undefined) search.clearSet('separation', 'same_advertiser', own);
    }
    if (facts.resting !== null) search.clearSet('budget', 'no_budget', facts.resting);
    const { words, length, count, exclusions } = search;
    return { words, length, count, targeted, exclusions };
  }

  #narrow(search: Search, attributes: SlotAttributes): void {
    const { values, keyValues, deals } = attributes;
    const { dimensions, version, length } = this.#index;
    search.filter('deal', 'deal_not_offered', this.#index.deals, deals);
    for (const [name, reason] of plainAttributes) {
      const allowed = dimensions[name].allowed(values[name], length, version);
      if (allowed !== null) search.keep('targeting', reason, allowed);
    }
    for (const [name, reason] of variedAttributes) search.filter('targeting', reason, dimensions[name], values[name]);
    // Who must not stand beside some subjects does not stand beside an unknown one.
    if (values.categories.length === 0) {
      search.clearSet('brand_safety', 'page_category_unknown', this.#index.avoidingCategories);
    }
    if (this.#index.keyValues.matters && search.count > 0) {
      const left = this.#index.keyValues.filter(search.writable(), length, search.count, keyValues);
      search.leave('targeting', 'key_value', left);
    }
    this.#keepMeant(search, attributes);
  }

  #keepMeant(search: Search, attributes: SlotAttributes): void {
    const { expressions, version, length } = this.#index;
    if (!expressions.matters || search.count === 0) return;
    const valuesOf = expressionValues(attributes, (zone) => this.#index.clockOf(zone));
    search.take('targeting', 'expression', (target, words) =>
      expressions.keepMeant(target, words, { length, version, valuesOf }),
    );
  }

  #room(): Uint32Array {
    if (this.#scratch.length < this.#index.length) this.#scratch = new Uint32Array(this.#index.state.known.length);
    return this.#scratch;
  }

  #ofSlot(attributes: SlotAttributes): KeptSet {
    if (this.#version !== this.#index.version) {
      this.#kept = new BoundedCache(keptBytes / (4 * this.#index.length + 256));
      this.#version = this.#index.version;
    }
    const key = this.#slotKey(attributes);
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const made = this.#makeOfSlot(attributes);
    this.#kept.set(key, made);
    return made;
  }

  /** Only what some line item names, and what the publisher blocks, can make a difference. */
  #slotKey({ values, creativeKeys, currency, blockedBrands, blockedCategories }: SlotAttributes): string {
    const { placements, publishers, formats, sizes } = this.#index.dimensions;
    const slot = `${placements.keyOf(values.placements)}|${publishers.keyOf(values.publishers)}`;
    const shape = `${formats.keyOf(values.formats)}|${sizes.keyOf(values.sizes)}|${creativeKeys.join()}`;
    const blocked = blockedBrands.length + blockedCategories.length === 0;
    return `${currency}|${slot}|${shape}|${blocked ? '' : `${blockedBrands.join()}|${blockedCategories.join()}`}`;
  }

  #makeOfSlot(attributes: SlotAttributes): KeptSet {
    const { values, currency, blockedBrands, creativeKeys } = attributes;
    const { length, state, dimensions, currencies, brands, creativeFits } = this.#index;
    const words = state.known.slice(0, length);
    const search = new Search(length, { words, count: countBits(words, length), exclusions: [] }, words);
    search.keep('status', 'inactive', state.active);
    search.keep('status', 'not_in_flight', state.inFlight);
    search.clear('status', 'outside_hours', state.closed);
    search.filter('targeting', 'currency', currencies, [currency]);
    for (const [name, reason] of slotAttributes) search.filter('targeting', reason, dimensions[name], values[name]);
    for (const named of brands.named(blockedBrands)) search.clearSet('brand_safety', 'blocked_by_publisher', named);
    this.#clearBlocked(search, attributes);
    search.filter('creative', 'no_creative_fits', creativeFits, creativeKeys);
    return { words, count: search.count, exclusions: search.exclusions };
  }

  #clearBlocked(search: Search, { blockedCategories }: SlotAttributes): void {
    if (blockedCategories.length === 0) return;
    const { brands } = this.#index;
    search.filter('brand_safety', 'blocked_category', brands.categories, brands.allowed(blockedCategories, true));
    search.filter('brand_safety', 'category_unknown', brands.categories, brands.allowed(blockedCategories, false));
  }
}

/** A bitmap that is narrowed step by step, with an account of what each step took. Copies the set it starts from on the first change. */
class Search {
  readonly length: number;
  readonly exclusions: ExclusionCount[];
  words: Uint32Array;
  count: number;
  readonly #scratch: Uint32Array;

  constructor(length: number, from: KeptSet, scratch: Uint32Array) {
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

  /** Notes how many a step left; a step that comes in parts is counted as one. */
  leave(step: string, reason: string, left: number): void {
    const count = this.count - left;
    this.count = left;
    if (count === 0) return;
    const last = this.exclusions.at(-1);
    if (last?.step !== step || last.reason !== reason) this.exclusions.push({ step, reason, count });
    else this.exclusions[this.exclusions.length - 1] = { step, reason, count: last.count + count };
  }

  filter(step: string, reason: string, dimension: BitmapDimension, values: readonly string[]): void {
    if (this.count === 0 || !dimension.matters) return;
    this.leave(step, reason, dimension.filter(this.writable(), this.length, this.count, values));
  }

  clear(step: string, reason: string, removed: Uint32Array): void {
    if (this.count > 0) this.leave(step, reason, clearAll(this.writable(), removed, this.length));
  }

  clearSet(step: string, reason: string, removed: SlotSet): void {
    if (this.count === 0 || removed.size === 0) return;
    this.leave(step, reason, removed.clearFrom(this.writable(), this.length, this.count));
  }

  keep(step: string, reason: string, kept: Uint32Array): void {
    this.take(step, reason, (target, words) => keepAll(target, words, kept, this.length));
  }

  /** `narrow` writes to a target what is left of words, and gives its number. */
  take(step: string, reason: string, narrow: (target: Uint32Array, words: Uint32Array) => number): void {
    const left = narrow(this.#scratch, this.words);
    this.words = this.#scratch;
    this.leave(step, reason, left);
  }
}
