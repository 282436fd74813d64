/**
 * Finance's answers over a million entries of one advertiser: reading the streams into the index, checked against their chains, and then balances,
 * a page of entries and a statement. `node bench/ledger-index.ts [entries]` prints one `name: value` a line.
 */
import { rmSync } from 'node:fs';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { openEmbeddedLedgerIndex } from '../adapters/embedded/ledger-index-store.ts';
import { createSimulatedLedger } from '../adapters/simulated/ledger-store.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import type { Entry } from '../domain/records.ts';
import { BatchBuilder, batchEvent, ledgerStream } from '../ledger/batch.ts';
import { EntryChain, genesis } from '../ledger/chain.ts';
import { catchUpLedgers } from '../ledger/index/follow-ledgers.ts';
import { createLedgerQueries } from '../ledger/queries/ledger-queries.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { memoryEventLog } from '../test/memory/event-log.ts';
import { makeTemporaryFolder } from '../test/temporary-folder.ts';

const shards = 4;
const entries = Number(process.argv[2] ?? 1_000_000);
const clock = createSystemClock();
const registry = openFileSchemaRegistry();
const start = Date.UTC(2026, 9, 1);

/** Entry n of a shard: certifications in two legs over 20 campaigns and two months. */
function entryOf(shard: number, n: number, of: number): Omit<Entry, 'chain_hash'> {
  const selection = Math.floor(n / 2);
  const period = n < of / 2 ? '2026-10' : '2026-11';
  return {
    source_offset: n,
    ordinal: 0,
    kind: 'certify',
    selection_id: `01900000-0000-7000-8000-${(selection * shards + shard).toString(16).padStart(12, '0')}`,
    advertiser_id: 'adv_1',
    campaign_id: `cmp_${selection % 20}`,
    line_item_id: `li_${selection % 60}`,
    publisher_id: `pub_${selection % 30}`,
    debit_account: 'advertiser:unbilled',
    credit_account: n % 2 === 0 ? 'publisher:payable' : 'platform:revenue',
    amount_micros: 700 + (n % 300),
    currency: 'EUR',
    service_period: period,
    posting_period: period,
    posted_at: start + n * 10,
    selected_at: start + n * 10 - 5000,
    reference: '',
  };
}

async function book(store: LedgerStore): Promise<void> {
  for (let shard = 0; shard < shards; shard += 1) {
    await bookFinal(store, shard, entries / shards);
    const tentative = new BatchBuilder({ truth: 'tentative', shard, tail: empty, maxBytes: store.maxAppendBytes });
    tentative.tick({ offset: 0, advanced_to: start + entries * 10 }, start);
    tentative.advance(1);
    await append(store, `tentative-${shard}`, tentative);
  }
}

const empty = { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 };

async function bookFinal(store: LedgerStore, shard: number, count: number): Promise<void> {
  const stream = ledgerStream('final', shard);
  const chain = new EntryChain(stream);
  const builder = new BatchBuilder({ truth: 'final', shard, tail: empty, maxBytes: store.maxAppendBytes });
  for (let n = 0; n < count; n += 1) {
    const entry = entryOf(shard, n, count);
    builder.entry({ ...entry, chain_hash: chain.link(entry) });
    if (n % 100 === 0) builder.tick({ offset: n, advanced_to: entry.posted_at }, entry.posted_at);
    builder.advance(n + 1);
    if (n % 500 === 0) await append(store, stream, builder);
  }
  builder.tick({ offset: count, advanced_to: start + entries * 10 }, start + entries * 10);
  builder.advance(count + 1);
  await append(store, stream, builder);
}

async function append(store: LedgerStore, stream: string, builder: BatchBuilder): Promise<void> {
  const tail = await store.tail(stream);
  const events = builder.take(start + entries * 10).map((batch) => batchEvent(batch, stream, registry));
  if (events.length > 0) await store.append(stream, tail?.revision ?? 'no_stream', events);
}

/** Median of some runs, ms. */
async function measure(name: string, run: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < 9; i += 1) {
    const before = performance.now();
    await run();
    times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  console.log(`${name}: ${times[4]?.toFixed(1)}`);
}

const folder = makeTemporaryFolder();
const store = createSimulatedLedger().open();
await book(store);
const { ledgers: index, events } = await openEmbeddedLedgerIndex({ folder: folder.path, clock });
const before = performance.now();
const failures = await catchUpLedgers({ store, registry, index, shards });
console.log(`ledger_index_per_s: ${Math.round(entries / ((performance.now() - before) / 1000))}`);
if (failures.size > 0) throw new Error('the streams are damaged', { cause: [...failures.values()][0] });

const party = { name: 'Bench', time_zone: 'UTC', calendar: 0, currency: 'EUR' };
const log = memoryEventLog({ shards, clock });
const advertiser = async () => party;
const queries = createLedgerQueries({ index, shards, failures: () => failures, advertiser, log, registry, events });
const latest = { kind: 'latest' } as const;
const middle = { kind: 'time', timeMs: start + (entries / shards) * 3.7 } as const;
const advertiserId = 'adv_1';
const final = { truth: 'final' as const, advertiserId };
await measure('ledger_balances_ms', () => queries.balances({ ...final, at: latest }));
await measure('ledger_balances_as_of_ms', () => queries.balances({ ...final, at: middle }));
await measure('ledger_statement_ms', () => queries.statement({ advertiserId, period: '2026-11', at: latest }));
const filter = { advertiserId, campaignId: 'cmp_7', postingPeriod: '2026-11' };
await measure('ledger_entries_page_ms', () => queries.entries({ truths: ['final'], filter, at: latest, limit: 100 }));
const selection = '01900000-0000-7000-8000-000000000400';
await measure('ledger_selection_ms', () => queries.selection(selection, latest));
await index.close();
rmSync(folder.path, { recursive: true });
