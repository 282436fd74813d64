import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedEventLog } from '../adapters/embedded/event-log.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemDisk } from '../adapters/system/disk.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import { uuidV7 } from '../domain/identity.ts';
import type { AnyRecord, Billing, CreativePublished, Topic } from '../domain/records.ts';
import type { TokenKey } from '../domain/token.ts';
import type { EventLog } from '../ports/event-log.ts';
import { TokenKeys } from '../serving/token-keys.ts';
import { freePort, type ServeProcess, startServe } from '../test/serve-process.ts';
import { registry, sampleBilling, sampleToken } from '../test/serving-world.ts';
import { makeTemporaryFolder } from '../test/temporary-folder.ts';
import { topicShards } from '../test/topic-shards.ts';

const clock = createSystemClock();
const random = createSystemRandom();
let folder: ReturnType<typeof makeTemporaryFolder>;
let port: number;
let log: EventLog;
let agent: Agent;
const running = new Set<ServeProcess>();

beforeEach(async () => {
  folder = makeTemporaryFolder();
  port = await freePort();
  agent = new Agent({ keepAlive: true });
  log = await openEmbeddedEventLog({ folder: join(folder.path, 'log'), shards: topicShards(4), clock });
  await log.append('catalog', [{ shard: 0, key: 'cr_1', value: registry.encode('CreativePublished', creative) }]);
});

afterEach(async () => {
  for (const serve of running) await serve.kill('SIGKILL');
  running.clear();
  agent.destroy();
  await log.close();
  folder.remove();
});

const creative: CreativePublished = {
  creative_id: 'cr_1',
  line_item_id: 'li_1',
  campaign_id: 'cmp_1',
  advertiser_id: 'adv_1',
  name: 'c',
  format: 'banner',
  width: 300,
  height: 250,
  markup: '<a href="{click_url}">x</a>',
  landing_url: 'https://shop.example/?c={click_id}',
  trackers: [],
  attributes: [],
  categories: [],
  duration_ms: 0,
  status: 'ACTIVE',
  change: { revision: 1, changed_by: 'k', changed_at: 0, idempotency_key: null, request_hash: null, archived: false },
};

async function start(
  options: { wrapper?: readonly string[]; env?: Record<string, string> } = {},
): Promise<ServeProcess> {
  const serve = await startServe({ dataDir: folder.path, port, ...options });
  running.add(serve);
  void serve.ended.then(() => running.delete(serve));
  return serve;
}

async function signingKey(): Promise<TokenKey> {
  const options = { disk: createSystemDisk(), clock, random, folder: join(folder.path, 'secrets') };
  return (await TokenKeys.open({ ...options, verifiesMs: 1 })).current();
}

async function everything(topic: Topic): Promise<AnyRecord[]> {
  const records: AnyRecord[] = [];
  for (let shard = 0; shard < log.shards(topic); shard += 1) {
    const { next } = await log.bounds(topic, shard);
    const read = await log.read(topic, shard, 0, Math.max(1, next));
    records.push(...read.map(({ value }) => registry.decode(value)));
  }
  return records;
}

/** Status of the answer; null if there was none. */
function get(path: string): Promise<number | null> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path, agent }, (answer) => {
      answer.resume();
      answer.once('close', () => resolve(answer.complete ? (answer.statusCode ?? null) : null));
    });
    call.once('error', () => resolve(null));
    call.end();
  });
}

function freshBilling(model: 'CPM' | 'CPC'): Billing {
  const now = Date.now();
  const id = uuidV7(now, random.bytes(10));
  const shard = id.charCodeAt(35) % 4;
  const base = sampleBilling(1, { selected_at: now, selection_id: id, shard, pricing_model: model });
  return model === 'CPC' ? { ...base, draw_lease: null } : base;
}

/** Sends impressions and clicks until `stop`; remembers the selections of those that were acknowledged. */
async function sendUntil(
  stop: { readonly now: boolean },
  key: TokenKey,
  acknowledged: Map<string, Billing>,
): Promise<void> {
  for (let index = 0; !stop.now; index += 1) {
    const click = index % 4 === 3;
    const billing = freshBilling(click ? 'CPC' : 'CPM');
    const token = sampleToken(billing, key, click ? 'click' : 'view');
    const status = await get(click ? `/v1/click/${token}` : `/v1/b/impression/${token}`);
    if (status === 200 || status === 302) acknowledged.set(billing.selection_id, billing);
    else await clock.sleep(20);
  }
}

async function expectAllInLog(acknowledged: ReadonlyMap<string, Billing>): Promise<void> {
  const evidence = new Map<string, Billing>();
  const charged = new Map<string, Billing>();
  for (const record of [...(await everything('impression')), ...(await everything('click'))]) {
    if ('beacon' in record.value) evidence.set(record.value.beacon.billing.selection_id, record.value.beacon.billing);
  }
  for (const record of await everything('spend')) {
    if (record.name === 'SpendIncurred') charged.set(record.value.billing.selection_id, record.value.billing);
  }
  const missing = [...acknowledged.keys()].filter((id) => !evidence.has(id) || !charged.has(id));
  expect(missing).toEqual([]);
  for (const [id, billing] of acknowledged) {
    expect(JSON.parse(JSON.stringify(evidence.get(id)))).toEqual(billing);
    expect(JSON.parse(JSON.stringify(charged.get(id)))).toEqual(billing);
  }
}

/** Waits until so many more were acknowledged: on a busy machine that takes its time. */
async function untilMore(acknowledged: ReadonlyMap<string, Billing>, count: number): Promise<void> {
  const wanted = acknowledged.size + count;
  while (acknowledged.size < wanted) await clock.sleep(5);
}

/** Waits until so many boots have said that they began. */
async function untilStarted(count: number): Promise<void> {
  while ((await everything('nodes')).filter(({ name }) => name === 'NodeStarted').length < count) await clock.sleep(50);
}

/** Waits until so many workers take connections. */
async function untilListening({ url }: ServeProcess, workers: number): Promise<void> {
  for (const seen = new Set<string>(); seen.size < workers; await clock.sleep(20)) {
    const { checks } = await (await fetch(`${url}/readyz`, { headers: { connection: 'close' } })).json();
    seen.add(checks.boot.detail);
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

describe('A serve process', () => {
  it('behind a trusted proxy blocks and records by the network of whom the proxy saw', async () => {
    const serve = await start({ env: { TRUSTED_PROXIES: '127.0.0.0/8', BLOCKED_NETWORKS: '198.51.100.0/24' } });
    const key = await signingKey();
    const headers = { 'x-forwarded-for': '192.0.2.66, 198.51.100.1' };
    const [shown, clicked] = [freshBilling('CPM'), freshBilling('CPC')];
    expect((await fetch(`${serve.url}/v1/b/impression/${sampleToken(shown, key)}`, { headers })).status).toBe(200);
    const click = `${serve.url}/v1/click/${sampleToken(clicked, key, 'click')}`;
    expect((await fetch(click, { headers, redirect: 'manual' })).status).toBe(302);
    const decision = await fetch(`${serve.url}/v1/decisions`, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        'user-agent': 'Mozilla/5.0 Chrome/130.0 Safari/537.36',
      },
      body: JSON.stringify({ slots: [{ id: 's', placement_id: 'pl_1' }] }),
    });
    expect(await decision.json()).toMatchObject({ no_ad: [{ reason: 'blocked_traffic' }] });
    expect(await serve.kill('SIGTERM')).toBe(0);
    const records = [...(await everything('impression')), ...(await everything('click'))];
    const networks = records.flatMap(({ value }) => ('beacon' in value ? [value.beacon.network] : []));
    expect(networks).toEqual(['198.51.100.0/24', '198.51.100.0/24']);
  });

  it('killed with -9 twelve times loses nothing that it acknowledged, and each of its boots is drained and fenced once', async () => {
    let key: TokenKey | null = null;
    const acknowledged = new Map<string, Billing>();
    const kills = 12;
    for (let round = 0; round < kills; round += 1) {
      const serve = await start();
      key ??= await signingKey();
      const stop = { now: false };
      const senders = Array.from({ length: 16 }, () => sendUntil(stop, key as TokenKey, acknowledged));
      await untilMore(acknowledged, 20);
      await clock.sleep(randomInt(0, 500));
      await serve.kill('SIGKILL');
      stop.now = true;
      await Promise.all(senders);
    }
    const last = await start();
    expect(await last.kill('SIGTERM')).toBe(0);
    expect(acknowledged.size).toBeGreaterThan(200);
    await expectAllInLog(acknowledged);

    const nodes = await everything('nodes');
    const boots = nodes.flatMap(({ name, value }) => (name === 'NodeStarted' ? [value.boot] : []));
    expect(new Set(boots).size).toBe(kills + 1);
    for (const [index, boot] of boots.entries()) {
      const ofBoot = nodes.filter(({ value }) => 'boot' in value && value.boot === boot);
      const ends = ofBoot.map(({ name }) => name).filter((name) => name !== 'NodeMark');
      expect(ends).toEqual(['NodeStarted', 'BufferDrained', 'NodeFenceDecided']);
      const fence = ofBoot.find(({ name }) => name === 'NodeFenceDecided');
      expect(fence?.value).toMatchObject({ reason: index < kills ? 'succeeded' : 'stopped' });
    }
    expect(readdirSync(join(folder.path, 'buffer', 'node-1')).filter((name) => !name.startsWith('lock.db'))).toEqual(
      [],
    );
  }, 600_000);

  it('told to stop amid traffic finishes it, drains, says its end, and exits with 0', async () => {
    const serve = await start();
    const key = await signingKey();
    const acknowledged = new Map<string, Billing>();
    const stop = { now: false };
    const senders = Array.from({ length: 16 }, () => sendUntil(stop, key, acknowledged));
    await untilMore(acknowledged, 100);
    expect(await serve.kill('SIGTERM')).toBe(0);
    stop.now = true;
    await Promise.all(senders);
    expect(acknowledged.size).toBeGreaterThan(20);
    await expectAllInLog(acknowledged);
    const ends = (await everything('nodes')).map(({ name }) => name).filter((name) => name !== 'NodeMark');
    expect(ends).toEqual(['NodeStarted', 'BufferDrained', 'NodeFenceDecided']);
    expect(serve.errors()).toBe('');
  });

  it('of several workers loses nothing that was acknowledged when one is killed, and starts it again under its name', async () => {
    const serve = await start({ env: { SERVE_WORKERS: '2' } });
    const key = await signingKey();
    await untilListening(serve, 2);
    const acknowledged = new Map<string, Billing>();
    const stop = { now: false };
    const senders = Array.from({ length: 16 }, () => sendUntil(stop, key, acknowledged));
    await untilMore(acknowledged, 200);
    const [victim] = childrenOf(serve.pid);
    process.kill(victim as number, 'SIGKILL');
    await untilMore(acknowledged, 100);
    await untilStarted(3);
    await untilListening(serve, 2);
    await untilMore(acknowledged, 200);
    expect(await serve.kill('SIGTERM')).toBe(0);
    stop.now = true;
    await Promise.all(senders);
    await expectAllInLog(acknowledged);

    const nodes = await everything('nodes');
    const started = nodes.flatMap(({ name, value }) => (name === 'NodeStarted' ? [value] : []));
    expect(
      started
        .map(({ node }) => node)
        .toSorted()
        .slice(0, 3),
    ).toEqual(
      started[2]?.node === 'node-1-w1'
        ? ['node-1-w1', 'node-1-w1', 'node-1-w2']
        : ['node-1-w1', 'node-1-w2', 'node-1-w2'],
    );
    for (const { boot } of started) {
      const ofBoot = nodes.filter(({ value }) => 'boot' in value && value.boot === boot);
      const ends = ofBoot.map(({ name }) => name).filter((name) => name !== 'NodeMark');
      expect(ends).toEqual(['NodeStarted', 'BufferDrained', 'NodeFenceDecided']);
    }
    const reasons = nodes.flatMap(({ name, value }) => (name === 'NodeFenceDecided' ? [value.reason] : []));
    expect(reasons.toSorted()).toEqual(['stopped', 'stopped', 'succeeded']);
  }, 300_000);

  it('of several workers answers for all of them when it is asked for metrics', async () => {
    const serve = await start({ env: { SERVE_WORKERS: '2' } });
    const key = await signingKey();
    await untilListening(serve, 2);
    const acknowledged = new Map<string, Billing>();
    const stop = { now: false };
    const senders = Array.from({ length: 16 }, () => sendUntil(stop, key, acknowledged));
    await untilMore(acknowledged, 100);
    stop.now = true;
    await Promise.all(senders);
    for (let time = 0; time < 4; time += 1) {
      const text = await (await fetch(`${serve.url}/metrics`, { headers: { connection: 'close' } })).text();
      const counted = text.matchAll(
        /^adtally_beacons_total\{kind="(?:impression|click)",judgement="ACCEPTED"\} ([0-9]+)$/gm,
      );
      expect(Array.from(counted, ([, count]) => Number(count)).reduce((a, b) => a + b)).toBe(acknowledged.size);
      expect(text).toMatch(/^adtally_boot_drawing 1$/m);
    }
    expect(await serve.kill('SIGTERM')).toBe(0);
  }, 180_000);

  it('of several workers answers what a page view asks again once, whoever is asked', async () => {
    const serve = await start({ env: { SERVE_WORKERS: '2' } });
    await untilListening(serve, 2);
    const ask = async (view: string, id: string) => {
      const body = {
        id,
        imp: [{ id: '1', banner: { w: 300, h: 250 } }],
        site: { page: 'https://news.example/a' },
        ext: { prebid: { page_view_ids: { adtally: view } } },
      };
      const headers = { 'content-type': 'text/plain', connection: 'close' };
      const answer = await fetch(`${serve.url}/openrtb2/auction`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      return ((await answer.json()) as { id: string }).id;
    };
    const counts = async () => {
      const text = await (await fetch(`${serve.url}/metrics`, { headers: { connection: 'close' } })).text();
      const of = (name: string) => Number(new RegExp(`^adtally_bid_${name}_total (\\d+)$`, 'm').exec(text)?.[1]);
      return [of('requests'), of('requests_repeated')] as const;
    };
    const ids = Array.from({ length: 8 }, (_, index) => `r${index}`);
    const atOnce = (view: string) => Promise.all(ids.map((id) => ask(view, id)));
    const inTurn = async (view: string) => {
      const answered: string[] = [];
      for (const id of ids) answered.push(await ask(view, id));
      return answered;
    };
    // Connections go to the workers in turn. An answer holds for a second, and nobody waits long for it: on a busy machine another page view is needed.
    for (const [name, way] of Object.entries({ atOnce, inTurn })) {
      let view = 0;
      const oneView = async () => {
        const before = await counts();
        expect(await way(`${name}-${(view += 1)}`)).toEqual(ids);
        const after = await counts();
        expect(after[0] + after[1] - before[0] - before[1]).toBe(ids.length);
        return after[0] - before[0];
      };
      await expect.poll(oneView, { timeout: 60_000, interval: 500 }).toBe(1);
    }
    expect(await serve.kill('SIGTERM')).toBe(0);
  }, 180_000);

  it('will not share its node name with another on the same directory', async () => {
    await start();
    const second = await startServe({ dataDir: folder.path, port: await freePort() });
    expect(await second.ended).not.toBe(0);
    expect(second.errors()).toContain('NODE_NAME_TAKEN');
    expect(await get('/healthz')).toBe(200);
  });

  it('brings what a node left that is no more to the log, but leaves a living one alone', async () => {
    const gone = await start({ env: { NODE_NAME: 'gone' } });
    const key = await signingKey();
    const living = await startServe({ dataDir: folder.path, port: await freePort(), env: { NODE_NAME: 'living' } });
    running.add(living);
    const acknowledged = new Map<string, Billing>();
    const stop = { now: false };
    const senders = Array.from({ length: 8 }, () => sendUntil(stop, key, acknowledged));
    await untilMore(acknowledged, 50);
    await gone.kill('SIGKILL');
    stop.now = true;
    await Promise.all(senders);
    const heir = await start();
    await expectAllInLog(acknowledged);
    const ended = (await everything('nodes')).flatMap(({ name, value }) =>
      name === 'NodeFenceDecided' ? [[value.node, value.reason]] : [],
    );
    expect(ended).toEqual([['gone', 'succeeded']]);
    expect([await heir.kill('SIGTERM'), await living.kill('SIGTERM')]).toEqual([0, 0]);
  });

  it('that reads its own fence ends with an error, so that the supervisor starts another boot', async () => {
    const serve = await start();
    const [started] = (await everything('nodes')).flatMap(({ name, value }) => (name === 'NodeStarted' ? [value] : []));
    const { node, boot } = started ?? { node: '', boot: '' };
    const fence = { node, boot, reason: 'timed_out', decided_by: 'ticker', decided_at: Date.now() };
    await log.append('nodes', [{ shard: 0, key: node, value: registry.encode('NodeFenceDecided', fence) }]);
    expect(await serve.ended).toBe(1);
    expect(serve.errors()).toContain('fenced');
    const next = await start();
    expect(await next.kill('SIGTERM')).toBe(0);
  });
});

const hasStrace = spawnSync('strace', ['-V']).status === 0;

/** Lines of strace in the order in which calls returned; one that was interrupted by another thread is put together. */
function completedCalls(text: string): string[] {
  const begun = new Map<string, string>();
  return text.split('\n').flatMap((line) => {
    const thread = line.split(' ', 1)[0] ?? '';
    if (line.endsWith('<unfinished ...>')) {
      begun.set(thread, line.slice(0, -'<unfinished ...>'.length));
      return [];
    }
    const resumed = /<\.\.\. \w+ resumed>(.*)$/.exec(line);
    return [resumed === null ? line : `${begun.get(thread) ?? ''}${resumed[1]}`];
  });
}

describe('An acknowledgement on the wire', () => {
  it.skipIf(!hasStrace)(
    'comes after the beacon was written and the write was synced, as the kernel saw it',
    async () => {
      const trace = join(folder.path, 'trace');
      const wrapper = ['strace', '-D', '-f', '-s', '4096', '-e', 'trace=write,writev,fdatasync', '-o', trace];
      const serve = await start({ wrapper });
      const key = await signingKey();
      const billings = Array.from({ length: 8 }, () => freshBilling('CPM'));
      for (const billing of billings) expect(await get(`/v1/b/impression/${sampleToken(billing, key)}`)).toBe(200);
      await serve.kill('SIGTERM');
      // strace pads short process ids.
      const exited = new RegExp(`^${serve.pid} +\\+\\+\\+ exited`, 'm');
      while (!exited.test(readFileSync(trace, 'utf8'))) await clock.sleep(50);
      const calls = completedCalls(readFileSync(trace, 'utf8'));
      const answers = calls.flatMap((call, at) => (call.includes('HTTP/1.1 200 OK') ? [at] : []));
      expect(answers).toHaveLength(billings.length);
      for (const [index, { selection_id }] of billings.entries()) {
        const written = calls.findIndex((call) => / write\(/.test(call) && call.includes(selection_id));
        const fd = / write\((\d+),/.exec(calls[written] ?? '')?.[1];
        const synced = calls.findIndex(
          (call, at) => at > written && new RegExp(` fdatasync\\(${fd} *\\) += 0`).test(call),
        );
        expect(written).toBeGreaterThan(-1);
        expect(synced).toBeGreaterThan(written);
        expect(answers[index]).toBeGreaterThan(synced);
      }
    },
    120_000,
  );
});
