import { isAdtallyError } from '../domain/errors.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { ViewStore } from '../ports/view-store.ts';
import { type TimesByLineItem, viewLagMs } from './frequency.ts';
import { decodeSelections, encodeSelections, sharedSelectionsKey } from './shared-selections-view.ts';

export interface SharedSelectionsOptions {
  /** Read and written without a cache: what another node wrote a moment ago is what this is for. */
  readonly store: ViewStore;
  readonly clock: Clock;
  /** What the store can't be blamed for. */
  readonly onError: (error: Error) => void;
}

interface Noted {
  readonly lineItemId: string;
  readonly atMs: number;
}

/** Selections are gathered for so long before they are written, ms. */
const gatherMs = 1;
const personsWaiting = 10_000;
/** Another node wrote in between: so many times it is tried again. */
const attempts = 6;
const nothing: TimesByLineItem = new Map();

/**
 * What nodes tell each other of persons whose views lag: the selections of the last minute, one short-lived view a person. Written beside the decisions,
 * never waited for by one; read with the person. A writer reads, adds and writes under the next version, which one of two takes: the other reads again.
 */
export class SharedSelections {
  readonly #options: SharedSelectionsOptions;
  #waiting = new Map<string, Noted[]>();
  #timer: Timer | null = null;
  #writing = false;
  /** Selections that could not be told: caps may be missed by so many. */
  lost = 0;

  constructor(options: SharedSelectionsOptions) {
    this.#options = options;
  }

  /** What all nodes have selected for the person, as far as they have told. */
  async read(userKey: string): Promise<TimesByLineItem> {
    const [found = null] = await this.#options.store.getMany([sharedSelectionsKey(userKey)]);
    return found === null ? nothing : decodeSelections(found.value);
  }

  note(userKey: string, lineItemId: string, atMs: number): void {
    const noted = this.#waiting.get(userKey);
    if (noted !== undefined) noted.push({ lineItemId, atMs });
    else if (this.#waiting.size < personsWaiting) this.#waiting.set(userKey, [{ lineItemId, atMs }]);
    else this.lost += 1;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#writing || this.#timer !== null || this.#waiting.size === 0) return;
    this.#timer = this.#options.clock.after(gatherMs, () => {
      this.#timer = null;
      this.#writing = true;
      void this.#writeAll().finally(() => {
        this.#writing = false;
        this.#schedule();
      });
    });
  }

  async #writeAll(): Promise<void> {
    let batch = this.#waiting;
    this.#waiting = new Map();
    try {
      for (let attempt = 0; attempt < attempts && batch.size > 0; attempt += 1) batch = await this.#write(batch);
    } catch (error) {
      if (!isAdtallyError(error)) this.#options.onError(error as Error);
    }
    for (const noted of batch.values()) this.lost += noted.length;
  }

  /** Gives what another node was faster than. */
  async #write(batch: Map<string, Noted[]>): Promise<Map<string, Noted[]>> {
    const { store, clock } = this.#options;
    const users = [...batch.keys()];
    const found = await store.getMany(users.map(sharedSelectionsKey));
    const fromMs = clock.now() - viewLagMs;
    const writes = users.map((user, place) => {
      const before = found[place] ?? null;
      const times = added(before === null ? nothing : decodeSelections(before.value), batch.get(user) ?? [], fromMs);
      return {
        key: sharedSelectionsKey(user),
        version: (before?.version ?? 0) + 1,
        value: encodeSelections(times),
        expiresAt: clock.now() + viewLagMs,
      };
    });
    const written = await store.putMany(writes);
    return new Map(users.filter((_, place) => written[place] !== true).map((user) => [user, batch.get(user) ?? []]));
  }
}

/** Both together, without what is older than the lag. */
function added(times: TimesByLineItem, noted: readonly Noted[], fromMs: number): TimesByLineItem {
  const all = new Map(Array.from(times, ([id, list]) => [id, list.filter((time) => time > fromMs)]));
  for (const { lineItemId, atMs } of noted) {
    const list = all.get(lineItemId);
    if (list === undefined) all.set(lineItemId, [atMs]);
    else list.push(atMs);
  }
  return new Map([...all].filter(([, list]) => list.length > 0).map(([id, list]) => [id, list.sort((a, b) => a - b)]));
}
