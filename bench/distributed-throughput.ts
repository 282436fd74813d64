import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { openLedger, openLog } from '../apps/engines.ts';
import { nodeFlags } from '../apps/node-flags.ts';
import { readSettings } from '../config/settings.ts';
import { ledgerStream, readBatch } from '../ledger/batch.ts';
import { ledgerTruths } from '../ports/ledger-index.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { persist } from '../serving/drain-pump.ts';
import { spendMix } from './spend-mix.ts';

/** Divided evenly among one, two and three processes. */
export const benchShards = 6;
const pageRecords = 2_000;
const registry = openFileSchemaRegistry();
const clock = createSystemClock();
const lookMs = 20;
const patienceMs = 300_000;

/** Records by shard, in the wire format. */
export type Mix = readonly (readonly Uint8Array[])[];

/** A mix of spend records, for each shard its own. */
export function mixOf(records: number): Mix {
  const ofShard = Math.ceil(records / benchShards);
  return Array.from({ length: benchShards }, (_, shard) =>
    spendMix({ registry, shard, records: ofShard, seed: 7 + shard }),
  );
}

export interface ThroughputOptions {
  /** Settings that name the engines: LOG_URL with a prefix of its own, and LEDGER_URL or none. */
  readonly urls: Readonly<Record<string, string>>;
  /** Empty. */
  readonly folder: string;
  readonly mix: Mix;
}

/** Appends a mix to the topic, which must be empty. */
export async function preload({ urls, folder, mix }: ThroughputOptions): Promise<void> {
  const log = await openLog(settingsOf({ urls, folder }), clock);
  try {
    // A topic that was just made has no leader at first, and an append that is repeated for one shard is repeated for all.
    const patiently = { clock, onRetry: () => {} };
    for (const shard of mix.keys()) await persist(() => log.read('spend', shard, 0, 1), patiently);
    const longest = Math.max(...mix.map((values) => values.length));
    for (let from = 0; from < longest; from += pageRecords) {
      const page = mix.flatMap((values, shard) =>
        values.slice(from, from + pageRecords).map((value) => ({ shard, key: '', value })),
      );
      await log.append('spend', page);
    }
    for (const [shard, values] of mix.entries()) {
      const { next } = await persist(() => log.bounds('spend', shard), patiently);
      if (next !== values.length) throw new Error(`spend/${shard} has ${next} records, not ${values.length}`);
    }
  } finally {
    await log.close();
  }
}

/**
 * Starts so many streams processes on what was preloaded. From when each of them has its share of the shards, and has written something, until both ledgers hold
 * everything: records a second.
 */
export async function ledgerThroughput(options: ThroughputOptions, processes: number): Promise<number> {
  const settings = settingsOf(options);
  const ledger = await openLedger(settings, clock);
  mkdirSync(options.folder, { recursive: true });
  const running = Array.from({ length: processes }, (_, number) => new StreamsProcess(options, number));
  try {
    const share = benchShards / processes;
    await until('an even division of the shards', async () => running.every(({ owned }) => owned === share));
    const ends = options.mix.map((values) => values.length);
    const total = ends.reduce((sum, end) => sum + end, 0);
    const left = async () => total - (await booked(ledger, ends));
    let before = await left();
    await until('the first entries', async () => {
      const now = await left();
      const hasMoved = now < before;
      before = now;
      return hasMoved;
    });
    const startedMs = performance.now();
    await until('the last entries', async () => (await left()) === 0);
    return (before * 1000) / (performance.now() - startedMs);
  } finally {
    await Promise.all(running.map((one) => one.stop()));
    await ledger.close();
  }
}

/** Records that both ledgers of their shard have behind them. */
async function booked(ledger: LedgerStore, ends: readonly number[]): Promise<number> {
  const positions = ends.map(async (end, shard) => {
    const tails = await Promise.all(ledgerTruths.map((truth) => ledger.tail(ledgerStream(truth, shard))));
    const nexts = tails.map((event) => (event === null ? 0 : readBatch(event, registry).next.offset));
    return Math.min(end, ...nexts);
  });
  return (await Promise.all(positions)).reduce((sum, position) => sum + position, 0);
}

function settingsOf({ urls, folder }: Pick<ThroughputOptions, 'urls' | 'folder'>) {
  return readSettings({ ...urls, DATA_DIR: join(folder, 'data'), SHARDS: String(benchShards) });
}

/** `apps/streams.ts` as it is, all of its processors; only `spend` has something in it. */
class StreamsProcess {
  readonly #child: ChildProcess;
  #output = '';

  /** @param number one of several has a folder of its own, as on a machine of its own; but ledgers in SQLite are in the folder, which all share then */
  constructor({ urls, folder }: ThroughputOptions, number: number) {
    const file = fileURLToPath(new URL('../apps/streams.ts', import.meta.url));
    const data = urls['LEDGER_URL'] === undefined ? 'data' : `data-${number}`;
    const env = { ...process.env, ...urls, DATA_DIR: join(folder, data), SHARDS: String(benchShards) };
    this.#child = spawn(process.execPath, [...nodeFlags, file], {
      env: { ...env, STREAMS_PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
  }

  /** Shards whose ledgers it writes, by what it said last. */
  get owned(): number {
    if (this.#child.exitCode !== null) throw new Error(`a streams process ended:\n${this.#output.slice(-2_000)}`);
    const said = [...this.#output.matchAll(/^streams: writes the ledgers of shards (none|[0-9 ]+)$/gm)].at(-1)?.[1];
    return said === undefined || said === 'none' ? 0 : said.split(' ').length;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    // Its end is no part of what is measured, and its data are thrown away.
    this.#child.kill('SIGKILL');
    await ended;
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + patienceMs; !(await holds()); await sleep(lookMs)) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
  }
}
