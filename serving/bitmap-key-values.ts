import type { KeyValueRule } from '../domain/records.ts';
import { keepHits, SlotSet } from './bitmap.ts';

/** Line items whose include rules stand on the same keys. Sets are by key and value, of this group only. */
interface Group {
  /** Keys of its include rules; a key stands here once for each rule on it. */
  readonly keys: readonly string[];
  /** By place in `keys`, then by value. */
  readonly sets: readonly Map<string, SlotSet>[];
}

/** Values of a request by key. */
export type KeyValues = ReadonlyMap<string, readonly string[]>;

/**
 * Key-values, where every rule of a line item must hold. Line items are grouped by the keys on which they include, so that a request looks only at
 * groups whose keys it has, however many keys the catalogue knows.
 */
export class BitmapKeyValues {
  readonly #restricted = new SlotSet();
  readonly #groups = new Map<string, Group>();
  readonly #exclude = new Map<string, SlotSet>();
  /** Groups whose keys the request at hand has. */
  readonly #asked: Group[] = [];
  #hits = new Uint32Array(0);
  #ofGroup = new Uint32Array(0);
  #ofRule = new Uint32Array(0);

  add(slot: number, rules: readonly KeyValueRule[], memberships: SlotSet[]): void {
    const join = (sets: Map<string, SlotSet>, name: string) => {
      const set = sets.get(name) ?? new SlotSet();
      sets.set(name, set);
      set.add(slot);
      memberships.push(set);
    };
    for (const name of excludedNames(rules)) join(this.#exclude, name);
    const including = rules.filter((rule) => rule.include.length > 0).sort((a, b) => (a.key < b.key ? -1 : 1));
    if (including.length === 0) return;
    this.#restricted.add(slot);
    memberships.push(this.#restricted);
    const group = this.#group(including.map((rule) => rule.key));
    for (const [place, rule] of including.entries()) {
      for (const value of new Set(rule.include)) join(group.sets[place] as Map<string, SlotSet>, value);
    }
  }

  #group(keys: readonly string[]): Group {
    const signature = JSON.stringify(keys);
    const known = this.#groups.get(signature);
    if (known !== undefined) return known;
    const made: Group = { keys, sets: keys.map(() => new Map<string, SlotSet>()) };
    this.#groups.set(signature, made);
    return made;
  }

  /** False if no line item was ever put in with a rule. */
  get matters(): boolean {
    return this.#restricted.size > 0 || this.#exclude.size > 0;
  }

  /** Takes out of `words`, which has `count` bits, every line item that does not take these key-values. Gives the bits left. */
  filter(words: Uint32Array, length: number, count: number, keyValues: KeyValues): number {
    let left = count;
    if (this.#exclude.size > 0) {
      for (const [key, values] of keyValues) {
        for (const value of values) {
          left = this.#exclude.get(nameOf(key, value))?.clearFrom(words, length, left) ?? left;
        }
      }
    }
    return this.#restricted.size === 0 ? left : this.#filterRestricted(words, length, left, keyValues);
  }

  #filterRestricted(words: Uint32Array, length: number, count: number, keyValues: KeyValues): number {
    this.#asked.length = 0;
    for (const group of this.#groups.values()) if (isAsked(group, keyValues)) this.#asked.push(group);
    if (this.#asked.length === 0) return this.#restricted.clearFrom(words, length, count);
    this.#makeRoom(length);
    this.#hits.fill(0, 0, length);
    for (const group of this.#asked) this.#addHits(group, length, keyValues);
    return keepHits(words, this.#restrictedWords(length), this.#hits, length);
  }

  #restrictedWords(length: number): Uint32Array {
    if (this.#restricted.list === null) return this.#restricted.bitmap(length);
    const words = this.#ofRule.fill(0, 0, length);
    this.#restricted.orInto(words, length);
    return words;
  }

  /** The hits of a group are those of all its rules. */
  #addHits({ keys, sets }: Group, length: number, keyValues: KeyValues): void {
    if (keys.length === 1) return orValues(this.#hits, length, sets[0], keyValues.get(keys[0] as string));
    this.#ofGroup.fill(0, 0, length);
    orValues(this.#ofGroup, length, sets[0], keyValues.get(keys[0] as string));
    for (let place = 1; place < keys.length; place += 1) {
      this.#ofRule.fill(0, 0, length);
      orValues(this.#ofRule, length, sets[place], keyValues.get(keys[place] as string));
      intersect(this.#ofGroup, this.#ofRule, length);
    }
    for (let index = 0; index < length; index += 1) {
      this.#hits[index] = (this.#hits[index] as number) | (this.#ofGroup[index] as number);
    }
  }

  #makeRoom(length: number): void {
    if (this.#hits.length >= length) return;
    this.#hits = new Uint32Array(length);
    this.#ofGroup = new Uint32Array(length);
    this.#ofRule = new Uint32Array(length);
  }
}

function isAsked({ keys }: Group, keyValues: KeyValues): boolean {
  for (const key of keys) if (!keyValues.has(key)) return false;
  return true;
}

type SetsOfRule = ReadonlyMap<string, SlotSet>;

/** `words |=` the line items that include any of the values. */
function orValues(words: Uint32Array, length: number, sets?: SetsOfRule, values: readonly string[] = []): void {
  for (const value of values) sets?.get(value)?.orInto(words, length);
}

function intersect(words: Uint32Array, other: Uint32Array, length: number): void {
  for (let index = 0; index < length; index += 1) words[index] = (words[index] as number) & (other[index] as number);
}

function nameOf(key: string, value: string): string {
  return `${key}\u0000${value}`;
}

function excludedNames(rules: readonly KeyValueRule[]): Set<string> {
  return new Set(rules.flatMap((rule) => rule.exclude.map((value) => nameOf(rule.key, value))));
}
