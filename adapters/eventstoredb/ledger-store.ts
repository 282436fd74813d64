import { BACKWARDS, binaryEvent, END, FORWARDS, type ReadRevision } from '@eventstore/db-client';
import { AdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  type ExpectedRevision,
  greatestAppendBytes,
  type LedgerCheckpoint,
  type LedgerEvent,
  type LedgerStore,
  type LedgerSubscription,
  type NewLedgerEvent,
  repetitionWindow,
} from '../../ports/ledger-store.ts';
import { type ClosableClient, createClient, type EventStoreDbAddress } from './client.ts';
import { ledgerFailure, isStreamMissing } from './failures.ts';
import { ledgerEvent } from './ledger-event.ts';
import { RecentIds } from './recent-ids.ts';
import { StreamList } from './stream-list.ts';
import { EventStoreDbSubscription } from './subscription.ts';

export interface EventStoreDbLedgerStoreOptions {
  readonly address: EventStoreDbAddress;
  readonly clock: Clock;
}

/** Events asked for at a time: each page has the whole deadline to itself. */
const pageEvents = 64;
/** What the server adds up may be no more than this (`MaxAppendSize`, its default). */
const serverAppendBytes = 1024 * 1024;
/** Without credentials there is no TLS, and without TLS the client drops them again. They make it take Append, see `#append`. */
const nobody = { username: 'nobody', password: '' };

/** The ledger store on EventStoreDB. Connects when it is first asked for something, and again after every failure. */
export async function openEventStoreDbLedgerStore(options: EventStoreDbLedgerStoreOptions): Promise<LedgerStore> {
  return new EventStoreDbLedgerStore(options);
}

interface Page {
  readonly stream: string;
  readonly from: ReadRevision;
  readonly max: number;
  readonly direction: typeof FORWARDS | typeof BACKWARDS;
}

class EventStoreDbLedgerStore implements LedgerStore {
  readonly name: string;
  readonly maxAppendBytes = greatestAppendBytes;
  readonly #client: ClosableClient;
  readonly #address: EventStoreDbAddress;
  readonly #clock: Clock;
  readonly #list: StreamList;
  readonly #recent = new Map<string, RecentIds>();
  #isClosed = false;

  constructor({ address, clock }: EventStoreDbLedgerStoreOptions) {
    const hosts = address.endpoints.map(({ address: host, port }) => `${host}:${port}`);
    this.name = `esdb://${hosts.toSorted().join(',')}/${address.streamPrefix}`;
    this.#client = createClient(address);
    this.#address = address;
    this.#clock = clock;
    this.#list = new StreamList({
      read: () => this.#forwards(StreamList.stream, 0, Number.MAX_SAFE_INTEGER),
      append: (expected, events) => this.#append(StreamList.stream, expected, events),
    });
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly NewLedgerEvent[]) {
    checkSize(stream, events);
    if (expected === 'no_stream') await this.#list.add(stream);
    const recent = this.#recent.get(stream) ?? new RecentIds();
    this.#recent.set(stream, recent);
    await this.#refuseRepetition({ stream, expected, events }, recent);
    const { revision } = await this.#append(stream, expected, events);
    const ids = events.map(({ id }) => id);
    recent.add(revision - ids.length + 1, ids);
    return { revision };
  }

  async readForwards(stream: string, from: number, max: number): Promise<readonly LedgerEvent[]> {
    return this.#forwards(stream, from, max);
  }

  async readBackwards(stream: string, from: number | 'end', max: number): Promise<readonly LedgerEvent[]> {
    const events: LedgerEvent[] = [];
    for (let next: ReadRevision = from === 'end' ? END : BigInt(from); events.length < max; ) {
      const asked = Math.min(pageEvents, max - events.length);
      const page = await this.#page({ stream, from: next, max: asked, direction: BACKWARDS });
      events.push(...page);
      const last = page.at(-1)?.revision ?? 0;
      if (page.length < asked || last === 0) break;
      next = BigInt(last - 1);
    }
    return events;
  }

  async tail(stream: string): Promise<LedgerEvent | null> {
    return (await this.readBackwards(stream, 'end', 1))[0] ?? null;
  }

  /** A stream is put on the list before its first event is written, so that one or the other may not be there yet. */
  async streams(): Promise<readonly string[]> {
    const listed = await this.#list.names();
    const firsts = await Promise.all(listed.map((stream) => this.readForwards(stream, 0, 1)));
    return listed.filter((_, i) => firsts[i]?.length === 1);
  }

  async subscribe(from: LedgerCheckpoint | 'start' | 'end'): Promise<LedgerSubscription> {
    this.#checkOpen('a subscription to the ledgers');
    const { streamPrefix: prefix } = this.#address;
    const subscription = new EventStoreDbSubscription(this.#client, { from, prefix, listed: StreamList.stream });
    try {
      await this.#within('a subscription to the ledgers', () => subscription.confirmed);
      return subscription;
    } catch (error) {
      await subscription.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#client.close();
  }

  async #forwards(stream: string, from: number, max: number): Promise<readonly LedgerEvent[]> {
    const events: LedgerEvent[] = [];
    while (events.length < max) {
      const asked = Math.min(pageEvents, max - events.length);
      const next = (events.at(-1)?.revision ?? from - 1) + 1;
      const page = await this.#page({ stream, from: BigInt(next), max: asked, direction: FORWARDS });
      events.push(...page);
      if (page.length < asked) break;
    }
    return events;
  }

  /**
   * The client's Append, not its BatchAppend: there, all clients of a process share one table of what is outstanding, the failure of one empties it, and an answer that
   * comes after that is thrown where nobody can catch it; nor does a call there have a deadline. Append is taken when a call brings credentials.
   */
  async #append(stream: string, expected: ExpectedRevision, events: readonly NewLedgerEvent[]) {
    const { streamPrefix, credentials, deadlineMs: deadline } = this.#address;
    const expectedRevision = expected === 'no_stream' ? expected : BigInt(expected);
    const proposed = events.map(({ id, type, data }) => binaryEvent({ id, type, data }));
    const options = { expectedRevision, requiresLeader: true, deadline, credentials: credentials ?? nobody };
    const what = `an append to ${stream}`;
    this.#checkOpen(what);
    const call = () => this.#client.appendToStream(`${streamPrefix}${stream}`, proposed, options);
    const { nextExpectedRevision } = await this.#within(what, call);
    const revision = Number(nextExpectedRevision);
    const promised = (expected === 'no_stream' ? -1 : expected) + events.length;
    if (revision === promised) return { revision };
    // A stream that was deleted goes on counting where it ended.
    throw new AdtallyError('CHAIN_BROKEN', `${what} was written at revision ${revision}, ${promised} was due`);
  }

  /** What the server leaves out where the expected revision is the last: see `RecentIds`. */
  async #refuseRepetition({ stream, expected, events }: PlannedAppend, recent: RecentIds): Promise<void> {
    const last = expected === 'no_stream' ? -1 : expected;
    if (recent.isBeyond(last)) return;
    if (!recent.covers(last)) {
      const read = last < 0 ? [] : await this.readBackwards(stream, last, repetitionWindow);
      recent.learn(read);
      const found = read[0]?.revision ?? -1;
      if (found === last) return this.#refuseRepetition({ stream, expected, events }, recent);
      throw new AdtallyError('WRONG_EXPECTED_REVISION', `${stream} is at ${found}, the writer expects ${last}`);
    }
    const id = recent.repeated(events.map((event) => event.id));
    if (id === undefined) return;
    throw new AdtallyError('WRONG_EXPECTED_REVISION', `${stream} has event ${id} at another revision`);
  }

  /** One page, from the leader. The client ignores deadlines of reads: the time-out is ours. */
  async #page({ stream, from: fromRevision, max: maxCount, direction }: Page): Promise<readonly LedgerEvent[]> {
    this.#checkOpen(`a read of ${stream}`);
    const name = `${this.#address.streamPrefix}${stream}`;
    const read = this.#client.readStream(name, { fromRevision, maxCount, direction, requiresLeader: true });
    // Whoever iterates hears of an error; one that comes after the time-out must not end the process.
    read.on('error', () => {});
    const gather = async () => {
      const events: LedgerEvent[] = [];
      for await (const { event } of read) if (event !== undefined) events.push(ledgerEvent(stream, event));
      return events;
    };
    try {
      return await this.#within(`a read of ${stream}`, gather);
    } catch (error) {
      if (error instanceof Error && isStreamMissing(error.cause)) return [];
      // Why it failed is known by now; that it can't be cancelled (it never began, or is over) adds nothing.
      read.cancel().catch(() => {});
      throw error;
    }
  }

  #checkOpen(what: string): void {
    if (this.#isClosed) throw new AdtallyError('LEDGER_UNAVAILABLE', `${what}: the ledger store is closed`);
  }

  /** Waits for a call no longer than its deadline and gives its failure the port's name. */
  async #within<T>(what: string, call: () => Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const { deadlineMs } = this.#address;
    const timer = this.#clock.after(deadlineMs, () => {
      late.reject(new AdtallyError('LEDGER_UNAVAILABLE', `${what}: no answer within ${deadlineMs} ms`));
    });
    try {
      return await Promise.race([call(), late.promise]);
    } catch (error) {
      throw ledgerFailure(what, error);
    } finally {
      timer.cancel();
    }
  }
}

interface PlannedAppend {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly NewLedgerEvent[];
}

/** The port counts data; the server counts two bytes for each character of a type as well. */
function checkSize(stream: string, events: readonly NewLedgerEvent[]): void {
  if (events.length === 0) throw new AdtallyError('INVARIANT_BROKEN', `an append to ${stream} carries no event`);
  const bytes = events.reduce((sum, { data }) => sum + data.length, 0);
  const counted = events.reduce((sum, { type }) => sum + 2 * type.length, bytes);
  if (bytes <= greatestAppendBytes && counted <= serverAppendBytes) return;
  throw new AdtallyError('APPEND_TOO_LARGE', `${bytes} bytes to ${stream}; at most ${greatestAppendBytes}`);
}
