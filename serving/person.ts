import { isAdtallyError } from '../domain/errors.ts';
import { HmacSha256 } from '../domain/hmac.ts';
import { decodeFrequencyView, type FrequencyView, frequencyViewKey } from '../domain/frequency-view.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyStore } from '../ports/key-store.ts';
import type { ViewStore } from '../ports/view-store.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { TimesByLineItem } from './frequency.ts';

/** What a decision knows of a person with consent. */
export interface Person {
  /** Keyed hash of the raw id, hex: the key of `persons`. */
  readonly hash: string;
  /** Random key; null on first sight. */
  readonly userKey: string | null;
  /** Profile and exposures; null if they could not be read in time. */
  readonly view: FrequencyView | null;
  /** What all nodes selected within the lag of the view; missing where nodes do not share that, or nothing is known. */
  readonly selected?: TimesByLineItem;
  /** Version of the view; 0 if there is none yet. */
  readonly revision: number;
  /** Not known, and not announced by this node before: `PersonSeen` is to be written. */
  readonly firstSight: boolean;
  /** Why the view is missing, as a code; null if it is not. */
  readonly missing: 'timed_out' | 'unavailable' | 'skipped' | null;
}

export interface PersonReaderOptions {
  readonly keys: KeyStore;
  readonly views: ViewStore;
  readonly clock: Clock;
  /** Key of the hash of raw ids. */
  readonly hashSecret: Uint8Array;
  /** How long what was read is used again, ms. Default 1000. */
  readonly keptMs?: number;
  /** What other nodes selected for the person; null: there is one node. */
  readonly shared?: { read(userKey: string): Promise<TimesByLineItem> } | null;
}

interface Kept {
  readonly person: Person;
  readonly untilMs: number;
}

const keptPersons = 50_000;
const defaultKeptMs = 1000;
/** So many reads in a row without an answer in time: further ones are not waited for. */
const lateInARow = 3;
/** Reads that nobody waits for, at the same time. */
const mostUnawaited = 64;
/** A node announces an unknown person again after this, in case the first record was lost, ms. */
const announceAgainMs = 60_000;
const nobody: FrequencyView = { items: new Map(), segments: [] };

/**
 * Reads persons for decisions: the key by the hash of the raw id, and the view by the key. Both are asked for at once, one round trip, where this node
 * has met the person before: the view under the key that it had then, which counts only if that is still the key. A raw id is held no longer
 * than a call.
 */
export class PersonReader {
  readonly #options: PersonReaderOptions;
  readonly #kept = new BoundedCache<string, Kept>(keptPersons);
  readonly #announced = new BoundedCache<string, number>(keptPersons);
  readonly #hmac: HmacSha256;
  /** Reads in a row that were not answered in time. */
  #late = 0;
  #unawaited = 0;

  constructor(options: PersonReaderOptions) {
    this.#options = options;
    this.#hmac = new HmacSha256(options.hashSecret);
  }

  hash(rawId: string): string {
    const digest = this.#hmac.digest(Buffer.from(rawId));
    return Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('hex');
  }

  /** What was read a moment ago, without waiting. */
  recall(hash: string): Person | null {
    const kept = this.#kept.get(hash);
    if (kept === undefined || kept.untilMs <= this.#options.clock.now()) return null;
    return kept.person.firstSight ? { ...kept.person, firstSight: this.#announce(hash) } : kept.person;
  }

  /** The person without the read, where there is no time for it. */
  skipped(hash: string): Person {
    return { hash, userKey: null, view: null, revision: 0, firstSight: false, missing: 'skipped' };
  }

  /**
   * Reads, for at most `allowanceMs`; what comes later serves the next request. Never rejects for an engine that is away. While engines stand still nobody
   * waits for them: reads go on beside the decisions, and the first that is answered in time ends that.
   */
  async read(hash: string, allowanceMs: number): Promise<Person> {
    if (this.#late >= lateInARow) return this.#readUnawaited(hash, allowanceMs);
    const person = await this.#readInTime(hash, allowanceMs);
    return person.firstSight ? { ...person, firstSight: this.#announce(hash) } : person;
  }

  #readUnawaited(hash: string, allowanceMs: number): Person {
    if (this.#unawaited < mostUnawaited) {
      this.#unawaited += 1;
      const isBroken = () => {
        this.#late = 0; // no outage: the next read is waited for, and says what is wrong
      };
      void this.#readInTime(hash, allowanceMs)
        .catch(isBroken)
        .finally(() => (this.#unawaited -= 1));
    }
    return this.#unavailable(hash);
  }

  #readInTime(hash: string, allowanceMs: number): Promise<Person> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const timer = this.#options.clock.after(allowanceMs, () => {
        isLate = true;
        this.#late += 1;
        resolve({ ...this.skipped(hash), missing: 'timed_out' });
      });
      this.#load(hash).then((person) => {
        timer.cancel();
        if (!isLate && person.missing === null) this.#late = 0;
        resolve(person);
      }, reject);
    });
  }

  async #load(hash: string): Promise<Person> {
    try {
      const { keys } = this.#options;
      const guess = this.#kept.get(hash)?.person.userKey ?? null;
      const [[userKey = null], guessed] = await Promise.all([
        keys.getMany([hash]),
        guess === null ? null : this.#known(hash, guess),
      ]);
      const person = userKey === null ? this.#unknown(hash) : await this.#known(hash, userKey, guessed);
      const keptMs = this.#options.keptMs ?? defaultKeptMs;
      this.#kept.set(hash, { person, untilMs: this.#options.clock.now() + keptMs });
      return person;
    } catch (error) {
      if (!isAdtallyError(error) || !error.retriable) throw error;
      return this.#unavailable(hash);
    }
  }

  #unavailable(hash: string): Person {
    return { ...this.skipped(hash), missing: 'unavailable' };
  }

  #unknown(hash: string): Person {
    return { hash, userKey: null, view: null, revision: 0, firstSight: true, missing: null };
  }

  /** @param guessed what was read under the key of another time, to be used if it is this one */
  async #known(hash: string, userKey: string, guessed: Person | null = null): Promise<Person> {
    if (guessed?.userKey === userKey) return guessed;
    const { views, shared = null } = this.#options;
    const [[found = null], selected] = await Promise.all([
      views.getMany([frequencyViewKey(userKey)]),
      shared === null ? null : shared.read(userKey),
    ]);
    const view = found === null ? nobody : (decodeFrequencyView(found.value) ?? null);
    const missing = view === null ? 'unavailable' : null;
    const person = { hash, userKey, view, revision: found?.version ?? 0, firstSight: false, missing } as const;
    return selected === null ? person : { ...person, selected };
  }

  /** True if the person is to be announced now. */
  #announce(hash: string): boolean {
    const now = this.#options.clock.now();
    const before = this.#announced.get(hash);
    if (before !== undefined && now - before < announceAgainMs) return false;
    this.#announced.set(hash, now);
    return true;
  }
}
