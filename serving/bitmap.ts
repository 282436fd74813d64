/** Number of bits set in a 32-bit word (Hacker's Delight, figure 5-2). */
export function popcount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  bits = (bits + (bits >>> 4)) & 0x0f0f0f0f;
  return Math.imul(bits, 0x01010101) >>> 24;
}

/** Number of bits set in the first `length` words. */
export function countBits(words: Uint32Array, length: number): number {
  let count = 0;
  for (let index = 0; index < length; index += 1) count += popcount(words[index] as number);
  return count;
}

export function hasBit(words: Uint32Array, slot: number): boolean {
  return ((words[slot >>> 5] as number) & (1 << (slot & 31))) !== 0;
}

export function setBit(words: Uint32Array, slot: number): void {
  words[slot >>> 5] = (words[slot >>> 5] as number) | (1 << (slot & 31));
}

export function clearBit(words: Uint32Array, slot: number): void {
  words[slot >>> 5] = (words[slot >>> 5] as number) & ~(1 << (slot & 31));
}

/*
 * The passes below count without asking whether there is anything to count: a branch for each word costs more than it saves, since nobody can guess
 * which way it goes.
 */

/** `target = words & kept`; gives the number of bits of the target. */
export function keepAll(target: Uint32Array, words: Uint32Array, kept: Uint32Array, length: number): number {
  let left = 0;
  for (let index = 0; index < length; index += 1) {
    const word = (words[index] as number) & (kept[index] as number);
    target[index] = word;
    left += popcount(word);
  }
  return left;
}

/** `words &= ~removed`; gives the number of bits left. */
export function clearAll(words: Uint32Array, removed: Uint32Array, length: number): number {
  let left = 0;
  for (let index = 0; index < length; index += 1) {
    const word = (words[index] as number) & ~(removed[index] as number);
    words[index] = word;
    left += popcount(word);
  }
  return left;
}

/** `words &= ~restricted | hits`: who is restricted must be among the hits. Gives the number of bits left. */
export function keepHits(words: Uint32Array, restricted: Uint32Array, hits: Uint32Array, length: number): number {
  let left = 0;
  for (let index = 0; index < length; index += 1) {
    const word = (words[index] as number) & (~(restricted[index] as number) | (hits[index] as number));
    words[index] = word;
    left += popcount(word);
  }
  return left;
}

/** As many slots as a set holds in a list before it becomes a bitmap: then both take about the same memory. */
function listLimit(slot: number): number {
  return Math.max(64, slot >>> 6);
}

/**
 * A set of slots (places of line items in the index). Few are kept as a list, many as a bitmap, so that memory follows the number of memberships and
 * not values × line items.
 */
export class SlotSet {
  #list: number[] | null = [];
  #words: Uint32Array = new Uint32Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(slot: number): boolean {
    if (this.#list !== null) return this.#list.includes(slot);
    return slot >>> 5 < this.#words.length && hasBit(this.#words, slot);
  }

  /** The slot must not be in the set. */
  add(slot: number): void {
    this.#size += 1;
    if (this.#list !== null) {
      this.#list.push(slot);
      if (this.#list.length > listLimit(slot)) this.#becomeBitmap();
      return;
    }
    this.bitmap((slot >>> 5) + 1);
    setBit(this.#words, slot);
  }

  /** The slot must be in the set. */
  delete(slot: number): void {
    this.#size -= 1;
    if (this.#list === null) return clearBit(this.#words, slot);
    const last = this.#list.pop() as number;
    if (last !== slot) this.#list[this.#list.indexOf(slot)] = last;
  }

  /** The slots, if they are few; else null: then `bitmap` has them. */
  get list(): readonly number[] | null {
    return this.#list;
  }

  /** The bitmap of a set that is no list, at least `length` words long. Not to be written to. */
  bitmap(length: number): Uint32Array {
    if (this.#words.length < length) {
      const grown = new Uint32Array(Math.max(length, 2 * this.#words.length));
      grown.set(this.#words);
      this.#words = grown;
    }
    return this.#words;
  }

  /** `words |= set`, over the first `length` words. */
  orInto(words: Uint32Array, length: number): void {
    if (this.#list !== null) {
      for (const slot of this.#list) setBit(words, slot);
      return;
    }
    const own = this.bitmap(length);
    for (let index = 0; index < length; index += 1) words[index] = (words[index] as number) | (own[index] as number);
  }

  /** Bits of the set in `words` become those of `source`, or 0 where that is null; all others stay. */
  assignFrom(source: Uint32Array | null, words: Uint32Array): void {
    if (this.#list !== null) {
      for (const slot of this.#list) {
        if (source !== null && hasBit(source, slot)) setBit(words, slot);
        else clearBit(words, slot);
      }
      return;
    }
    const length = Math.min(words.length, this.#words.length);
    for (let index = 0; index < length; index += 1) {
      const own = this.#words[index] as number;
      const given = source === null ? 0 : (source[index] as number);
      words[index] = ((words[index] as number) & ~own) | (own & given);
    }
  }

  /** `words &= ~set`, where `words` has `count` bits; gives the number of bits left. */
  clearFrom(words: Uint32Array, length: number, count: number): number {
    if (this.#list === null) return clearAll(words, this.bitmap(length), length);
    let left = count;
    for (const slot of this.#list) {
      if (!hasBit(words, slot)) continue;
      clearBit(words, slot);
      left -= 1;
    }
    return left;
  }

  #becomeBitmap(): void {
    const slots = this.#list as number[];
    this.#list = null;
    this.bitmap((Math.max(...slots) >>> 5) + 1);
    for (const slot of slots) setBit(this.#words, slot);
  }
}
