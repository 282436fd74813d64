import type { LedgerEvent } from '../../ports/ledger-store.ts';
import { repetitionWindow } from '../../ports/ledger-store.ts';

/**
 * Ids of the last events of one stream, as its writer knows them. EventStoreDB does not look at ids where the expected revision is the last one
 * (KurrentDB issue 1898), so whoever appends there must: an event that is there already would be written again.
 */
export class RecentIds {
  #last = -1;
  /** Ids by revision, of revisions without gaps up to the last. */
  #ids: string[] = [];

  /** True if the ids of the last revisions up to this one are known. */
  covers(revision: number): boolean {
    return this.#last === revision && this.#ids.length >= Math.min(repetitionWindow, revision + 1);
  }

  /** True if the stream is known to go on after this revision: the server will then compare ids, whatever they are. */
  isBeyond(revision: number): boolean {
    return this.#last > revision;
  }

  /** Takes in what was read, newest first. */
  learn(events: readonly LedgerEvent[]): void {
    this.#last = events[0]?.revision ?? -1;
    this.#ids = events.map(({ id }) => id).toReversed();
  }

  /** Takes in what was written from a revision on. */
  add(first: number, ids: readonly string[]): void {
    const last = first + ids.length - 1;
    if (last <= this.#last) return;
    this.#ids = first === this.#last + 1 ? [...this.#ids, ...ids].slice(-repetitionWindow) : [...ids];
    this.#last = last;
  }

  /** The first of these ids that is among the last events, or comes twice. */
  repeated(ids: readonly string[]): string | undefined {
    const seen = new Set(this.#ids);
    return ids.find((id) => {
      const isSeen = seen.has(id);
      seen.add(id);
      return isSeen;
    });
  }
}
