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
  /** Rank bounds of `slots`. */
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
    this.#scan();
    if (this.#count > 0) {
      this.#after = this.slots[this.#count - 1] as number;
      this.#afterTie = this.#tie[this.#count - 1] as number;
    }
    return this.#count;
  }

  /** Upper bound of the one at a place of `slots`: what was not given yet is not ranked before the last one's. */
  boundAt(place: number): Rank {
    return {
      priority: this.#priority[place] as number,
      ecpmMicros: this.#ecpm[place] as number,
      tie: this.#tie[place] as number,
    };
  }

  /**
   * One pass over the words. Whole words whose best can't be among the first few are passed over: `worst…` is the last of the few, once there are
   * enough. Written as one loop over local names because it is where a large catalogue spends its time.
   */
  #scan(): void {
    const { words, length, floorMicros, requestHash } = this.#query;
    const { priority, ecpmMicros, itemHash, wordPriority, wordEcpm, wordHighest, wordHouse } = this.#bounds;
    const last = this.#size - 1;
    let worstPriority = noPriority;
    let worstEcpm = -1;
    for (let index = 0; index < length; index += 1) {
      let rest = words[index] as number;
      if (rest === 0) continue;
      const first = wordPriority[index] as number;
      if (first > worstPriority || (first === worstPriority && (wordEcpm[index] as number) < worstEcpm)) continue;
      if ((wordHighest[index] as number) < floorMicros && wordHouse[index] === 0) continue;
      while (rest !== 0) {
        const slot = (index << 5) + 31 - Math.clz32(rest & -rest);
        rest &= rest - 1;
        const own = priority[slot] as number;
        const ecpm = ecpmMicros[slot] as number;
        if (own > worstPriority || (own === worstPriority && ecpm < worstEcpm)) continue;
        if (ecpm < floorMicros && own !== housePriority) continue;
        this.#offer(slot, tieBreak(requestHash, itemHash[slot] as number));
        if (this.#count > last) {
          worstPriority = this.#priority[last] as number;
          worstEcpm = this.#ecpm[last] as number;
        }
      }
    }
  }

  /** Insertion sort: the list is short and most of what comes is worse than its end. */
  #offer(slot: number, tie: number): void {
    if (this.#after >= 0 && !this.#isAfterLast(slot, tie)) return;
    const own = this.#bounds.priority[slot] as number;
    const ecpm = this.#bounds.ecpmMicros[slot] as number;
    let place = this.#count;
    while (place > 0 && this.#isBehind(place - 1, own, ecpm) >= 0) {
      if (this.#isBehind(place - 1, own, ecpm) === 0 && !this.#losesTie(place - 1, slot, tie)) break;
      place -= 1;
    }
    if (place === this.#size) return;
    if (this.#count < this.#size) this.#count += 1;
    for (let to = this.#count - 1; to > place; to -= 1) this.#move(to - 1, to);
    this.slots[place] = slot;
    this.#priority[place] = own;
    this.#ecpm[place] = ecpm;
    this.#tie[place] = tie;
  }

  /** Above 0 if the one at a place is ranked behind such a bound, 0 if the tie decides. */
  #isBehind(place: number, own: number, ecpm: number): number {
    return (this.#priority[place] as number) - own || ecpm - (this.#ecpm[place] as number);
  }

  #losesTie(place: number, slot: number, tie: number): boolean {
    const there = this.#tie[place] as number;
    return tie === there ? slot < (this.slots[place] as number) : tie < there;
  }

  #move(from: number, to: number): void {
    this.slots[to] = this.slots[from] as number;
    this.#priority[to] = this.#priority[from] as number;
    this.#ecpm[to] = this.#ecpm[from] as number;
    this.#tie[to] = this.#tie[from] as number;
  }

  #isAfterLast(slot: number, tie: number): boolean {
    const { priority, ecpmMicros } = this.#bounds;
    const last = this.#after;
    if (priority[slot] !== priority[last]) return (priority[slot] as number) > (priority[last] as number);
    if (ecpmMicros[slot] !== ecpmMicros[last]) return (ecpmMicros[slot] as number) < (ecpmMicros[last] as number);
    return tie === this.#afterTie ? slot > last : tie > this.#afterTie;
  }
}
