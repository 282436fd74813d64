import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import type { CloseMark, EntriesBooked, Entry, Position, TickMark } from '../../domain/records.ts';
import { toCanonical } from '../../domain/wire-format.ts';
import type { IndexedStream, IndexStep } from '../../ports/ledger-index.ts';
import type { LedgerEvent } from '../../ports/ledger-store.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { batchEventId, isBefore, readBatch } from '../batch.ts';
import { EntryChain, genesis } from '../chain.ts';
import { type LedgerStreamName, streamOf } from './stream-name.ts';

type IndexedEntry = IndexStep['entries'][number];

/** What is wrong, and where: a source position and, if one is to blame, the entry there. */
type Broken = (where: string, what: string, cause?: unknown) => AdtallyError;

/**
 * Reads one ledger stream in order and believes nothing of it that it has not checked: that every batch begins where the one before it ended,
 * that the entries lie in its range one after the other, that each hash follows from the entry and the hash before it, that head and count are those
 * of the entries, and that the event's id is that of its bytes. Error: `CHAIN_BROKEN`, naming stream, revision and source position of the first entry
 * that is wrong; what was read before it stays.
 */
export class StreamReading {
  readonly #name: LedgerStreamName;
  readonly #registry: SchemaRegistry;
  #at: IndexedStream | null;
  #entries: IndexedEntry[] = [];
  #ticks: TickMark[] = [];
  #closes: CloseMark[] = [];

  constructor(stream: string, at: IndexedStream | null, registry: SchemaRegistry) {
    this.#name = streamOf(stream);
    this.#at = at;
    this.#registry = registry;
  }

  get entryCount(): number {
    return this.#entries.length;
  }

  /** The stream as it stands after what was added, with what was added; null if the stream is empty. */
  step(): IndexStep | null {
    return this.#at && { to: this.#at, entries: this.#entries, ticks: this.#ticks, closes: this.#closes };
  }

  /** The next event of the stream. Errors: `CHAIN_BROKEN`, `UNKNOWN_SCHEMA`. */
  add(event: LedgerEvent): void {
    const before = this.#at ?? origin(this.#name);
    const at = `${this.#name.stream} revision ${event.revision}`;
    const broken: Broken = (where, what, cause) =>
      new AdtallyError('CHAIN_BROKEN', `${at}, ${where}: ${what}`, { cause });
    const batch = this.#decode(event, before, broken);
    checkRange(before, batch, broken);
    const read = this.#readEntries(before, batch, broken);
    checkEnd(read, batch, broken);
    checkMarks(batch, broken);
    if (batchEventId(this.#name.stream, batch, toCanonical(event.data, this.#registry)) !== event.id) {
      throw broken(
        `from source position ${text(batch.first)} on`,
        `its bytes are not those that ${event.id} is the id of`,
      );
    }
    this.#entries.push(...read.entries);
    this.#ticks.push(...batch.ticks);
    this.#closes.push(...batch.closes);
    const { next, fold_time: foldTime, chain_head: chainHead, entry_count: entryCount } = batch;
    const position = { revision: event.revision, eventId: event.id, next, foldTime, chainHead, entryCount };
    this.#at = { ...this.#name, ...position, lastBooking: read.lastBooking };
  }

  #decode(event: LedgerEvent, before: IndexedStream, broken: Broken): EntriesBooked {
    try {
      return readBatch(event, this.#registry);
    } catch (error) {
      if (!isAdtallyError(error)) throw error;
      const wrong = broken(`from source position ${text(before.next)} on`, error.message, error);
      throw error.code === 'UNREADABLE_RECORD' ? wrong : new AdtallyError(error.code, wrong.message, { cause: error });
    }
  }

  #readEntries(before: IndexedStream, batch: EntriesBooked, broken: Broken): ReadEntries {
    const chain = new EntryChain(this.#name.stream, before.chainHead);
    const entries: IndexedEntry[] = [];
    let expected = batch.first;
    let lastBooking = before.lastBooking;
    for (const entry of batch.entries) {
      const number = before.entryCount + entries.length;
      checkEntry({ entry, number, expected, next: batch.next }, chain, broken);
      const booking = `${entry.source_offset}/${entry.selection_id}/${entry.kind}`;
      entries.push({ number, entry, opensBooking: booking !== lastBooking });
      expected = { offset: entry.source_offset, ordinal: entry.ordinal + 1 };
      lastBooking = booking;
    }
    return { entries, lastBooking, head: chain.head, count: before.entryCount + entries.length };
  }
}

interface ReadEntries {
  readonly entries: readonly IndexedEntry[];
  readonly lastBooking: string;
  readonly head: Uint8Array;
  readonly count: number;
}

interface EntryPlace {
  readonly entry: Entry;
  readonly number: number;
  readonly expected: Position;
  readonly next: Position;
}

function origin(name: LedgerStreamName): IndexedStream {
  const start = { revision: -1, eventId: '', next: { offset: 0, ordinal: 0 }, foldTime: 0 };
  return { ...name, ...start, chainHead: genesis, entryCount: 0, lastBooking: '' };
}

function checkRange(before: IndexedStream, batch: EntriesBooked, broken: Broken): void {
  const place = `source position ${text(before.next)}`;
  if (batch.truth !== before.truth || batch.shard !== before.shard) {
    throw broken(place, `the batch is of ${batch.truth}-${batch.shard}`);
  }
  if (isBefore(batch.first, before.next) || isBefore(before.next, batch.first)) {
    throw broken(place, `the batch begins at ${text(batch.first)}`);
  }
  if (isBefore(batch.next, batch.first)) throw broken(place, `the batch ends before it, at ${text(batch.next)}`);
  if (batch.fold_time < before.foldTime) {
    throw broken(place, `the time of the batch, ${batch.fold_time}, is before ${before.foldTime}`);
  }
}

/** An entry is the next ordinal of the same record or the first of a later one, in the range of its batch, and continues the chain. */
function checkEntry({ entry, number, expected, next }: EntryPlace, chain: EntryChain, broken: Broken): void {
  const at = { offset: entry.source_offset, ordinal: entry.ordinal };
  const place = `entry ${number} at ${text(at)}`;
  const first = at.offset === expected.offset ? expected.ordinal : 0;
  if (at.offset < expected.offset || at.ordinal !== first) {
    throw broken(
      place,
      `an entry at ${text({ offset: at.offset, ordinal: first })} or of a later record should follow`,
    );
  }
  if (!isBefore(at, next)) throw broken(place, `it lies beyond its batch, which ends at ${text(next)}`);
  const hash = chain.link(entry);
  if (!equalBytes(hash, entry.chain_hash)) {
    throw broken(
      place,
      `it carries hash ${hex(entry.chain_hash)}, its content and the entry before it give ${hex(hash)}`,
    );
  }
}

function checkEnd(read: ReadEntries, batch: EntriesBooked, broken: Broken): void {
  const place = `entry ${read.count} before ${text(batch.next)}`;
  if (batch.entry_count !== read.count) {
    throw broken(place, `the batch counts ${batch.entry_count} entries so far, there are ${read.count}`);
  }
  if (!equalBytes(batch.chain_head, read.head)) {
    throw broken(place, `the batch says that the chain ends in ${hex(batch.chain_head)}, it ends in ${hex(read.head)}`);
  }
}

/** Ticks and closes are of records in the range; a batch may end before the first entry of a tick. */
function checkMarks({ first, next, ticks, closes }: EntriesBooked, broken: Broken): void {
  for (const { offset } of [...ticks, ...closes]) {
    if (offset >= first.offset && offset <= next.offset) continue;
    throw broken(`record ${offset}`, `its mark lies outside the batch, ${text(first)} to ${text(next)}`);
  }
}

function text({ offset, ordinal }: Position): string {
  return `${offset}/${ordinal}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
