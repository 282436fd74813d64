import type { ExclusionCount } from '../domain/records.ts';
import { compareRanks, competes } from './auction.ts';
import type { TopCandidates } from './bitmap-ranking.ts';
import {
  admit,
  attributeBlocked,
  belowFloor,
  bidOf,
  floorRefusal,
  noBudget,
  noExternalBid,
  type Offer,
  type PlaceFacts,
  pace,
  type Refusal,
} from './candidate.ts';
import type { CatalogIndex, IndexedLineItem } from './catalog-index.ts';
import type { Stage } from './deadline.ts';
import type { Eligible } from './eligibility.ts';

/** Losers that are recorded: so many are looked for behind the winner. */
export const losersKept = 5;

/** Told of the stages that the walk enters, and asked whether there is time to go on. */
export interface WalkTime {
  enter(stage: Stage): void;
  /** False: the walk ends with what it has. */
  mayGoOn(): boolean;
}

export interface WalkOptions {
  readonly index: CatalogIndex;
  readonly top: TopCandidates;
  readonly eligible: Eligible;
  readonly facts: PlaceFacts;
  readonly time: WalkTime;
}

/**
 * The ranking of one ad's place: walks the eligible line items from the highest upper bound down, judges each, and stops as soon as nobody further down
 * can be among the first few. So the cost follows the winners, and the winner is exactly the one that a full ranking would name.
 */
export class Ranking {
  readonly #options: WalkOptions;
  readonly #counts = new Map<Refusal, number>();
  /** Best first; complete as far as it goes. */
  readonly offers: Offer[] = [];
  readonly belowFloor: Offer[] = [];
  /** Line items that had no budget, for a rest. */
  readonly withoutBudget: IndexedLineItem[] = [];
  #judged = 0;
  /** So many were asked for: what stands behind them is not certain. */
  #filled = 0;
  /** How many were fetched last, and the first of them that was not judged. */
  #found = 0;
  #next = 0;
  #solicited = 0;
  #responded = 0;
  #participating = 0;
  #exhausted = false;
  /** Stopped for want of time. */
  cut = false;

  constructor(options: WalkOptions) {
    this.#options = options;
    const { words, length } = options.eligible;
    const { terms, requestHash } = options.facts;
    const { floorMicros } = terms.open;
    options.top.restart({ words, length, floorMicros, requestHash, clickCut: options.facts.model?.clickCut ?? 0 });
  }

  /** Goes on until the first `wanted` are certain, or until there are no more. */
  fill(wanted: number): void {
    this.#filled = Math.max(this.#filled, wanted);
    while (!this.#isCertain(wanted)) {
      if (this.#next < this.#found) this.#judge(Math.max(1, wanted - this.offers.length));
      else if (this.#exhausted || !this.#find()) return;
    }
  }

  /** Fetches the next few; false if there is no time for that. */
  #find(): boolean {
    const { top, time } = this.#options;
    if (this.#judged > 0 && !time.mayGoOn()) {
      this.cut = true;
      return false;
    }
    time.enter('targeting');
    this.#found = top.next();
    this.#next = 0;
    this.#exhausted = this.#found < top.slots.length;
    return true;
  }

  /**
   * `runnerUpOf` the ranking. Where it makes the price, the walk goes on until it is certain; else it is looked for among those that are.
   */
  runnerUp(): Offer | null {
    const [winner] = this.offers;
    if (winner?.terms.rule !== 'second_price') return runnerUpOf(this.offers.slice(0, this.#filled), 0);
    for (let place = 1; ; place += 1) {
      this.fill(place + 1);
      const other = this.offers[place];
      if (other === undefined || !competes(winner.rank, other.rank)) return null;
      if (isRival(winner, other)) return other;
    }
  }

  /** Takes out the best offer because its budget was refused after all. */
  refuseFirst(): void {
    const refused = this.offers.shift();
    if (refused === undefined) return;
    this.#count(noBudget, 1);
    this.#participating -= 1;
    this.#responded -= 1;
    this.#solicited -= 1;
  }

  get solicited(): number {
    return this.#solicited;
  }

  get responded(): number {
    return this.#responded;
  }

  get participating(): number {
    return this.#participating;
  }

  /** What took out those that were eligible and do not participate: with them, the exclusions tally with the size of the catalogue. */
  exclusions(): ExclusionCount[] {
    const rest = this.#options.eligible.count - this.#judged;
    const counts: ExclusionCount[] = [];
    for (const [{ step, reason }, count] of this.#counts) counts.push({ step, reason, count });
    if (rest === 0) return counts;
    // At the end of the walk only those are left whose upper bound does not reach the floor.
    const { step, reason } =
      this.#exhausted && this.#next === this.#found ? belowFloor : { step: 'ranking', reason: 'not_reached' };
    return addExclusion(counts, { step, reason, count: rest });
  }

  /** True if nobody who was not judged can be among the first `wanted`. */
  #isCertain(wanted: number): boolean {
    const { offers } = this;
    const last = offers[wanted - 1];
    if (last === undefined || this.#found === 0) return false;
    // The next one, or the one after the last that was fetched, is ranked behind this bound.
    const bound = this.#options.top.boundAt(Math.min(this.#next, this.#found - 1));
    return compareRanks(last.rank, bound) <= 0;
  }

  /** Judges the next few of those that were fetched. */
  #judge(few: number): void {
    const { index, top, facts, time } = this.#options;
    const end = Math.min(this.#found, this.#next + few);
    this.#judged += end - this.#next;
    time.enter('pacing');
    const asked: IndexedLineItem[] = [];
    for (; this.#next < end; this.#next += 1) {
      const item = index.at(top.slots[this.#next] as number);
      const refusal = admit(item, facts) ?? pace(item, facts);
      if (refusal === null) asked.push(item);
      else this.#count(refusal, 1);
      if (refusal === noBudget) this.withoutBudget.push(item);
    }
    this.#solicited += asked.length;
    time.enter('bidding');
    for (const item of asked) this.#bid(item);
  }

  #bid(item: IndexedLineItem): void {
    const { facts } = this.#options;
    const silent = noExternalBid(item, facts);
    if (silent !== null) return this.#count(silent, 1);
    const offer = bidOf(item, facts);
    if (offer === null) return this.#count(attributeBlocked, 1);
    this.#responded += 1;
    const refusal = floorRefusal(offer);
    if (refusal !== null) {
      this.belowFloor.push(offer);
      return this.#count(refusal, 1);
    }
    this.#participating += 1;
    let place = this.offers.length;
    while (place > 0 && compareRanks((this.offers[place - 1] as Offer).rank, offer.rank) > 0) place -= 1;
    this.offers.splice(place, 0, offer);
  }

  #count(refusal: Refusal, by: number): void {
    this.#counts.set(refusal, (this.#counts.get(refusal) ?? 0) + by);
  }
}

function isRival(a: Offer, b: Offer): boolean {
  return a.item.lineItem.advertiser_id !== b.item.lineItem.advertiser_id;
}

/**
 * The next one behind a place of a ranking that competes with it and is of another advertiser, or null: nobody pays more because of its own other
 * line items. `anyAdvertiser`: as versions before did it.
 */
export function runnerUpOf(offers: readonly Offer[], place: number, anyAdvertiser = false): Offer | null {
  const winner = offers[place];
  if (winner === undefined) return null;
  for (const other of offers.slice(place + 1)) {
    if (!competes(winner.rank, other.rank)) return null;
    if (anyAdvertiser || isRival(winner, other)) return other;
  }
  return null;
}

/** Adds a count to those of the same step and reason. */
export function addExclusion(counts: ExclusionCount[], added: ExclusionCount): ExclusionCount[] {
  const place = counts.findIndex(({ step, reason }) => step === added.step && reason === added.reason);
  const before = counts[place];
  if (before === undefined) counts.push(added);
  else counts[place] = { ...before, count: before.count + added.count };
  return counts;
}
