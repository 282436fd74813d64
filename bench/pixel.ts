/**
 * CPU time that a pixel costs: bare fastify's ÷ ours, all threads, the same bytes in and out, 128 connections, alternating rounds,
 * medians. Every request of ours is a genuine impression of another selection: it is verified, charged, written, synced and drained
 * into the log within the time that is measured.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemDisk } from '../adapters/system/disk.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import { uuidV7 } from '../domain/identity.ts';
import type { Billing } from '../domain/records.ts';
import { signToken, type TokenKey } from '../domain/token.ts';
import { TokenKeys } from '../serving/token-keys.ts';
import { type LoadResult, runLoad } from './http-load.ts';
import { type MeasuredServer, startMeasured } from './measured-server.ts';

export interface PixelOptions {
  readonly rounds: number;
  /** Requests of each round to each server. */
  readonly requests: number;
  /** A round ends after so long in any case: on a busy disk a sync takes many ms. */
  readonly roundMs: number;
}

const connections = 128;
/** Code that ran less often is not yet compiled to its final form. */
const warmUpRounds = 2;
const random = createSystemRandom();

function billing(now: number): Billing {
  const boot = '018f0000-0000-7000-8000-000000000001';
  const id = uuidV7(now, random.bytes(10));
  return {
    selection_id: id,
    shard: id.charCodeAt(35) % 4,
    node: 'node-1',
    boot,
    sequence: 1,
    advertiser_id: 'adv_000000000001',
    campaign_id: 'cmp_000000000001',
    line_item_id: 'li_000000000001',
    creative_id: 'cr_000000000001',
    publisher_id: 'pub_000000000001',
    placement_id: 'pl_000000000001',
    pricing_model: 'CPM',
    price_micros: 2_500,
    currency: 'EUR',
    revenue_share_ppm: 700_000,
    share_rounding: 'DOWN',
    calendar: 1,
    draw_lease: { node: 'node-1', boot, day: new Date(now).toISOString().slice(0, 10) },
    test: false,
    selected_at: now,
    expires_at: now + 1_862_000,
  };
}

function pixelRequests(count: number, key: TokenKey): Buffer[] {
  const now = Date.now();
  const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';
  return Array.from({ length: count }, () => {
    const token = signToken(billing(now), [{ kinds: ['impression', 'viewable'], expiresAt: now + 1_800_000 }], key);
    return Buffer.from(
      `GET /v1/b/impression/${token} HTTP/1.1\r\nHost: ads.example\r\nUser-Agent: ${agent}\r\nAccept: image/*\r\n\r\n`,
    );
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

async function entriesLeft(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^adtally_buffer_entries ([0-9]+)$/m.exec(text)?.[1] ?? Number.NaN);
}

interface Round extends LoadResult {
  readonly cpuUs: number;
}

async function round(server: MeasuredServer, requests: readonly Buffer[], forMs: number): Promise<Round> {
  const before = await server.cpuUs();
  const result = await runLoad({ port: server.port, connections, requests, forMs });
  // What is still on its way to the log belongs to this round.
  await new Promise((resolve) => setTimeout(resolve, 400));
  return { ...result, cpuUs: ((await server.cpuUs()) - before) / result.answered };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** Without the date; fastify writes names of headers in lower case. */
const comparable = (sample: string) => sample.replace(/Date: [^\r]*/, '').toLowerCase();

/** Runs the rounds; resolves with the figures by their names. */
export async function measurePixel({
  rounds,
  requests: count,
  roundMs,
}: PixelOptions): Promise<Readonly<Record<string, number>>> {
  const folder = mkdtempSync(join(tmpdir(), 'adtally-pixel-'));
  const ours = await startMeasured('apps/serve.ts', await freePort(), { DATA_DIR: folder });
  const bare = await startMeasured('bench/bare-pixel.ts', await freePort());
  try {
    const options = { disk: createSystemDisk(), clock: createSystemClock(), random, folder: join(folder, 'secrets') };
    const key = (await TokenKeys.open({ ...options, verifiesMs: 1 })).current();
    const results: { ours: Round; bare: Round }[] = [];
    for (let index = 0; index < rounds + warmUpRounds; index += 1) {
      const requests = pixelRequests(count, key);
      const one = { ours: await round(ours, requests, roundMs), bare: await round(bare, requests, roundMs) };
      if (comparable(one.ours.sample) !== comparable(one.bare.sample)) throw new Error('the answers differ');
      if ((await entriesLeft(ours.port)) > 0) throw new Error('the round ended before everything was in the log');
      if (index >= warmUpRounds) results.push(one);
    }
    const cpu = (which: 'ours' | 'bare') => median(results.map((one) => one[which].cpuUs));
    const rate = (which: 'ours' | 'bare') =>
      median(results.map((one) => (1000 * one[which].answered) / one[which].elapsedMs));
    return {
      pixel_ratio: cpu('bare') / cpu('ours'),
      pixel_throughput_ratio: rate('ours') / rate('bare'),
      pixel_cpu_us: cpu('ours'),
      pixel_bare_cpu_us: cpu('bare'),
      pixel_per_s: rate('ours'),
    };
  } finally {
    await Promise.all([ours.stop(), bare.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const figures = await measurePixel({ rounds: 5, requests: 20_000, roundMs: 6_000 });
  for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${value.toFixed(3)}`);
}
