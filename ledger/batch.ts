import { hash } from 'node:crypto';
import { AdtallyError } from '../domain/errors.ts';
import { uuidV5 } from '../domain/identity.ts';
import type { CloseMark, EntriesBooked, Entry, Position, TickMark } from '../domain/records.ts';
import { toCanonical } from '../domain/wire-format.ts';
import type { LedgerTruth } from '../ports/ledger-index.ts';
import type { LedgerEvent, NewLedgerEvent } from '../ports/ledger-store.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';

/** Name of the stream of one shard of one ledger. */
export function ledgerStream(truth: LedgerTruth, shard: number): string {
  return `${truth}-${shard}`;
}

/** Where a stream stands: what the next batch goes on from. */
export interface StreamTail {
  readonly next: Position;
  readonly chainHead: Uint8Array;
  readonly entryCount: number;
}

/** True if `a` lies before `b`. */
export function isBefore(a: Position, b: Position): boolean {
  return a.offset < b.offset || (a.offset === b.offset && a.ordinal < b.ordinal);
}

/** A batch as an event. Its id follows from stream, range and content, so that the same append, repeated, is the same event. */
export function batchEvent(batch: EntriesBooked, stream: string, registry: SchemaRegistry): NewLedgerEvent {
  const data = registry.encode('EntriesBooked', batch);
  return { id: batchEventId(stream, batch, toCanonical(data, registry)), type: 'EntriesBooked', data };
}

/** Id of the event that holds a batch as these bytes, in their canonical form: a ledger keeps its ids where another registry numbers its schemas. */
export function batchEventId(stream: string, batch: EntriesBooked, data: Uint8Array): string {
  const range = [batch.first, batch.next].map(({ offset, ordinal }) => `${offset}.${ordinal}`).join('-');
  return uuidV5(`${stream}/${range}/${hash('sha256', data, 'hex')}`);
}

/** The batch of a ledger event. Errors: `UNKNOWN_SCHEMA`, `UNREADABLE_RECORD`. */
export function readBatch(event: LedgerEvent, registry: SchemaRegistry): EntriesBooked {
  const record = registry.decode(event.data);
  if (record.name === 'EntriesBooked') return record.value;
  throw new AdtallyError('UNREADABLE_RECORD', `${event.stream} has a ${record.name} at revision ${event.revision}`);
}

/** Bytes of an entry in Avro besides its texts, at most: seven numbers, nineteen lengths, the hash. */
const fixedBytes = 140;
/** Bytes of a batch besides its entries, at most; its marks are counted with `markBytes` each. */
const batchBytes = 400;
const markBytes = 40;

function entryBytes(entry: Entry): number {
  const ids =
    entry.advertiser_id.length + entry.campaign_id.length + entry.line_item_id.length + entry.publisher_id.length;
  const accounts = entry.debit_account.length + entry.credit_account.length + entry.kind.length;
  return fixedBytes + 60 + ids + accounts + entry.reference.length * 3;
}

export interface BatchBuilderOptions {
  readonly truth: LedgerTruth;
  readonly shard: number;
  readonly tail: StreamTail;
  /** Bytes that one append may have. */
  readonly maxBytes: number;
}

/**
 * Gathers entries and marks of a stream in order and cuts them into batches that fit into an append. A tick belongs to the batch in which its
 * record begins, a close to the one in which its record ends: so a cut is known before anything beyond it, and a statement only when it is whole.
 */
export class BatchBuilder {
  readonly #options: BatchBuilderOptions;
  #ready: EntriesBooked[] = [];
  #first: Position;
  /** Next position, in two numbers because it moves with every entry. */
  #offset: number;
  #ordinal: number;
  #entries: Entry[] = [];
  #ticks: TickMark[] = [];
  #closes: CloseMark[] = [];
  #bytes = batchBytes;
  #entryCount: number;
  #chainHead: Uint8Array;

  constructor(options: BatchBuilderOptions) {
    this.#options = options;
    this.#first = options.tail.next;
    this.#offset = options.tail.next.offset;
    this.#ordinal = options.tail.next.ordinal;
    this.#entryCount = options.tail.entryCount;
    this.#chainHead = options.tail.chainHead;
  }

  /** True if there are entries or closes, which must not wait. */
  get isUrgent(): boolean {
    return this.#ready.length > 0 || this.#entries.length > 0 || this.#closes.length > 0;
  }

  /** True if there is anything to append, be it only that the source went on. */
  get hasProgress(): boolean {
    return this.#ready.length > 0 || this.#hasMoved();
  }

  tick(mark: TickMark, foldTime: number): void {
    this.#makeRoom(markBytes, foldTime);
    this.#ticks.push(mark);
  }

  close(mark: CloseMark, foldTime: number): void {
    this.#makeRoom(markBytes, foldTime);
    this.#closes.push(mark);
  }

  entry(entry: Entry): void {
    this.#makeRoom(entryBytes(entry), entry.posted_at);
    this.#entries.push(entry);
    this.#entryCount += 1;
    this.#chainHead = entry.chain_hash;
    this.#offset = entry.source_offset;
    this.#ordinal = entry.ordinal + 1;
  }

  /** The record before `offset` is whole. */
  advance(offset: number): void {
    this.#offset = offset;
    this.#ordinal = 0;
  }

  /** Everything gathered so far as batches; empty if the source did not go on. */
  take(foldTime: number): readonly EntriesBooked[] {
    if (this.#hasMoved()) this.#cut(foldTime);
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  #makeRoom(bytes: number, foldTime: number): void {
    if (this.#bytes + bytes > this.#options.maxBytes && this.#hasMoved()) this.#cut(foldTime);
    this.#bytes += bytes;
  }

  #hasMoved(): boolean {
    const { offset, ordinal } = this.#first;
    return this.#offset > offset || this.#ordinal > ordinal;
  }

  #cut(foldTime: number): void {
    const { truth, shard } = this.#options;
    const next = { offset: this.#offset, ordinal: this.#ordinal };
    this.#ready.push({
      truth,
      shard,
      first: this.#first,
      next,
      fold_time: foldTime,
      entries: this.#entries,
      ticks: this.#ticks,
      closes: this.#closes,
      chain_head: this.#chainHead,
      entry_count: this.#entryCount,
    });
    this.#first = next;
    this.#entries = [];
    this.#ticks = [];
    this.#closes = [];
    this.#bytes = batchBytes;
  }
}
