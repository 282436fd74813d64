import { ecpmLimit, housePriority, type Rank, tieBreak } from './auction.ts';

/** An upper bound of the rank of a line item, before anything of the request but its seed is known. */
export interface RankBound {
  readonly priority: number;
  /** True if it may be sold by a fixed-price deal. */
  readonly preferred: boolean;
  /** Of the best of its creatives. */
  readonly ecpmMicros: number;
  /** Highest floor that it might meet; Infinity if that of the open auction does not bind it: house ads, and whoever buys by deals. */
  readonly worthMicros: number;
  /** What of the value rests on a predicted click rate, so that a request cuts it by `clickCut`; 0: nothing. */
  readonly clickMicros: number;
  /** `hashText` of its id. */
  readonly itemHash: number;
}

/**
 * Priority, deal and value in one number, greater is ranked first: values stay below `ecpmLimit` (2^47) and there are fewer than 64 steps above them, so
 * the sum is exact.
 */
function keyOf({ priority, preferred, ecpmMicros }: Pick<RankBound, 'priority' | 'preferred' | 'ecpmMicros'>): number {
  return ((housePriority + 1 - priority) * 2 + (preferred ? 1 : 0)) * ecpmLimit + ecpmMicros;
}

function rankOfKey(key: number, tie: number): Rank {
  const step = Math.floor(key / ecpmLimit);
  const priority = housePriority + 1 - Math.floor(step / 2);
  return { priority, preferred: step % 2 === 1, ecpmMicros: key % ecpmLimit, tie };
}

/** Where there is no line item. */
const noKey = -1;

/**
 * Rank bounds of all line items by slot, and the best of each word of 32 slots, so that whole words that can't reach the best few are passed over
 * (the block-max idea of Ding and Suel 2011, on bitmaps).
 */
export class RankBounds {
  key = new Float64Array(0);
  /** What the floor of the open auction is held against. */
  worth = new Float64Array(0);
  click = new Float64Array(0);
  itemHash = new Uint32Array(0);
  /** Highest of the word. */
  wordKey = new Float64Array(0);
  wordWorth = new Float64Array(0);

  grow(words: number): void {
    this.key = copyInto(new Float64Array(words * 32).fill(noKey), this.key);
    this.worth = copyInto(new Float64Array(words * 32), this.worth);
    this.click = copyInto(new Float64Array(words * 32), this.click);
    this.itemHash = copyInto(new Uint32Array(words * 32), this.itemHash);
    this.wordKey = copyInto(new Float64Array(words).fill(noKey), this.wordKey);
    this.wordWorth = copyInto(new Float64Array(words), this.wordWorth);
  }

  set(slot: number, bound: RankBound): void {
    this.key[slot] = keyOf(bound);
    this.worth[slot] = bound.worthMicros;
    this.click[slot] = bound.clickMicros;
    this.itemHash[slot] = bound.itemHash;
    this.#summarise(slot >>> 5);
  }

  clear(slot: number): void {
    this.key[slot] = noKey;
    this.worth[slot] = 0;
    this.click[slot] = 0;
    this.#summarise(slot >>> 5);
  }

  #summarise(word: number): void {
    const slots = word * 32;
    this.wordKey[word] = highest(this.key, slots);
    this.wordWorth[word] = highest(this.worth, slots);
  }
}

function highest(values: Float64Array, from: number): number {
  let best = noKey;
  for (let slot = from; slot < from + 32; slot += 1) best = Math.max(best, values[slot] as number);
  return best;
}

function copyInto<T extends Uint32Array | Float64Array>(target: T, source: T): T {
  target.set(source);
  return target;
}

/** Which of the line items in a bitmap are wanted. */
export interface TopQuery {
  readonly words: Uint32Array;
  readonly length: number;
  /** Of the open auction. */
  readonly floorMicros: number;
  readonly requestHash: number;
  /** Share by which the request cuts what rests on click rates, 0 to 1. */
  readonly clickCut: number;
}

/**
 * Walks the line items of a bitmap in the order of their rank bounds, a few at a time: `restart`, then `next` until it gives 0. The arrays are used
 * again for every request; one walk at a time.
 */
export class TopCandidates {
  readonly #bounds: RankBounds;
  readonly #size: number;
  /** Slots of the last `next`, best first. */
  readonly slots: Int32Array;
  /** Rank bounds of `slots`. */
  readonly #keys: Float64Array;
  readonly #ties: Float64Array;
  #count = 0;
  #query: TopQuery = { words: new Uint32Array(0), length: 0, floorMicros: 0, requestHash: 0, clickCut: 0 };
  /** The last one given, or Infinity at the start: what is not ranked after it was given before. */
  #afterKey = Infinity;
  #afterTie = 0;
  #afterSlot = 0;

  constructor(bounds: RankBounds, size: number) {
    this.#bounds = bounds;
    this.#size = size;
    this.slots = new Int32Array(size);
    this.#keys = new Float64Array(size);
    this.#ties = new Float64Array(size);
  }

  restart(query: TopQuery): void {
    this.#query = query;
    this.#afterKey = Infinity;
  }

  /** Finds the next best; gives how many are now in `slots`, fewer than asked for only at the end. */
  next(): number {
    this.#count = 0;
    this.#scan();
    const last = this.#count - 1;
    if (last >= 0) {
      this.#afterKey = this.#keys[last] as number;
      this.#afterTie = this.#ties[last] as number;
      this.#afterSlot = this.slots[last] as number;
    }
    return this.#count;
  }

  /** Upper bound of the one at a place of `slots`: what was not given yet is not ranked before the last one's. */
  boundAt(place: number): Rank {
    return rankOfKey(this.#keys[place] as number, this.#ties[place] as number);
  }

  /**
   * One pass over the words. Whole words whose best can't be among the first few are passed over: `worst` is the last of the few, once there are
   * enough. Written as one loop over local names because it is where a large catalogue spends its time.
   */
  #scan(): void {
    const { words, length, floorMicros, requestHash, clickCut } = this.#query;
    const { key, worth, click, itemHash, wordKey, wordWorth } = this.#bounds;
    let worst = noKey;
    for (let index = 0; index < length; index += 1) {
      // As a signed integer: an unsigned one would be kept as a float.
      let rest = (words[index] as number) | 0;
      if (rest === 0 || (wordKey[index] as number) < worst || (wordWorth[index] as number) < floorMicros) continue;
      while (rest !== 0) {
        const slot = (index << 5) + 31 - Math.clz32(rest & -rest);
        rest &= rest - 1;
        const cut = clickCut === 0 ? 0 : Math.floor((click[slot] as number) * clickCut);
        const own = (key[slot] as number) - cut;
        if (own < worst || own > this.#afterKey || (worth[slot] as number) - cut < floorMicros) continue;
        this.#offer(slot, own, tieBreak(requestHash, itemHash[slot] as number));
        if (this.#count === this.#size) worst = this.#keys[this.#size - 1] as number;
      }
    }
  }

  /** Insertion sort: the list is short and most of what comes is worse than its end. */
  #offer(slot: number, key: number, tie: number): void {
    if (key === this.#afterKey && !isAfter(tie, slot, this.#afterTie, this.#afterSlot)) return;
    const { slots } = this;
    const [keys, ties] = [this.#keys, this.#ties];
    let place = this.#count;
    if (place === this.#size) {
      if (key === keys[place - 1] && isAfter(tie, slot, ties[place - 1] as number, slots[place - 1] as number)) return;
      place -= 1;
    } else this.#count += 1;
    for (; place > 0; place -= 1) {
      const before = place - 1;
      const other = keys[before] as number;
      if (other > key || (other === key && isAfter(tie, slot, ties[before] as number, slots[before] as number))) break;
      slots[place] = slots[before] as number;
      keys[place] = other;
      ties[place] = ties[before] as number;
    }
    slots[place] = slot;
    keys[place] = key;
    ties[place] = tie;
  }
}

/** Order among equal keys: the lower tie first and, should two hashes be the same, the lower slot. */
function isAfter(tie: number, slot: number, otherTie: number, otherSlot: number): boolean {
  return tie === otherTie ? slot > otherSlot : tie > otherTie;
}
