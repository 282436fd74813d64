import type { ListRule } from '../domain/records.ts';
import { clearAll, clearBit, hasBit, keepHits, SlotSet, setBit } from './bitmap.ts';

/** Sets by value, made on first use. */
class SetsByValue {
  readonly #sets = new Map<string, SlotSet>();

  add(value: string, slot: number): SlotSet {
    let set = this.#sets.get(value);
    if (set === undefined) {
      set = new SlotSet();
      this.#sets.set(value, set);
    }
    set.add(slot);
    return set;
  }

  /** The set of a value, if anything is in it. */
  get(value: string): SlotSet | undefined {
    const set = this.#sets.get(value);
    return set === undefined || set.size === 0 ? undefined : set;
  }
}

/**
 * One attribute of requests, by which line items include and exclude: who has an include list takes only requests with one of its values, who has an
 * exclude list takes none with one of those. Values of a request that no line item names cost nothing.
 */
export class BitmapDimension {
  readonly #restricted = new SlotSet();
  readonly #include = new SetsByValue();
  readonly #exclude = new SetsByValue();
  #excluding = 0;
  #hits = new Uint32Array(0);

  /** Puts a line item in; adds to `memberships` every set that it is now in (deleting it from them takes it out again). */
  add(slot: number, rule: ListRule, memberships: SlotSet[]): void {
    if (rule.include.length > 0) this.restrict(slot, rule.include, memberships);
    for (const value of new Set(rule.exclude)) {
      memberships.push(this.#exclude.add(value, slot));
      this.#excluding += 1;
    }
  }

  /** The line item takes only requests with one of these values; with none of them, no request at all. */
  restrict(slot: number, values: readonly string[], memberships: SlotSet[]): void {
    this.#restricted.add(slot);
    memberships.push(this.#restricted);
    for (const value of new Set(values)) memberships.push(this.#include.add(value, slot));
  }

  /** False if no line item was ever put in with a rule on this attribute. */
  get matters(): boolean {
    return this.#restricted.size > 0 || this.#excluding > 0;
  }

  /** True if some line item names the value. */
  names(value: string): boolean {
    return this.#include.get(value) !== undefined || this.#exclude.get(value) !== undefined;
  }

  /** Takes out of `words`, which has `count` bits, every line item that does not take a request with these values. Gives the bits left. */
  filter(words: Uint32Array, length: number, count: number, values: readonly string[]): number {
    let left = count;
    for (const value of values) {
      const excluded = this.#exclude.get(value);
      if (excluded !== undefined) left -= excluded.clearFrom(words, length);
    }
    if (this.#restricted.size === 0 || left === 0) return left;
    return this.#filterRestricted(words, length, left, values);
  }

  #filterRestricted(words: Uint32Array, length: number, count: number, values: readonly string[]): number {
    const saved: number[] = [];
    const bitmaps: SlotSet[] = [];
    for (const value of values) {
      const hit = this.#include.get(value);
      if (hit === undefined) continue;
      if (hit.list === null) bitmaps.push(hit);
      else for (const slot of hit.list) if (hasBit(words, slot)) saved.push(slot);
    }
    let left = this.#clearMisses(words, length, count, bitmaps);
    for (const slot of saved) {
      if (hasBit(words, slot)) continue;
      setBit(words, slot);
      left += 1;
    }
    return left;
  }

  /**
   * Hits that are lists are put back afterwards. Restricted slots in a list have no hits in a bitmap: hits are restricted too, so theirs is never the
   * longer list, and a set never turns back into a list.
   */
  #clearMisses(words: Uint32Array, length: number, count: number, bitmaps: readonly SlotSet[]): number {
    const few = this.#restricted.list;
    if (few !== null) return count - clearSlots(words, few);
    const restricted = this.#restricted.bitmap(length);
    if (bitmaps.length === 0) return clearAll(words, restricted, length);
    return keepHits(words, restricted, this.#union(bitmaps, length), length);
  }

  #union(sets: readonly SlotSet[], length: number): Uint32Array {
    if (sets.length === 1) return (sets[0] as SlotSet).bitmap(length);
    if (this.#hits.length < length) this.#hits = new Uint32Array(length);
    this.#hits.fill(0, 0, length);
    for (const set of sets) set.orInto(this.#hits, length);
    return this.#hits;
  }
}

function clearSlots(words: Uint32Array, slots: readonly number[]): number {
  let cleared = 0;
  for (const slot of slots) {
    if (!hasBit(words, slot)) continue;
    clearBit(words, slot);
    cleared += 1;
  }
  return cleared;
}
