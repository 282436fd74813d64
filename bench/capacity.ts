/**
 * `node bench/capacity.ts --data DIR --bench FILE`: the tables of docs/scale.md. DIR is the data directory of a demo (stopped), FILE what `npm run bench` printed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { embeddedLogShards } from '../adapters/embedded/log-shards.ts';
import { topicShards } from '../apps/engines.ts';
import type { AnyRecord, Topic } from '../domain/records.ts';
import { assumed, type Capacity, capacityFor, type Measured } from './capacity-model.ts';

const registry = openFileSchemaRegistry();
/** Records that come with time and not with decisions. */
const timed: ReadonlySet<AnyRecord['name']> = new Set(['TimeAdvanced', 'NodeMark', 'NodeStarted', 'BufferDrained']);
/** Records in a batch as it is compressed. */
const batchRecords = 500;
const beaconTopics: readonly Topic[] = ['impression', 'engagement', 'click'];

interface Log {
  readonly topics: Map<string, { records: number; bytes: number }>;
  readonly selections: number;
  readonly compression: number;
}

function readLog(folder: string): Log {
  const shards = embeddedLogShards(join(folder, 'log'));
  if (shards === null) throw new Error(`there is no log in ${folder}`);
  const topics = new Map<string, { records: number; bytes: number }>();
  let [selections, raw, compressed] = [0, 0, 0];
  for (const [topic, count] of Object.entries(topicShards(shards))) {
    const db = new DatabaseSync(join(folder, 'log', `${topic}.db`), { readOnly: true });
    const sum = { records: 0, bytes: 0 };
    for (let shard = 0; shard < count; shard += 1) {
      const rows = db.prepare(`SELECT "key" AS name, value FROM records_${shard} ORDER BY "offset"`).all();
      const values = rows.map((row) => Buffer.concat([Buffer.from(String(row['name'])), row['value'] as Uint8Array]));
      for (const row of rows) {
        const { name } = registry.decode(row['value'] as Uint8Array);
        if (name === 'AdSelected') selections += 1;
        if (timed.has(name)) continue;
        sum.records += 1;
        sum.bytes += String(row['name']).length + (row['value'] as Uint8Array).length;
      }
      for (let from = 0; from < values.length; from += batchRecords) {
        const batch = Buffer.concat(values.slice(from, from + batchRecords));
        raw += batch.length;
        compressed += gzipSync(batch).length;
      }
    }
    db.close();
    if (sum.records > 0) topics.set(topic, sum);
  }
  return { topics, selections, compression: compressed / raw };
}

function readLedgers(folder: string): { entries: number; bytes: number } {
  const db = new DatabaseSync(join(folder, 'ledger', 'ledger.db'), { readOnly: true });
  let [entries, bytes] = [0, 0];
  for (const row of db.prepare('SELECT data FROM events').all()) {
    const data = row['data'] as Uint8Array;
    const record = registry.decode(data);
    if (record.name !== 'EntriesBooked') continue;
    entries += record.value.entries.length;
    bytes += data.length;
  }
  db.close();
  return { entries, bytes };
}

function readBench(file: string): (name: string) => number {
  const lines = readFileSync(file, 'utf8').split('\n');
  const figures = new Map(lines.map((line) => [line.split(':')[0] ?? '', Number(line.split(':')[1])]));
  return (name) => {
    const figure = figures.get(name);
    if (figure === undefined || Number.isNaN(figure)) throw new Error(`${file} has no ${name}`);
    return figure;
  };
}

function measure(folder: string, file: string): Measured {
  const { topics, selections, compression } = readLog(folder);
  const ledgers = readLedgers(folder);
  const figure = readBench(file);
  const perSelection = new Map(
    [...topics].map(([topic, { records, bytes }]) => [
      topic,
      { records: records / selections, bytes: bytes / selections },
    ]),
  );
  return {
    topics: perSelection,
    compression,
    ledgerEntries: ledgers.entries / selections,
    ledgerBytes: ledgers.bytes / selections,
    beacons: beaconTopics.reduce((sum, topic) => sum + (perSelection.get(topic)?.records ?? 0), 0),
    decisionUs: figure('decision_cpu_us_10k'),
    beaconUs: figure('pixel_cpu_us'),
    platformUs: figure('platform_cpu_us_per_decision'),
    foldPerS: figure('ledger_fold_per_s'),
  };
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = `|${header.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

function short(value: number, digits = 0): string {
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

const rowsOfCapacity: readonly (readonly [string, (capacity: Capacity) => string])[] = [
  ['serving processes (a core each)', (one) => short(one.servingProcesses)],
  ['log, records/s', (one) => short(one.logRecordsPerS)],
  ['log, MB/s before compression', (one) => short(one.logMbPerS)],
  ['log, TB a day stored, all copies', (one) => short(one.storedTbPerDay, 1)],
  ['brokers', (one) => short(one.brokers)],
  ['`spend`, records/s', (one) => short(one.spendRecordsPerS)],
  ['shards, at the least', (one) => short(one.shards)],
  ['cores of streams and console', (one) => short(one.otherCores)],
  ['ledger entries/s', (one) => short(one.ledgerEntriesPerS)],
  ['ledgers, MB/s', (one) => short(one.ledgerMbPerS)],
  ['ledger appends/s', (one) => short(one.ledgerAppendsPerS)],
];

const { values } = parseArgs({ options: { data: { type: 'string' }, bench: { type: 'string' } } });
if (values.data === undefined || values.bench === undefined) throw new Error('give --data DIR and --bench FILE');
const measured = measure(values.data, values.bench);
const perTopic = [...measured.topics].map(([topic, { records, bytes }]) => [
  `\`${topic}\``,
  short(records, 2),
  short(bytes),
  short(bytes / records),
]);
console.log(table(['topic', 'records a selection', 'bytes a selection', 'bytes a record'], perTopic));
console.log(`\ncompression ${short(measured.compression, 2)}, beacons a selection ${short(measured.beacons, 2)}`);
console.log(`ledger entries a selection ${short(measured.ledgerEntries, 2)}, bytes ${short(measured.ledgerBytes)}`);
console.log(`assumed ${JSON.stringify(assumed)}\n`);
const plans = [10_000, 100_000, 1_000_000].map((rate) => capacityFor(rate, measured));
const rows = rowsOfCapacity.map(([name, show]) => [name, ...plans.map(show)]);
console.log(table(['decisions/s', ...plans.map(({ decisionsPerS }) => short(decisionsPerS))], rows));
