/**
 * `npm run bench:distributed [-- --records 200000] [--rounds 1] [--lag-seconds 20]`: one `name: value` a line, on a real Kafka of its own.
 * Throughput: records a second from a preloaded spend topic into both ledgers by one, two and three streams processes, each beside who only counts the same
 * topic just before: kafkajs's own consumer, and our event log. Lag: from the acknowledgement of a beacon to its entry in the tentative ledger, at a light rate. Each with the
 * ledgers in SQLite and in the double of EventStoreDB (one process, a file): no figure of the latter is one of a server.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nodeFlags } from '../apps/node-flags.ts';
import { startSwitched } from '../test/outage/switched-engines.ts';
import type { CountingTask } from './bare-consumer.ts';
import { measureLag } from './distributed-lag.ts';
import { benchShards, ledgerThroughput, type Mix, mixOf, preload } from './distributed-throughput.ts';

const ledgers = ['sqlite', 'eventstoredb_double'] as const;
const processCounts = [1, 2, 3];

function show(name: string, value: number): void {
  console.log(`${name}: ${Number.isInteger(value) ? value : value.toFixed(3)}`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const counters = ['batch', 'message', 'event_log'] as const;

/** Records a second of who only counts them, in a process of its own. */
function countRecords(task: CountingTask): number {
  const file = fileURLToPath(new URL('./bare-consumer.ts', import.meta.url));
  const args = [...nodeFlags, file, JSON.stringify(task)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`counting by ${task.by} failed: ${stderr}`);
  return (task.records * 1000) / (JSON.parse(stdout) as { readonly tookMs: number }).tookMs;
}

interface Rates {
  readonly ledgers: number[];
  readonly bare: Readonly<Record<CountingTask['by'], number[]>>;
}

/** One round: a topic of its own is filled, counted by each counter, and brought into both ledgers. */
async function oneRound(place: Place, mix: Mix, processes: number, rates: Rates): Promise<void> {
  const { logUrl, prefix, folder, ledger } = place;
  const double = ledger === 'sqlite' ? null : await startSwitched('ledger', join(folder, 'double'));
  const urls = { LOG_URL: logUrl.replace('?', `/${prefix}?`), ...double?.urls };
  try {
    await preload({ urls, folder, mix });
    const task = { logUrl, prefix, shards: benchShards, records: mix.flat().length };
    for (const by of counters) rates.bare[by].push(countRecords({ ...task, by }));
    rates.ledgers.push(await ledgerThroughput({ urls, folder, mix }, processes));
  } finally {
    await double?.end();
  }
}

interface Place {
  readonly logUrl: string;
  readonly prefix: string;
  readonly folder: string;
  readonly ledger: (typeof ledgers)[number];
}

async function measureThroughput(folder: string, logUrl: string, records: number, rounds: number): Promise<void> {
  const mix = mixOf(records);
  for (const ledger of ledgers) {
    for (const processes of processCounts) {
      const rates: Rates = { ledgers: [], bare: { batch: [], message: [], event_log: [] } };
      for (let round = 0; round < rounds; round += 1) {
        const prefix = `${ledger.slice(0, 2)}${processes}r${round}`;
        await oneRound({ logUrl, prefix, folder: join(folder, prefix), ledger }, mix, processes, rates);
      }
      const perSecond = median(rates.ledgers);
      const name = `${ledger}_${processes}_streams`;
      show(`ledgers_per_s_${name}`, Math.round(perSecond));
      for (const by of counters) {
        show(`counting_by_${by}_per_s_beside_${name}`, Math.round(median(rates.bare[by])));
        show(`ratio_to_counting_by_${by}_${name}`, perSecond / median(rates.bare[by]));
      }
    }
  }
}

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '1' },
    'lag-seconds': { type: 'string', default: '20' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'adtally-distributed-'));
try {
  const kafka = await startSwitched('kafka', join(folder, 'kafka'));
  try {
    await measureThroughput(folder, kafka.urls['LOG_URL'] ?? '', Number(values.records), Number(values.rounds));
  } finally {
    await kafka.end();
  }
  for (const ledger of ledgers) {
    const lag = await measureLag({
      folder: join(folder, `lag-${ledger}`),
      ledger,
      ms: Number(values['lag-seconds']) * 1000,
    });
    for (const [name, value] of Object.entries(lag)) show(`${name}_${ledger}`, value);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
