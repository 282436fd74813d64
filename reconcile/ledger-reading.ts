import { createHash } from 'node:crypto';
import { uuidV5 } from '../domain/identity.ts';
import type { EntriesBooked, Entry } from '../domain/records.ts';
import { toCanonical } from '../domain/wire-format.ts';
import type { LedgerEvent, LedgerStore } from '../ports/ledger-store.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import { type Break, structureBreak } from './breaks.ts';
import type { Texts } from './texts.ts';

/** An entry as far as it is compared: its hash is checked while it is read. */
export type BookedEntry = Omit<Entry, 'chain_hash'>;

/** One ledger stream as read: its entries, where it stands, and what is wrong with its structure. */
export interface LedgerStream {
  readonly truth: 'tentative' | 'final';
  readonly shard: number;
  readonly entries: readonly BookedEntry[];
  /** Everything before this source offset is booked; entries at it may be incomplete. */
  readonly nextOffset: number;
  readonly foldTime: number;
  readonly chainHead: string;
  readonly breaks: readonly Break[];
}

export interface LedgerSources {
  readonly ledger: LedgerStore;
  readonly registry: SchemaRegistry;
}

const pageEvents = 200;

/** Reads a ledger stream from its start, checks that its batches join up and recomputes the hash chain from the entries. */
export async function readLedgerStream(
  { ledger, registry }: LedgerSources,
  { truth, shard }: Pick<LedgerStream, 'truth' | 'shard'>,
  texts: Texts,
): Promise<LedgerStream> {
  const stream = `${truth}-${shard}`;
  const reading = new StreamReading(truth, stream, texts);
  for (let from = 0; ; ) {
    const page = await ledger.readForwards(stream, from, pageEvents);
    for (const event of page) {
      if (event.revision !== from) reading.note(String(event.revision), `revision ${from} is missing`);
      from = event.revision + 1;
      reading.addEvent(registry, event);
    }
    if (page.length === 0) break;
  }
  return { truth, shard, ...reading.result() };
}

class StreamReading {
  private readonly truth: 'tentative' | 'final';
  private readonly stream: string;
  private readonly texts: Texts;
  private readonly entries: BookedEntry[] = [];
  private readonly breaks: Break[] = [];
  private next = { offset: 0, ordinal: 0 };
  private foldTime = 0;
  private entryCount = 0;
  private head: Uint8Array = new Uint8Array(32);

  constructor(truth: 'tentative' | 'final', stream: string, texts: Texts) {
    this.texts = texts;
    this.truth = truth;
    this.stream = stream;
  }

  note(place: string, detail: string, entry?: Entry): void {
    const where = { selectionId: entry?.selection_id ?? '', campaignId: entry?.campaign_id ?? '' };
    this.breaks.push(
      structureBreak(this.truth, 'ledger_structure', detail, { refs: [`${this.stream}@${place}`], ...where }),
    );
  }

  addEvent(registry: SchemaRegistry, event: LedgerEvent): void {
    const revision = `revision ${event.revision}`;
    let batch: EntriesBooked;
    try {
      const decoded = registry.decode(event.data);
      if (decoded.name !== 'EntriesBooked') return this.note(revision, `the event is a ${decoded.name}, not entries`);
      batch = decoded.value;
    } catch (error) {
      // Whatever the bytes do to the decoder: they are not what was written.
      return this.note(
        revision,
        `the event can't be decoded: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    // A registry's own numbers of schemas are no part of what was written.
    if (event.id !== eventIdOf(this.stream, batch, toCanonical(event.data, registry)))
      this.note(revision, 'the id of the event does not follow from its bytes: they were changed');
    this.add(batch, revision);
  }

  private add(batch: EntriesBooked, revision: string): void {
    const { first, next, entries } = batch;
    if (first.offset !== this.next.offset || first.ordinal !== this.next.ordinal) {
      const detail = `the batch begins at ${first.offset}.${first.ordinal}, the one before ends at ${this.next.offset}.${this.next.ordinal}`;
      this.note(revision, detail);
    }
    for (const entry of entries) this.addEntry(entry);
    if (!equal(batch.chain_head, this.head))
      this.note(revision, 'the chain head of the batch is not the hash of its last entry');
    if (batch.entry_count !== this.entryCount + entries.length)
      this.note(
        revision,
        `the batch counts ${batch.entry_count} entries so far, there are ${this.entryCount + entries.length}`,
      );
    if (batch.fold_time < this.foldTime) this.note(revision, `its time ${batch.fold_time} is before ${this.foldTime}`);
    // Each goes on from what is written, so that the place of a change is named and not everything after it.
    this.next = next;
    this.foldTime = Math.max(this.foldTime, batch.fold_time);
    this.head = batch.chain_head;
    this.entryCount = batch.entry_count;
  }

  private addEntry(entry: Entry): void {
    const place = `${entry.source_offset}.${entry.ordinal}`;
    const before = this.entries.at(-1);
    const expectedOrdinal = before?.source_offset === entry.source_offset ? before.ordinal + 1 : 0;
    if (entry.ordinal !== expectedOrdinal)
      this.note(place, `the entry has ordinal ${entry.ordinal}, ${expectedOrdinal} was next`, entry);
    if (!equal(chainHash(this.stream, entry, this.head), entry.chain_hash))
      this.note(place, 'the entry does not match its hash: it, or one before it, was changed or lost', entry);
    const { chain_hash, ...booked } = entry;
    this.head = chain_hash;
    this.entries.push(this.texts.share(booked));
  }

  result() {
    return {
      entries: this.entries,
      nextOffset: this.next.offset,
      foldTime: this.foldTime,
      chainHead: Buffer.from(this.head).toString('hex'),
      breaks: this.breaks,
    };
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Id of the event of a batch: UUIDv5 of stream, range and SHA-256 of the bytes. Written anew from the document, as the chain is. */
function eventIdOf(stream: string, { first, next }: EntriesBooked, data: Uint8Array): string {
  const digest = createHash('sha256').update(data).digest('hex');
  return uuidV5(`${stream}/${first.offset}.${first.ordinal}-${next.offset}.${next.ordinal}/${digest}`);
}

/**
 * Hash of an entry: SHA-256 over the lengths of its texts (4 bytes each), its numbers (8 bytes each), the hash before it, and the texts in UTF-8. All
 * big endian, in the order that the document of the chain gives. Written anew from it, so that a fault in the writer's form can't hide in the reader's.
 */
export function chainHash(stream: string, entry: Entry, previous: Uint8Array): Uint8Array {
  const texts = textsOf(stream, entry);
  const numbers = numbersOf(entry);
  const body = Buffer.from(texts.join(''), 'utf8');
  const head = Buffer.allocUnsafe(texts.length * 4 + numbers.length * 8);
  let at = 0;
  for (const text of texts) at = head.writeUInt32BE(Buffer.byteLength(text, 'utf8'), at);
  for (const number of numbers) at = head.writeBigInt64BE(BigInt(number), at);
  return createHash('sha256')
    .update(Buffer.concat([head, previous, body]))
    .digest();
}

function textsOf(stream: string, entry: Entry): readonly string[] {
  return [
    stream,
    entry.kind,
    entry.selection_id,
    entry.advertiser_id,
    entry.campaign_id,
    entry.line_item_id,
    entry.publisher_id,
    entry.debit_account,
    entry.credit_account,
    entry.currency,
    entry.service_period,
    entry.posting_period,
    entry.reference,
  ];
}

function numbersOf(entry: Entry): readonly number[] {
  return [entry.source_offset, entry.ordinal, entry.amount_micros, entry.posted_at, entry.selected_at];
}
