import { openEmbeddedLedgerIndex } from '../adapters/embedded/ledger-index-store.ts';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { createSimulatedLedger } from '../adapters/simulated/ledger-store.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import type { EntriesBooked, Entry } from '../domain/records.ts';
import { BatchBuilder, batchEvent, ledgerStream } from '../ledger/batch.ts';
import { EntryChain, genesis } from '../ledger/chain.ts';
import { catchUpEvents } from '../ledger/index/follow-events.ts';
import { catchUpLedgers, type StreamFailures } from '../ledger/index/follow-ledgers.ts';
import { createLedgerQueries } from '../ledger/queries/ledger-queries.ts';
import type { StatementParty } from '../ledger/queries/statement.ts';
import { type LedgerTruth, ledgerTruths } from '../ports/ledger-index.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import { memoryEventLog } from './memory/event-log.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** One record of a spend shard, as a ledger booked it. */
export interface BookedRecord {
  readonly tick?: number;
  readonly close?: { readonly calendar: number; readonly period: string };
  readonly postings?: readonly Partial<Entry>[];
}

const registry = openFileSchemaRegistry();

const blank: Omit<Entry, 'source_offset' | 'ordinal' | 'posted_at' | 'chain_hash'> = {
  kind: 'draw',
  selection_id: '01900000-0000-7000-8000-000000000001',
  advertiser_id: 'adv_1',
  campaign_id: 'cmp_1',
  line_item_id: 'li_1',
  publisher_id: 'pub_1',
  debit_account: 'campaign:reserved',
  credit_account: 'campaign:authority',
  amount_micros: 1,
  currency: 'EUR',
  service_period: '2026-11',
  posting_period: '2026-11',
  selected_at: Date.UTC(2026, 10, 3),
  reference: '',
};

/** The batches that a writer would append for records of a shard; a new batch begins after each `every` records. */
export function batchesOf(
  stream: { readonly truth: LedgerTruth; readonly shard: number },
  records: readonly BookedRecord[],
  every = 3,
  maxBytes = 1_000_000,
): readonly EntriesBooked[] {
  const chain = new EntryChain(ledgerStream(stream.truth, stream.shard));
  const tail = { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 };
  const builder = new BatchBuilder({ ...stream, tail, maxBytes });
  const batches: EntriesBooked[] = [];
  let foldTime = 0;
  for (const [offset, { tick, close, postings = [] }] of records.entries()) {
    foldTime = Math.max(foldTime, tick ?? 0);
    if (tick !== undefined) builder.tick({ offset, advanced_to: tick }, foldTime);
    for (const [ordinal, posting] of postings.entries()) {
      const place = { source_offset: offset, ordinal, posted_at: foldTime };
      const entry = { ...blank, ...place, ...posting };
      builder.entry({ ...entry, chain_hash: chain.link(entry) });
    }
    if (close !== undefined) builder.close({ offset, ...close }, foldTime);
    builder.advance(offset + 1);
    if ((offset + 1) % every === 0) batches.push(...builder.take(foldTime));
  }
  return [...batches, ...builder.take(foldTime)];
}

/** Appends batches to the end of their stream. */
export async function appendBatches(store: LedgerStore, registry: SchemaRegistry, batches: readonly EntriesBooked[]) {
  for (const batch of batches) {
    const stream = ledgerStream(batch.truth as LedgerTruth, batch.shard);
    const last = await store.tail(stream);
    await store.append(stream, last?.revision ?? 'no_stream', [batchEvent(batch, stream, registry)]);
  }
}

/** An entry with its truth and shard, for brute force. */
export type BookedEntry = Entry & { readonly truth: string; readonly shard: number };

export function entriesOf(batches: readonly EntriesBooked[]): readonly BookedEntry[] {
  return batches.flatMap(({ truth, shard, entries }) => entries.map((entry) => ({ ...entry, truth, shard })));
}

/** Ledger streams in memory, a log in memory, the index of both in a folder of its own, and the queries on them. */
export async function openLedgerWorld(shards: number, parties: Readonly<Record<string, StatementParty>> = {}) {
  const folder = makeTemporaryFolder();
  const clock = createSystemClock();
  const ledger = createSimulatedLedger();
  const store = ledger.open();
  const log = memoryEventLog({ shards, clock });
  const { ledgers: index, events } = await openEmbeddedLedgerIndex({ folder: folder.path, clock });
  let failures: StreamFailures = new Map();
  const advertiser = async (id: string) => parties[id] ?? null;
  const queries = createLedgerQueries({ index, shards, failures: () => failures, log, registry, events, advertiser });
  const append = (batches: readonly EntriesBooked[]) => appendBatches(store, registry, batches);
  const catchUp = async () => {
    await catchUpEvents({ log, events });
    failures = await catchUpLedgers({ store, registry, index, shards });
    return failures;
  };
  /** Books the same records, or other ones, in each shard of each ledger; gives all entries back. */
  const book = async (booked: Readonly<Record<LedgerTruth, readonly (readonly BookedRecord[])[]>>) => {
    const batches = ledgerTruths.flatMap((truth) =>
      booked[truth].flatMap((records, shard) => batchesOf({ truth, shard }, records)),
    );
    await append(batches);
    await catchUp();
    return entriesOf(batches);
  };
  const close = async () => {
    await index.close();
    folder.remove();
  };
  return {
    folder: folder.path,
    registry,
    ledger,
    store,
    index,
    events,
    log,
    shards,
    queries,
    append,
    catchUp,
    book,
    close,
  };
}
export type LedgerWorld = Awaited<ReturnType<typeof openLedgerWorld>>;
