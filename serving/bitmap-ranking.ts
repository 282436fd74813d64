import { housePriority, type Rank, tieBreak } from './auction.ts';

/** An upper bound of the rank of a line item, before anything of the request but its seed is known. */
export interface RankBound {
  readonly priority: number;
  /** Of the best of its creatives. */
  readonly ecpmMicros: number;
  /** `hashText` of its id. */
  readonly itemHash: number;
}

const noPriority = 255;

/**
 * Rank bounds of all line items by slot, and the best of each word of 32 slots, so that whole words that can't reach the best few are passed over
 * (the block-max idea of Ding and Suel 2011, on bitmaps).
 */
export class RankBounds {
  priority = new Uint8Array(0);
  ecpmMicros = new Float64Array(0);
  itemHash = new Uint32Array(0);
  /** Of a word: its first priority, the highest value within that priority, the highest value of any, and whether it holds a house ad. */
  wordPriority = new Uint8Array(0);
  wordEcpm = new Float64Array(0);
  wordHighest = new Float64Array(0);
  wordHouse = new Uint8Array(0);

  grow(words: number): void {
    this.priority = copyInto(new Uint8Array(words * 32).fill(noPriority), this.priority);
    this.ecpmMicros = copyInto(new Float64Array(words * 32), this.ecpmMicros);
    this.itemHash = copyInto(new Uint32Array(words * 32), this.itemHash);
    this.wordPriority = copyInto(new Uint8Array(words).fill(noPriority), this.wordPriority);
    this.wordEcpm = copyInto(new Float64Array(words), this.wordEcpm);
    this.wordHighest = copyInto(new Float64Array(words), this.wordHighest);
    this.wordHouse = copyInto(new Uint8Array(words), this.wordHouse);
  }

  set(slot: number, bound: RankBound): void {
    this.priority[slot] = bound.priority;
    this.ecpmMicros[slot] = bound.ecpmMicros;
    this.itemHash[slot] = bound.itemHash;
    this.#summarise(slot >>> 5);
  }

  clear(slot: number): void {
    this.set(slot, { priority: noPriority, ecpmMicros: 0, itemHash: 0 });
  }

  #summarise(word: number): void {
    let first = noPriority;
    let best = 0;
    let highest = 0;
    let house = 0;
    for (let slot = word * 32; slot < word * 32 + 32; slot += 1) {
      const priority = this.priority[slot] as number;
      const ecpm = this.ecpmMicros[slot] as number;
      if (priority < first || (priority === first && ecpm > best)) best = ecpm;
      if (priority < first) first = priority;
      if (ecpm > highest) highest = ecpm;
      if (priority === housePriority) house = 1;
    }
    this.wordPriority[word] = first;
    this.wordEcpm[word] = best;
    this.wordHighest[word] = highest;
    this.wordHouse[word] = house;
  }
}

function copyInto<T extends Uint8Array | Uint32Array | Float64Array>(target: T, source: T): T {
  target.set(source);
  return target;
}

/** Which of the line items in a bitmap are wanted. */
export interface TopQuery {
  readonly words: Uint32Array;
  readonly length: number;
  /** House ads have no floor. */
  readonly floorMicros: number;
  readonly requestHash: number;
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
  readonly #priority: Uint8Array;
  readonly #ecpm: Float64Array;
  readonly #tie: Float64Array;
  #count = 0;
  #query: TopQuery = { words: new Uint32Array(0), length: 0, floorMicros: 0, requestHash: 0 };
  /** Last slot given, or -1 at the start: what is not ranked after it was given before. */
  #after = -1;
  #afterTie = 0;

  constructor(bounds: RankBounds, size: number) {
    this.#bounds = bounds;
    this.#size = size;
    this.slots = new Int32Array(size);
    this.#priority = new Uint8Array(size);
    this.#ecpm = new Float64Array(size);
    this.#tie = new Float64Array(size);
  }

  restart(query: TopQuery): void {
    this.#query = query;
    this.#after = -1;
  }

  /** Finds the next best; gives how many are now in `slots`, fewer than asked for only at the end. */
  next(): number {
    this.#count = 0;
    const { words, length, floorMicros } = this.#query;
    const { wordHighest, wordHouse } = this.#bounds;
    for (let index = 0; index < length; index += 1) {
      const word = words[index] as number;
      if (word === 0 || this.#isBehind(index)) continue;
      if ((wordHighest[index] as number) < floorMicros && wordHouse[index] === 0) continue;
      this.#visit(index, word);
    }
    if (this.#count > 0) {
      this.#after = this.slots[this.#count - 1] as number;
      this.#afterTie = this.#tie[this.#count - 1] as number;
    }
    return this.#count;
  }

  /** Upper bound of everything that was not given yet. */
  lastBound(): Rank {
    const { priority, ecpmMicros } = this.#bounds;
    const slot = this.#after;
    return { priority: priority[slot] as number, ecpmMicros: ecpmMicros[slot] as number, tie: this.#afterTie };
  }

  /** True if nothing in the word can be among the best. */
  #isBehind(index: number): boolean {
    if (this.#count < this.#size) return false;
    const worst = this.#priority[this.#size - 1] as number;
    const first = this.#bounds.wordPriority[index] as number;
    if (first !== worst) return first > worst;
    return (this.#bounds.wordEcpm[index] as number) < (this.#ecpm[this.#size - 1] as number);
  }

  #visit(index: number, word: number): void {
    for (let rest = word; rest !== 0; rest &= rest - 1) {
      const slot = index * 32 + 31 - Math.clz32(rest & -rest);
      const priority = this.#bounds.priority[slot] as number;
      const ecpm = this.#bounds.ecpmMicros[slot] as number;
      if (ecpm < this.#query.floorMicros && priority !== housePriority) continue;
      if (this.#count === this.#size && this.#isWorse(priority, ecpm)) continue;
      const tie = tieBreak(this.#query.requestHash, this.#bounds.itemHash[slot] as number);
      if (this.#after < 0 || this.#isAfterLast(slot, tie)) this.#insert(slot, priority, ecpm, tie);
    }
  }

  #isWorse(priority: number, ecpm: number): boolean {
    const worst = this.#priority[this.#size - 1] as number;
    return priority > worst || (priority === worst && ecpm < (this.#ecpm[this.#size - 1] as number));
  }

  #isAfterLast(slot: number, tie: number): boolean {
    const { priority, ecpmMicros } = this.#bounds;
    const last = this.#after;
    if (priority[slot] !== priority[last]) return (priority[slot] as number) > (priority[last] as number);
    if (ecpmMicros[slot] !== ecpmMicros[last]) return (ecpmMicros[slot] as number) < (ecpmMicros[last] as number);
    return tie === this.#afterTie ? slot > last : tie > this.#afterTie;
  }

  /** Insertion sort: the list is short and most of what comes is worse than its end. */
  #insert(slot: number, priority: number, ecpm: number, tie: number): void {
    let place = this.#count < this.#size ? this.#count : this.#size - 1;
    if (this.#count === this.#size && !this.#goesBefore(place, slot, priority, ecpm, tie)) return;
    while (place > 0 && this.#goesBefore(place - 1, slot, priority, ecpm, tie)) {
      this.slots[place] = this.slots[place - 1] as number;
      this.#priority[place] = this.#priority[place - 1] as number;
      this.#ecpm[place] = this.#ecpm[place - 1] as number;
      this.#tie[place] = this.#tie[place - 1] as number;
      place -= 1;
    }
    this.slots[place] = slot;
    this.#priority[place] = priority;
    this.#ecpm[place] = ecpm;
    this.#tie[place] = tie;
    if (this.#count < this.#size) this.#count += 1;
  }

  // oxlint-disable-next-line max-params -- the innermost comparison: an object for each call would be the cost of the walk
  #goesBefore(place: number, slot: number, priority: number, ecpm: number, tie: number): boolean {
    const there = this.#priority[place] as number;
    if (priority !== there) return priority < there;
    const ecpmThere = this.#ecpm[place] as number;
    if (ecpm !== ecpmThere) return ecpm > ecpmThere;
    const tieThere = this.#tie[place] as number;
    return tie === tieThere ? slot < (this.slots[place] as number) : tie < tieThere;
  }
}
