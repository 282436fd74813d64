/**
 * `npm run bench:distributed [-- --records 200000] [--rounds 1] [--lag-seconds 20]`: one `name: value` a line, on a real Kafka of its own.
 * Throughput: records a second from a preloaded spend topic into both ledgers by one, two and three streams processes, each beside kafkajs's own consumer
 * that counts the same topic just before. Lag: from the acknowledgement of a beacon to its entry in the tentative ledger, at a light rate. Each with the
 * ledgers in SQLite and in the double of EventStoreDB (one process, a file): no figure of the latter is one of a server.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSwitched, type SwitchedEngine } from '../test/outage/switched-engines.ts';
import { measureLag } from './distributed-lag.ts';
import { ledgerThroughput, mixOf, preload } from './distributed-throughput.ts';

const ledgers = ['sqlite', 'eventstoredb_double'] as const;
const processCounts = [1, 2, 3];

function show(name: string, value: number): void {
  console.log(`${name}: ${Number.isInteger(value) ? value : value.toFixed(3)}`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Records a second of a bare consumer in a process of its own. */
function bareThroughput(logUrl: string, topic: string, records: number, mode: 'message' | 'batch'): number {
  const task = { brokers: [new URL(logUrl).host], topic, records, mode };
  const file = new URL('./bare-consumer.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, JSON.stringify(task)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the bare consumer failed: ${stderr}`);
  const counted = JSON.parse(stdout) as { readonly records: number; readonly tookMs: number };
  return (counted.records * 1000) / counted.tookMs;
}

async function measureThroughput(folder: string, kafka: SwitchedEngine, records: number, rounds: number) {
  const mix = mixOf(records);
  const total = mix.reduce((sum, values) => sum + values.length, 0);
  const logUrl = kafka.urls['LOG_URL'] ?? '';
  const bare: { message: number[]; batch: number[] } = { message: [], batch: [] };
  for (const ledger of ledgers) {
    for (const processes of processCounts) {
      const rates: number[] = [];
      const ratios: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const prefix = `${ledger.slice(0, 2)}${processes}r${round}`;
        const place = join(folder, prefix);
        const double = ledger === 'sqlite' ? null : await startSwitched('ledger', join(place, 'double'));
        const urls = { LOG_URL: logUrl.replace('?', `/${prefix}?`), ...double?.urls };
        try {
          await preload({ urls, folder: place, mix });
          const counted = bareThroughput(logUrl, `${prefix}.spend`, total, 'batch');
          bare.batch.push(counted);
          bare.message.push(bareThroughput(logUrl, `${prefix}.spend`, total, 'message'));
          const rate = await ledgerThroughput({ urls, folder: place, mix }, processes);
          rates.push(rate);
          ratios.push(rate / counted);
        } finally {
          await double?.end();
        }
      }
      show(`ledgers_per_s_${ledger}_${processes}_streams`, Math.round(median(rates)));
      show(`ledgers_ratio_${ledger}_${processes}_streams`, median(ratios));
    }
  }
  show('bare_kafkajs_batches_per_s', Math.round(median(bare.batch)));
  show('bare_kafkajs_messages_per_s', Math.round(median(bare.message)));
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
    await measureThroughput(folder, kafka, Number(values.records), Number(values.rounds));
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
