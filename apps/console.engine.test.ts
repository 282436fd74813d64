import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openEmbeddedEventLog } from '../adapters/embedded/event-log.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import type { BudgetSet } from '../domain/records.ts';
import { keyOf, registry, roleKeys, sampleBodies } from '../test/console-world.ts';
import { freePort } from '../test/serve-process.ts';
import { makeTemporaryFolder } from '../test/temporary-folder.ts';
import { topicShards } from '../test/topic-shards.ts';

const program = fileURLToPath(new URL('console.ts', import.meta.url));
let folder: ReturnType<typeof makeTemporaryFolder>;
let port: number;
const running = new Set<ChildProcess>();

beforeEach(async () => {
  folder = makeTemporaryFolder();
  port = await freePort();
});

afterEach(async () => {
  for (const child of running) await end(child, 'SIGKILL');
  folder.remove();
});

/** Starts the console as the supervisor does; resolves with what it printed until it was ready, or ended. */
async function start(
  env: Record<string, string> = { ADTALLY_KEYS: roleKeys },
): Promise<{ child: ChildProcess; printed: () => string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    env: { PATH: process.env['PATH'], DATA_DIR: folder.path, CONSOLE_PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  for (let tries = 0; tries < 2_000 && running.has(child) && !(await isReady()); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { child, printed: () => printed };
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  child.kill(signal);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

async function isReady(): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false; // it does not listen yet
  }
}

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${keyOf.admin}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

async function budgets(): Promise<BudgetSet[]> {
  const log = await openEmbeddedEventLog({
    folder: join(folder.path, 'log'),
    shards: topicShards(4),
    clock: createSystemClock(),
  });
  const found: BudgetSet[] = [];
  for (let shard = 0; shard < 4; shard += 1) {
    for (const { value } of await log.read('pacing', shard, 0, 10_000)) {
      const record = registry.decode(value);
      if (record.name === 'BudgetSet') found.push(record.value);
    }
  }
  await log.close();
  return found;
}

describe('The console process', () => {
  it('makes keys at its first start, prints them once, and keeps no key', async () => {
    const first = await start({});
    const keys = [...first.printed().matchAll(/key of (\w+), shown this once: (\S+)/g)].map(([, role, key]) => ({
      role,
      key: key ?? '',
    }));
    expect(keys.map(({ role }) => role)).toEqual(['admin', 'trafficker', 'finance', 'analyst', 'auditor']);
    const stored = readFileSync(join(folder.path, 'secrets', 'console-keys.json'), 'utf8');
    for (const { key } of keys) expect(stored).not.toContain(key);
    const headers = { authorization: `Bearer ${keys[0]?.key}` };
    expect((await ask('GET', '/v1/advertisers', undefined, headers)).status).toBe(200);
    expect(await end(first.child, 'SIGTERM')).toBe(0);
    const second = await start({});
    expect(second.printed()).not.toContain('shown this once');
    expect((await ask('GET', '/v1/advertisers', undefined, headers)).status).toBe(200);
  });

  it('answers after kill -9 in the middle of creations as it had before, and lacks no budget', async () => {
    const { child } = await start();
    const advertiser = JSON.parse((await ask('POST', '/v1/advertisers', sampleBodies.advertiser)).text) as {
      advertiser_id: string;
    };
    const body = sampleBodies.campaign(advertiser.advertiser_id);
    const create = (index: number) => ask('POST', '/v1/campaigns', body, { 'idempotency-key': `campaign-${index}` });
    const acknowledged = new Map<number, string>();
    let asked = 0;
    /** One after the other until one is not answered. */
    const goOn = async () => {
      for (;;) {
        const index = asked++;
        const { status, text } = await create(index).catch(() => ({ status: 0, text: '' }));
        if (status !== 201) return;
        acknowledged.set(index, text);
        if (acknowledged.size === 10) child.kill('SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: 30 }, goOn));
    await end(child, 'SIGKILL');
    expect(acknowledged.size).toBeGreaterThanOrEqual(10);
    expect(acknowledged.size).toBeLessThan(asked);

    await start();
    for (let index = 0; index < asked; index += 1) {
      const { status, text } = await create(index);
      expect(status).toBe(201);
      if (acknowledged.has(index)) expect(text).toBe(acknowledged.get(index));
    }
    const { items } = JSON.parse((await ask('GET', '/v1/campaigns?limit=500')).text) as {
      items: { campaign_id: string }[];
    };
    expect(items).toHaveLength(asked);
    const ids = new Set(items.map(({ campaign_id }) => campaign_id));
    expect(new Set((await budgets()).map(({ campaign_id }) => campaign_id))).toEqual(ids);
  });

  it('tells whoever scrapes how far reporting and ledgers are behind, without a key', async () => {
    await start();
    await ask('POST', '/v1/advertisers', sampleBodies.advertiser);
    const scrape = () => fetch(`http://127.0.0.1:${port}/metrics`);
    const { status, headers } = await scrape();
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')]);
    // The sink says how far it is once it has looked at what the warehouse holds.
    const sunk = /^adtally_sink_lag_ms\{topic="catalog"\} \d+$/m;
    await vi.waitUntil(async () => sunk.test(await (await scrape()).text()), { timeout: 90_000, interval: 100 });
    const text = await (await scrape()).text();
    expect(text).toMatch(/^adtally_ledger_lag_records\{stream="final-3"\} \d+$/m);
    expect(text).toMatch(/^process_cpu_seconds_total /m);
    expect(text).not.toContain('Acme');
  });

  it.each([
    ['SHARDS', 'many'],
    ['LOG_URL', 'nats://broker:9092'],
    ['ADTALLY_KEYS', 'root=0123456789ab'],
  ])('ends with a sentence that names %s=%s', async (variable, value) => {
    const { child, printed } = await start({ [variable]: value });
    expect(child.exitCode).toBe(1);
    expect(printed()).toContain(`BAD_SETTING`);
    expect(printed()).toContain(variable);
  });
});
