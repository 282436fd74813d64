import type { ListRule } from '../domain/records.ts';
import { hasBit, keepHits, SlotSet, setBit } from './bitmap.ts';

/** Bitmaps by value that a dimension keeps. */
const mostAllowed = 256;

/** Line items that name a value. */
interface Named {
  readonly including: SlotSet;
  readonly excluding: SlotSet;
}

/**
 * One attribute of requests, by which line items include and exclude: who has an include list takes only requests with one of its values, who has an
 * exclude list takes none with one of those. Values of a request that no line item names cost nothing.
 */
export class BitmapDimension {
  readonly #restricted = new SlotSet();
  readonly #byValue = new Map<string, Named>();
  readonly #allowed = new Map<string, Uint32Array>();
  #allowedVersion = -1;
  #hits = new Uint32Array(0);
  /** Of the request at hand: sets that include it, those of them that are bitmaps, and slots of those that are lists. */
  readonly #including: SlotSet[] = [];
  readonly #bitmaps: SlotSet[] = [];
  readonly #saved: number[] = [];

  /** Puts a line item in; adds to `memberships` every set that it is now in (deleting it from them takes it out again). */
  add(slot: number, rule: ListRule, memberships: SlotSet[]): void {
    if (rule.include.length > 0) this.restrict(slot, rule.include, memberships);
    for (const value of new Set(rule.exclude)) join(this.#named(value).excluding, slot, memberships);
  }

  /** The line item takes only requests with one of these values; with none of them, no request at all. */
  restrict(slot: number, values: readonly string[], memberships: SlotSet[]): void {
    join(this.#restricted, slot, memberships);
    for (const value of new Set(values)) join(this.#named(value).including, slot, memberships);
  }

  #named(value: string): Named {
    const known = this.#byValue.get(value);
    if (known !== undefined) return known;
    const made = { including: new SlotSet(), excluding: new SlotSet() };
    this.#byValue.set(value, made);
    return made;
  }

  /** False if no line item was ever put in with a rule on this attribute. */
  get matters(): boolean {
    return this.#restricted.size > 0 || this.#byValue.size > 0;
  }

  /** True if some line item names the value. */
  names(value: string): boolean {
    const named = this.#byValue.get(value);
    return named !== undefined && (named.including.size > 0 || named.excluding.size > 0);
  }

  /**
   * Line items that take a request with these values, kept until `version` changes; null if all do. For attributes with few different values.
   */
  allowed(values: readonly string[], length: number, version: number): Uint32Array | null {
    if (!this.matters) return null;
    if (version !== this.#allowedVersion || this.#allowed.size >= mostAllowed) {
      this.#allowed.clear();
      this.#allowedVersion = version;
    }
    const key = this.keyOf(values);
    const known = this.#allowed.get(key);
    if (known !== undefined) return known;
    const words = new Uint32Array(length).fill(0xffffffff);
    this.filter(words, length, length * 32, values);
    this.#allowed.set(key, words);
    return words;
  }

  /** The same for requests that this attribute can't tell apart: those of the values that some line item names. */
  keyOf(values: readonly string[]): string {
    const [first] = values;
    if (values.length === 1 && first !== undefined) return this.names(first) ? first : '';
    return values.filter((value) => this.names(value)).join('\u0000');
  }

  /** Takes out of `words`, which has `count` bits, every line item that does not take a request with these values. Gives the bits left. */
  filter(words: Uint32Array, length: number, count: number, values: readonly string[]): number {
    let left = count;
    this.#including.length = 0;
    for (const value of values) {
      const named = this.#byValue.get(value);
      if (named === undefined) continue;
      if (named.excluding.size > 0) left = named.excluding.clearFrom(words, length, left);
      if (named.including.size > 0) this.#including.push(named.including);
    }
    return this.#restricted.size === 0 ? left : this.#clearRestricted(words, length, left);
  }

  #clearRestricted(words: Uint32Array, length: number, count: number): number {
    this.#gather(words);
    let left = this.#clearMisses(words, length, count);
    for (const slot of this.#saved) {
      if (hasBit(words, slot)) continue;
      setBit(words, slot);
      left += 1;
    }
    return left;
  }

  /** After all exclusions: hits in a list are put back when everybody who is restricted was taken out. */
  #gather(words: Uint32Array): void {
    this.#bitmaps.length = 0;
    this.#saved.length = 0;
    for (const hits of this.#including) {
      const { list } = hits;
      if (list === null) this.#bitmaps.push(hits);
      else for (const slot of list) if (hasBit(words, slot)) this.#saved.push(slot);
    }
  }

  /**
   * Restricted slots in a list have no hits in a bitmap: hits are restricted too, so theirs is never the longer list, and a set never turns back into
   * a list.
   */
  #clearMisses(words: Uint32Array, length: number, count: number): number {
    if (this.#bitmaps.length === 0) return this.#restricted.clearFrom(words, length, count);
    return keepHits(words, this.#restricted.bitmap(length), this.#union(length), length);
  }

  #union(length: number): Uint32Array {
    if (this.#bitmaps.length === 1) return (this.#bitmaps[0] as SlotSet).bitmap(length);
    if (this.#hits.length < length) this.#hits = new Uint32Array(length);
    this.#hits.fill(0, 0, length);
    for (const set of this.#bitmaps) set.orInto(this.#hits, length);
    return this.#hits;
  }
}

function join(set: SlotSet, slot: number, memberships: SlotSet[]): void {
  set.add(slot);
  memberships.push(set);
}
