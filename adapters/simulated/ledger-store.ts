import { AdtallyError } from '../../domain/errors.ts';
import {
  type ExpectedRevision,
  greatestAppendBytes,
  type LedgerCheckpoint,
  type LedgerEvent,
  type LedgerStore,
  type LedgerSubscription,
  type NewLedgerEvent,
} from '../../ports/ledger-store.ts';

/** Ledger streams in memory that several simulated processes share, with faults on demand. */
export interface SimulatedLedger {
  open(): LedgerStore;
  /** While false, every operation rejects with `LEDGER_UNAVAILABLE`. */
  setAvailable(available: boolean): void;
  /** The next append rejects with `LEDGER_UNAVAILABLE`, after it was written or without. */
  failNextAppend(outcome: 'written' | 'not_written'): void;
}

interface Stream {
  readonly events: LedgerEvent[];
  readonly ids: Set<string>;
}

export interface SimulatedLedgerOptions {
  /** Told of every event as it is written. */
  readonly onWritten?: (event: LedgerEvent) => void;
}

export function createSimulatedLedger(options: SimulatedLedgerOptions = {}): SimulatedLedger {
  return new MemoryLedger(options);
}

class MemoryLedger implements SimulatedLedger {
  readonly #streams = new Map<string, Stream>();
  /** Events of all streams as they were written. */
  readonly #all: LedgerEvent[] = [];
  readonly #onWritten: ((event: LedgerEvent) => void) | undefined;
  #available = true;
  #nextAppendFails: 'written' | 'not_written' | undefined;

  constructor({ onWritten }: SimulatedLedgerOptions) {
    this.#onWritten = onWritten;
  }

  open(): LedgerStore {
    return new MemoryLedgerHandle(this);
  }

  setAvailable(available: boolean): void {
    this.#available = available;
  }

  failNextAppend(outcome: 'written' | 'not_written'): void {
    this.#nextAppendFails = outcome;
  }

  events(stream: string): readonly LedgerEvent[] {
    if (!this.#available) throw new AdtallyError('LEDGER_UNAVAILABLE', 'outage');
    return this.#streams.get(stream)?.events ?? [];
  }

  all(): readonly LedgerEvent[] {
    this.events('');
    return this.#all;
  }

  names(): readonly string[] {
    this.events('');
    return [...this.#streams.keys()].toSorted();
  }

  append(stream: string, first: number, events: readonly NewLedgerEvent[]): number {
    const written = this.events(stream);
    const fails = this.#nextAppendFails;
    this.#nextAppendFails = undefined;
    if (fails === 'not_written')
      throw new AdtallyError('LEDGER_UNAVAILABLE', `the append to ${stream} was not written`);
    const repeated = events.every(({ id }, i) => written[first + i]?.id === id);
    if (!repeated) this.#write(stream, first, events);
    if (fails === 'written')
      throw new AdtallyError('LEDGER_UNAVAILABLE', `the append to ${stream} was not acknowledged`);
    return first + events.length - 1;
  }

  #write(stream: string, first: number, events: readonly NewLedgerEvent[]): void {
    const { events: written, ids } = this.#streams.get(stream) ?? { events: [], ids: new Set<string>() };
    const isNew = new Set(events.map(({ id }) => id)).size === events.length && !events.some(({ id }) => ids.has(id));
    if (first !== written.length || !isNew) {
      const what = first === written.length ? 'one of the events is there already' : `the writer expects ${first - 1}`;
      throw new AdtallyError('WRONG_EXPECTED_REVISION', `${stream} is at ${written.length - 1}, ${what}`);
    }
    for (const [i, event] of events.entries()) {
      const recorded = { ...event, data: event.data.slice(), stream, revision: first + i };
      written.push(recorded);
      this.#all.push(recorded);
      ids.add(event.id);
    }
    this.#streams.set(stream, { events: written, ids });
    if (this.#onWritten !== undefined) for (const event of written.slice(first)) this.#onWritten(event);
  }
}

class MemoryLedgerHandle implements LedgerStore {
  readonly name = 'simulated';
  readonly maxAppendBytes = greatestAppendBytes;
  readonly #ledger: MemoryLedger;
  #closed = false;

  constructor(ledger: MemoryLedger) {
    this.#ledger = ledger;
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly NewLedgerEvent[]) {
    this.#checkOpen();
    if (events.length === 0) throw new AdtallyError('INVARIANT_BROKEN', `an append to ${stream} carries no event`);
    const bytes = events.reduce((sum, { data }) => sum + data.length, 0);
    if (bytes > this.maxAppendBytes) {
      throw new AdtallyError('APPEND_TOO_LARGE', `${bytes} bytes to ${stream}; at most ${this.maxAppendBytes}`);
    }
    return { revision: this.#ledger.append(stream, expected === 'no_stream' ? 0 : expected + 1, events) };
  }

  async readForwards(stream: string, from: number, max: number): Promise<readonly LedgerEvent[]> {
    this.#checkOpen();
    return this.#ledger.events(stream).slice(from, from + max);
  }

  async readBackwards(stream: string, from: number | 'end', max: number): Promise<readonly LedgerEvent[]> {
    this.#checkOpen();
    const upTo = this.#ledger.events(stream).slice(0, from === 'end' ? undefined : from + 1);
    return upTo.toReversed().slice(0, max);
  }

  async tail(stream: string): Promise<LedgerEvent | null> {
    return (await this.readBackwards(stream, 'end', 1))[0] ?? null;
  }

  async streams(): Promise<readonly string[]> {
    this.#checkOpen();
    return this.#ledger.names();
  }

  async subscribe(from: LedgerCheckpoint | 'start' | 'end'): Promise<LedgerSubscription> {
    this.#checkOpen();
    const written = this.#ledger.all().length;
    let next = from === 'start' ? 0 : from === 'end' ? written : Number(from.commit);
    return {
      next: async (max) => {
        this.#checkOpen();
        const events = this.#ledger.all().slice(next, next + max);
        next += events.length;
        return { events, checkpoint: events.length === 0 ? null : { commit: BigInt(next), prepare: BigInt(next) } };
      },
      close: async () => {},
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #checkOpen(): void {
    if (this.#closed) throw new AdtallyError('LEDGER_UNAVAILABLE', 'is closed');
  }
}
