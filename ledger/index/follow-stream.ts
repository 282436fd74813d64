import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import type { IndexedStream, LedgerIndexStore } from '../../ports/ledger-index.ts';
import type { LedgerEvent, LedgerStore } from '../../ports/ledger-store.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { StreamReading } from './stream-reading.ts';

export interface IndexingPorts {
  readonly store: LedgerStore;
  readonly registry: SchemaRegistry;
  readonly index: LedgerIndexStore;
}

/** Events read at a time: few where they are full, so that no transaction holds up the process for long; many where they are checkpoints. */
const eventsAtATime = { least: 1, most: 256 };
const entriesAtATime = 2000;

/** Brings one stream of the index up to the ledger store, step by step, each one transaction. */
export class StreamFollower {
  readonly stream: string;
  readonly #ports: IndexingPorts;
  #events = eventsAtATime.least;

  constructor(stream: string, ports: IndexingPorts) {
    this.stream = stream;
    this.#ports = ports;
  }

  /**
   * Adds what comes next; false if there is nothing more. What was right is added before an error is thrown: `CHAIN_BROKEN`, `UNKNOWN_SCHEMA`, or one
   * of the ports.
   */
  async advance(): Promise<boolean> {
    const { index } = this.#ports;
    const known = await index.indexedStream(this.stream);
    const events = await this.#next(known);
    const { entries } = await this.#index(known, events);
    const more = events.length === this.#events;
    this.#adapt(entries);
    return more;
  }

  /**
   * Adds events that a subscription brought, in the order of the stream; what is known already is left out, and where some are missing the stream is read to its
   * end. Errors: as `advance`.
   */
  async take(events: readonly LedgerEvent[]): Promise<void> {
    const known = await this.#ports.index.indexedStream(this.stream);
    let next = (known?.revision ?? -1) + 1;
    const fresh: LedgerEvent[] = [];
    for (const event of events) {
      if (event.revision !== next) continue;
      fresh.push(event);
      next += 1;
    }
    const isWhole = events.every(({ revision }) => revision < next);
    if (fresh.length > 0 && isWhole && (await this.#index(known, fresh)).isAdded) return;
    if (fresh.length > 0 || !isWhole) while (await this.advance());
  }

  /** Adds events that follow what is known, in one transaction; not if somebody else has added some of them. */
  async #index(known: IndexedStream | null, events: readonly LedgerEvent[]) {
    const reading = new StreamReading(this.stream, known, this.#ports.registry);
    const failure = this.#read(events, reading);
    const step = reading.step();
    const isNew = step !== null && step.to !== known;
    const isAdded = isNew && (await this.#ports.index.advance(known?.revision ?? null, step));
    if (failure !== null) throw failure;
    return { isAdded, entries: reading.entryCount };
  }

  /** The events after the last one indexed, which must still be there. */
  async #next(known: IndexedStream | null): Promise<readonly LedgerEvent[]> {
    const { store } = this.#ports;
    if (known === null) return store.readForwards(this.stream, 0, this.#events);
    const [last, ...events] = await store.readForwards(this.stream, known.revision, this.#events + 1);
    if (last?.id === known.eventId) return events;
    const what = last === undefined ? 'is gone' : `is now ${last.id}, it was ${known.eventId}`;
    throw new AdtallyError(
      'CHAIN_BROKEN',
      `${this.stream} revision ${known.revision}, before source position ${known.next.offset}/${known.next.ordinal}: the event ${what}`,
    );
  }

  #read(events: readonly LedgerEvent[], reading: StreamReading): AdtallyError | null {
    try {
      for (const event of events) reading.add(event);
      return null;
    } catch (error) {
      if (isAdtallyError(error)) return error;
      throw error;
    }
  }

  #adapt(entries: number): void {
    const { least, most } = eventsAtATime;
    this.#events = entries > entriesAtATime ? Math.max(least, this.#events / 2) : Math.min(most, this.#events * 2);
  }
}
