/** A `serve` process for benches of decisions: catalogue, budgets, persons, and the requests for it. */
import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { openKeys, openLog, openViews } from '../apps/engines.ts';
import { readPersonSecret } from '../apps/person-secret.ts';
import { readSettings, type Settings } from '../config/settings.ts';
import { entityFacts } from '../domain/catalog.ts';
import { encodeFrequencyView, frequencyViewKey } from '../domain/frequency-view.ts';
import { shardOf } from '../domain/identity.ts';
import type { AnyRecord, NodeStarted, RecordOf } from '../domain/records.ts';
import type { EventLog, NewRecord } from '../ports/event-log.ts';
import { trafficCatalog, trafficPersons } from './decision-traffic.ts';
import { type MeasuredServer, startMeasured } from './measured-server.ts';

const seed = 7;
const registry = openFileSchemaRegistry();
const clock = createSystemClock();

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function encode({ name, value }: AnyRecord): Uint8Array {
  return registry.encode(name, value as never);
}

async function appendAll(log: EventLog, topic: 'catalog' | 'pacing', records: readonly NewRecord[]): Promise<void> {
  for (let from = 0; from < records.length; from += 5000) await log.append(topic, records.slice(from, from + 5000));
}

/** A data directory with the catalogue in its log, and persons whose keys and views are there. */
async function prepare(
  settings: Settings,
  lineItems: number,
  more: readonly RecordOf<'catalog'>[],
): Promise<readonly string[]> {
  const traffic = trafficCatalog({ lineItems, requests: 0, nowMs: Date.now(), seed }) as RecordOf<'catalog'>[];
  const records = [...traffic, ...more];
  const log = await openLog(settings, clock);
  await appendAll(
    log,
    'catalog',
    records.map((one) => ({ shard: 0, key: entityFacts(one).id, value: encode(one) })),
  );
  await log.close();
  await preparePersons(settings);
  return records.filter(({ name }) => name === 'CampaignPublished').map((one) => entityFacts(one).id);
}

/** Four of five persons are known, with a few exposures each. */
async function preparePersons(settings: Settings): Promise<void> {
  const [keys, views] = [await openKeys(settings, clock), await openViews(settings, clock)];
  const secret = readPersonSecret(settings.dataDir);
  const known = trafficPersons.filter((_, number) => number % 5 !== 0);
  const keyOf = (number: number) => `018f0000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  const store = (id: string, number: number) =>
    keys.putIfAbsent(createHmac('sha256', secret).update(id).digest('hex'), keyOf(number));
  await Promise.all(known.map(store));
  await views.putMany(
    known.map((_, number) => {
      const items = new Map(
        [1, 2, 3].map((step) => [`li_${(number * 31 * step) % 1000}`, [Date.now() - 60_000 * step]]),
      );
      const value = encodeFrequencyView({ items, segments: ['segment1', `segment${number % 100}`] });
      return { key: frequencyViewKey(keyOf(number)), version: 1, value };
    }),
  );
  await Promise.all([keys.close(), views.close()]);
}

/** Gives the boots a lease of every campaign, as the allocator would. */
async function grantLeases(settings: Settings, campaigns: readonly string[], nodes: number): Promise<void> {
  const log = await openLog(settings, clock);
  const day = new Date().toISOString().slice(0, 10);
  const started = await untilStarted(log, nodes);
  const grants = started.flatMap(({ node, boot }, index) =>
    campaigns.map((campaign_id) => ({
      shard: shardOf(campaign_id, settings.shards),
      key: campaign_id,
      value: registry.encode('LeaseGranted', {
        campaign_id,
        number: index + 1,
        lease: { node, boot, day },
        amount_micros: 1_000_000_000_000,
        granted_at: Date.now(),
        allocator: 'bench',
      }),
    })),
  );
  await appendAll(log, 'pacing', grants);
  await log.close();
}

/** The boots that have begun, once there are so many. */
async function untilStarted(log: EventLog, nodes: number): Promise<readonly NodeStarted[]> {
  for (let tries = 0; tries < 600; tries += 1) {
    const { next } = await log.bounds('nodes', 0);
    const records = (await log.read('nodes', 0, 0, Math.max(1, next))).map(({ value }) => registry.decode(value));
    const started = records.flatMap(({ name, value }) => (name === 'NodeStarted' ? [value] : []));
    if (started.length >= nodes) return started;
    await pause(100);
  }
  throw new Error(`${nodes} nodes did not start within a minute`);
}

/** A running `serve` with so many live line items. */
export interface Served {
  readonly server: MeasuredServer;
  /** Its data directory; whoever started it removes it. */
  readonly folder: string;
  readonly settings: Settings;
}

export interface DecisionServerOptions {
  readonly lineItems: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Further records of the catalogue. */
  readonly more?: readonly RecordOf<'catalog'>[];
  /** Serving nodes that are to have leases. Default: 1. */
  readonly nodes?: number;
}

/** A `serve` process with so many live line items, budgets for them, and persons; ready. */
export async function startDecisionServer(options: DecisionServerOptions): Promise<Served> {
  const { lineItems, env = {}, more = [], nodes = 1 } = options;
  const folder = mkdtempSync(join(tmpdir(), 'adtally-decision-'));
  const settings = readSettings({ DATA_DIR: folder });
  const campaigns = await prepare(settings, lineItems, more);
  const server = await startMeasured('apps/serve.ts', await freePort(), { DATA_DIR: folder, ...env });
  await grantLeases(settings, campaigns, nodes);
  await untilReady(server.port);
  return { server, folder, settings };
}

async function untilReady(port: number): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if ((await fetch(`http://127.0.0.1:${port}/readyz`)).ok) return pause(500);
    await pause(100);
  }
  throw new Error('serve did not become ready within a minute');
}

export async function untilDrained(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    if (Number(/^adtally_buffer_entries ([0-9]+)$/m.exec(metrics)?.[1]) === 0) return;
    await pause(50);
  }
  throw new Error('the buffer was not drained within ten seconds');
}

/** A body as a whole request, as it goes over the wire. */
export function requestOf(body: string): Buffer {
  return Buffer.from(
    `POST /v1/decisions HTTP/1.1\r\nHost: ads.example\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
