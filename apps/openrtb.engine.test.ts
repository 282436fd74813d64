import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedEventLog } from '../adapters/embedded/event-log.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { entityFacts } from '../domain/catalog.ts';
import { shardOf } from '../domain/identity.ts';
import type { AnyRecord, RecordOf, Topic } from '../domain/records.ts';
import type { EventLog } from '../ports/event-log.ts';
import { inventory, supply } from '../test/decision-world.ts';
import { bidRequest, imp } from '../test/openrtb-world.ts';
import { freePort, type ServeProcess, startServe } from '../test/serve-process.ts';
import { registry } from '../test/serving-world.ts';
import { makeTemporaryFolder } from '../test/temporary-folder.ts';
import { topicShards } from '../test/topic-shards.ts';

const clock = createSystemClock();
const day = 86_400_000;
const shards = 4;
let folder: ReturnType<typeof makeTemporaryFolder>;
let log: EventLog;
let serve: ServeProcess | null = null;

beforeEach(async () => {
  folder = makeTemporaryFolder();
  log = await openEmbeddedEventLog({ folder: join(folder.path, 'log'), shards: topicShards(shards), clock });
  const flight = { starts_at: clock.now() - day, ends_at: clock.now() + day };
  const records = [...inventory(1), ...supply(1, { campaign: { flight } })] as RecordOf<'catalog'>[];
  const catalog = records.map((one) => ({ shard: 0, key: entityFacts(one).id, value: encode(one) }));
  await log.append('catalog', catalog);
});

afterEach(async () => {
  await serve?.kill('SIGKILL');
  serve = null;
  await log.close();
  folder.remove();
});

function encode({ name, value }: AnyRecord): Uint8Array {
  return registry.encode(name, value as never);
}

async function everything<N extends AnyRecord['name']>(
  topic: Topic,
  wanted: N,
): Promise<Extract<AnyRecord, { name: N }>['value'][]> {
  const found: AnyRecord[] = [];
  for (let shard = 0; shard < log.shards(topic); shard += 1) {
    const { next } = await log.bounds(topic, shard);
    found.push(...(await log.read(topic, shard, 0, Math.max(1, next))).map(({ value }) => registry.decode(value)));
  }
  return found.flatMap(({ name, value }) => (name === wanted ? [value as never] : []));
}

/** A lease of the campaign for the boot that has begun, as the allocator would grant it. */
async function grantLease(): Promise<void> {
  const [started] = await everything('nodes', 'NodeStarted');
  if (started === undefined) throw new Error('no node has started');
  const { node, boot } = started;
  // Today's and, in case midnight is near, tomorrow's.
  for (const [index, atMs] of [clock.now(), clock.now() + day].entries()) {
    const value = {
      campaign_id: 'cmp_1',
      number: index + 1,
      lease: { node, boot, day: new Date(atMs).toISOString().slice(0, 10) },
      amount_micros: 1_000_000_000,
      granted_at: clock.now(),
      allocator: 'test',
    };
    await log.append('pacing', [
      { shard: shardOf('cmp_1', shards), key: 'cmp_1', value: registry.encode('LeaseGranted', value) },
    ]);
  }
}

interface Bid {
  readonly id: string;
  readonly price: number;
  readonly burl: string;
  readonly adm: string;
}

/** Asks until there is a bid: a lease takes a moment to arrive, and the first request of a busy machine may come too late. */
async function bidOf(url: string): Promise<{ readonly cur: string; readonly bid: Bid }> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    const body = bidRequest({ cur: ['USD'], imp: [imp('1', { bidfloor: 0.5 })] });
    const answer = await fetch(`${url}/openrtb2/auction`, { method: 'POST', body: JSON.stringify(body) });
    if (answer.status === 200) {
      const { cur, seatbid } = (await answer.json()) as { cur: string; seatbid: { bid: Bid[] }[] };
      return { cur, bid: seatbid[0]?.bid[0] as Bid };
    }
    expect(answer.status).toBe(204);
    expect(['no_budget', 'deadline_exceeded']).toContain(answer.headers.get('x-adtally-no-bid'));
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('there was no bid');
}

describe('an exchange', () => {
  test('pays once for an impression that its server and the browser both report, at the price of the bid', async () => {
    const rates = join(folder.path, 'rates.json');
    const dataAsOf = new Date(clock.now()).toISOString();
    writeFileSync(rates, JSON.stringify({ dataAsOf, conversions: { EUR: { USD: 2 } } }));
    serve = await startServe({ dataDir: folder.path, port: await freePort(), env: { OPENRTB_RATES: rates } });
    await grantLease();
    const { cur, bid } = await bidOf(serve.url);
    expect(cur).toBe('USD');
    const pixel = /src="([^"]+\/v1\/b\/impression\/[^"]+)"/.exec(bid.adm)?.[1] ?? '';
    const notices = [
      await fetch(bid.burl, { headers: { 'user-agent': 'Go-http-client/1.1' } }),
      await fetch(bid.burl, { headers: { 'user-agent': 'Go-http-client/1.1' } }),
      await fetch(pixel, { headers: { 'user-agent': 'Mozilla/5.0 Chrome/130.0' } }),
    ];
    expect(notices.map(({ status }) => status)).toEqual([200, 200, 200]);
    await serve.kill('SIGTERM');
    const incurred = await everything('spend', 'SpendIncurred');
    const seen = (await everything('impression', 'ImpressionRendered')).map(({ beacon }) => beacon);
    expect(incurred).toMatchObject([{ billing: { selection_id: bid.id } }]);
    expect((incurred[0]?.billing.price_micros ?? 0) / 500).toBe(bid.price);
    expect(seen.map(({ user_agent }) => user_agent)).toEqual(['', '', 'Mozilla/5.0 Chrome/130.0']);
    expect(new Set(seen.map(({ event_id }) => event_id)).size).toBe(1);
  });

  test('does not start with rates that can not be read', async () => {
    const env = { OPENRTB_RATES: join(folder.path, 'nowhere.json') };
    serve = await startServe({ dataDir: folder.path, port: await freePort(), env });
    expect(await serve.ended).not.toBe(0);
    expect(serve.errors()).toContain('nowhere.json');
  });
});
