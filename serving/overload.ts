import type { LoadZone } from '../domain/deadline-policy.ts';
import type { Random } from '../ports/random.ts';

/** How busy the process was over the last moment. */
export interface LoadSample {
  /** Share of the time in which the event loop was not idle. */
  readonly utilisation: number;
  /** Mean length of its turns, ms: for so long a request waits before it is looked at. */
  readonly turnMs: number;
  /** Share of the private buffer's room for decisions that is taken. */
  readonly bufferShare: number;
}

export interface OverloadOptions {
  readonly random: Random;
  /** Turns so long, of a loop that is never idle, are a load of 1, ms. */
  readonly fullTurnMs: number;
}

/** From these loads on a zone is entered, and below these it is left: with a distance between them, so that it does not flap. */
const bounds = { degrade: { enter: 0.7, leave: 0.6 }, shed: { enter: 0.9, leave: 0.8 } } as const;
/** Weight of the last tenth of a second: a pause of the collector alone changes no zone. */
const weight = 0.3;
/** A loop with less rest than this has none: only the length of its turns says how much too much there is. */
const restless = 0.9;
/** A load beyond this says nothing more. */
const mostLoad = 1.5;
/** After a tenth of a second in which nobody came too late the share that is taken grows by this factor; with a full buffer it falls by it. */
const growth = 1.15;
/** So much of the share of those who came too late is taken from it at once. */
const lateWeight = 0.25;
/** From here on the buffer makes the share fall. */
const fullBuffer = 0.85;
const tenthMs = 100;
/**
 * While there is shedding, a request that has waited for so much of a full turn is not taken, unless it is valuable. Well below the length of turn at which
 * shedding begins: those who are answered are to be answered in time.
 */
const latestInTurn = 0.5;
/** So many full turns it may wait otherwise: longer than most deadlines. */
const latestInBurst = 2;
/** The load has to be below for so long before a zone is left, ms. */
const calmMs = 500;
/** Share of the requests that is taken whatever the load: the most valuable. */
const topShare = 0.05;
/** The value from which on a request is among them is found anew after so long, ms. */
const thresholdMs = 3000;
const keptWorths = 2048;
/** Before so many requests nobody knows who is among the most valuable. */
const leastWorths = 64;

/** What shedding has done so far. */
export interface SheddingCounts {
  /** Requests taken because they are among the most valuable. */
  top: number;
  /** Taken of the rest, while requests were shed. */
  taken: number;
  shed: number;
  /** What those shed were expected to earn, micros by currency. */
  readonly shedMicros: Map<string, number>;
}

/**
 * Overload in three zones. Calm: nothing is done. Degrade: decisions follow the plans of their tiers. Shed: the most valuable twentieth of the requests is
 * always taken, of the rest as many as hold the load, the others are refused before any work. Load is the buffer's, or the event loop's: a loop
 * that is never idle but whose turns are short is well used, and one long turn of an idle loop is a pause; overloaded is who has both.
 */
export class Overload {
  readonly counts: SheddingCounts = { top: 0, taken: 0, shed: 0, shedMicros: new Map() };
  readonly #options: OverloadOptions;
  readonly #worths = new Float64Array(keptWorths);
  #worthCount = 0;
  #threshold = Infinity;
  #thresholdAt = -Infinity;
  #zone: LoadZone = 'calm';
  #load = 0;
  /** Share of the requests, but for the most valuable, that is taken while there is shedding. */
  #admitted = 1;
  /** Of the chosen since the last sample: those who were taken, and those who had waited too long by then. */
  #inTime = 0;
  #late = 0;
  #belowSince: number | null = null;
  #sampledAt: number | null = null;

  constructor(options: OverloadOptions) {
    this.#options = options;
  }

  get zone(): LoadZone {
    return this.#zone;
  }

  /** 1: as much as can be done; smoothed. */
  get load(): number {
    return this.#load;
  }

  get admitted(): number {
    return this.#admitted;
  }

  /** True while nobody needs to be asked. @param waitedMs how long a request has waited since its turn of the event loop began */
  isCalm(waitedMs = 0): boolean {
    return this.#zone === 'calm' && waitedMs <= latestInBurst * this.#options.fullTurnMs;
  }

  /** Takes what was measured since the last sample: a tenth of a second ago, or a whole turn where turns are longer. @param nowMs monotonic */
  sample({ utilisation, turnMs, bufferShare }: LoadSample, nowMs: number): void {
    const tenths = this.#sampledAt === null ? 1 : (nowMs - this.#sampledAt) / tenthMs;
    this.#sampledAt = nowMs;
    const turns = turnMs / this.#options.fullTurnMs;
    const ofLoop = utilisation < restless ? Math.min(utilisation, turns) : turns;
    const load = Math.min(mostLoad, Math.max(ofLoop, bufferShare));
    this.#load += (1 - (1 - weight) ** tenths) * (load - this.#load);
    if (this.#zone === 'shed') this.#adjust(tenths, bufferShare);
    this.#inTime = 0;
    this.#late = 0;
    this.#changeZone(nowMs);
    if (nowMs - this.#thresholdAt >= thresholdMs) this.#findThreshold(nowMs);
  }

  /**
   * Lets the share follow what was begun in time, so that who is taken does not depend on the place in the turn. Gently downwards: too large a share costs no more than
   * the refusals of those who come too late, too small a one leaves time unused.
   */
  #adjust(tenths: number, bufferShare: number): void {
    if (bufferShare > fullBuffer) this.#admitted /= growth ** tenths;
    else if (this.#late > 0) this.#admitted *= 1 - (lateWeight * this.#late) / (this.#inTime + this.#late);
    else this.#admitted *= growth ** tenths;
    this.#admitted = clamp(this.#admitted);
  }

  #changeZone(nowMs: number): void {
    if (this.#load >= bounds.shed.enter) this.#zone = 'shed';
    else if (this.#load >= bounds.degrade.enter && this.#zone === 'calm') this.#zone = 'degrade';
    if (!this.#mayLeave()) {
      this.#belowSince = null;
      return;
    }
    this.#belowSince ??= nowMs;
    if (nowMs - this.#belowSince < calmMs) return;
    this.#belowSince = null;
    this.#zone = this.#zone === 'shed' ? 'degrade' : 'calm';
  }

  #mayLeave(): boolean {
    if (this.#zone === 'calm') return false;
    if (this.#zone === 'shed') return this.#load < bounds.shed.leave && this.#admitted === 1;
    return this.#load < bounds.degrade.leave;
  }

  /** Notes what a request is worth beside others, so that it is known what the most valuable are worth before anything is shed. */
  observe(worth: number): void {
    this.#worths[this.#worthCount % keptWorths] = worth;
    this.#worthCount += 1;
    if (this.#worthCount === leastWorths) this.#thresholdAt = -Infinity;
  }

  /** Whether a request is taken, by what it is worth beside others and how long it has waited since its turn of the event loop began. */
  admits(worth: number, waitedMs = 0): boolean {
    this.observe(worth);
    const isShedding = this.#zone === 'shed';
    const isLate = waitedMs > (isShedding ? latestInTurn : latestInBurst) * this.#options.fullTurnMs;
    if (!isShedding && !isLate) return true;
    if (worth > this.#threshold) {
      this.counts.top += 1;
      return true;
    }
    const isChosen = this.#options.random.fraction() < this.#admitted;
    if (isChosen && isLate) this.#late += 1;
    if (isChosen && !isLate) this.#inTime += 1;
    const taken = isChosen && !isLate;
    if (taken) this.counts.taken += 1;
    else this.counts.shed += 1;
    return taken;
  }

  /** Counts what a request that was shed was expected to earn. */
  countLoss(micros: number, currency: string): void {
    const { shedMicros } = this.counts;
    shedMicros.set(currency, (shedMicros.get(currency) ?? 0) + micros);
  }

  /** Whoever is worth more than this is among the most valuable. Where many are worth the same, they are not, or all would be taken. */
  #findThreshold(nowMs: number): void {
    if (this.#worthCount < leastWorths) return;
    const sorted = this.#worths.slice(0, Math.min(this.#worthCount, keptWorths)).sort();
    this.#threshold = sorted[Math.ceil(sorted.length * (1 - topShare)) - 1] as number;
    this.#thresholdAt = nowMs;
  }
}

/** Never nothing at all, so that the worths of the rest stay known. */
function clamp(share: number): number {
  return Math.min(1, Math.max(0.02, share));
}
