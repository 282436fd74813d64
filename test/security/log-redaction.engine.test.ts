import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeFlags } from '../../apps/node-flags.ts';
import { isLogCode } from '../../domain/log-codes.ts';
import { browser, end, type Running, runProgram } from '../platform/running-platform.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';

/** Whatever must never be seen, each with a word of its own that is looked for. */
const secrets = {
  adminKey: 'marker-admin-key-51c9',
  wrongKey: 'marker-wrong-key-51c9',
  cookie: 'marker-cookie-51c9',
  saslPassword: 'marker-sasl-51c9',
  logPassword: 'marker-log-url-51c9',
  registryPassword: 'marker-registry-51c9',
  ledgerPassword: 'marker-ledger-51c9',
  viewsPassword: 'marker-views-51c9',
  keysPassword: 'marker-keys-51c9',
  warehousePassword: 'marker-warehouse-51c9',
  query: 'marker-query-51c9',
  person: 'marker-person-51c9@example.org',
  markup: 'marker-markup-51c9',
  address: '203.0.113.151',
  longToken: `marker${'Ab3_'.repeat(12)}`,
};
const starting = 180_000;
const folder = makeTemporaryFolder();
const said: string[] = [];
const bodies: string[] = [];

async function ask(url: string, init: RequestInit = {}): Promise<void> {
  bodies.push(await (await fetch(url, { redirect: 'manual', ...init })).text());
}

/** Everything that a stranger can send, to each kind of route. */
async function provoke(base: string, placement: string): Promise<void> {
  const headers = {
    authorization: `Bearer ${secrets.wrongKey}`,
    cookie: `session=${secrets.cookie}`,
    'content-type': 'application/json',
    'user-agent': browser,
    'x-forwarded-for': secrets.address,
  };
  const body = JSON.stringify({
    slots: [{ id: `<script>${secrets.markup}</script>`, placement_id: placement }],
    user: { id: secrets.person },
    device: { ip: secrets.address, ua: `<b>${secrets.markup}` },
    context: { url: `https://u:${secrets.query}@x.example/?q=${secrets.query}` },
  });
  const paths = [
    '/v1/decisions',
    '/openrtb2/auction',
    `/v1/nowhere?key=${secrets.query}`,
    '/v1/ledger/balances',
    '/v1/sql',
    '/v1/persons/forget',
  ];
  for (const path of paths) {
    for (const text of [body, `${body}}`, `"${secrets.person}`, `<VAST>${secrets.markup}`]) {
      await ask(`${base}${path}`, { method: 'POST', headers, body: text });
    }
    await ask(`${base}${path}`, { headers });
  }
  for (const path of [
    `/v1/b/impression/${secrets.longToken}`,
    `/v1/click/${secrets.longToken}?to=${secrets.query}`,
    '/%zz',
    '/readyz',
  ]) {
    await ask(`${base}${path}`, { headers });
  }
}

/** What a process says alone until it ends, or for a while if its engines do not answer and it waits for them. */
function startAlone(program: string, env: Record<string, string>, longestMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const file = join(import.meta.dirname, '../../apps', program);
    const child = spawn(process.execPath, [...nodeFlags, file], { env: { ...process.env, ...env } });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    const timer = setTimeout(() => child.kill('SIGKILL'), longestMs);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

let running: Running;

beforeAll(async () => {
  running = runProgram('apps/start.ts', [], {
    DATA_DIR: join(folder.path, 'data'),
    ADTALLY_KEYS: `admin=${secrets.adminKey}`,
    LOG_SASL_PASSWORD: secrets.saslPassword,
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'debug',
    TRUSTED_PROXIES: '127.0.0.0/8',
  });
  const [, consoleUrl = ''] = await running.until(/the platform answers at (http:[^"]+)"/, starting);
  const [, serveUrl = ''] = await running.until(/node-1 listens on (http:[^"]+)"/);
  await running.until(/"process":"streams"/);
  await provoke(serveUrl, 'pl_1');
  await provoke(consoleUrl, 'pl_1');
  await end(running);
  said.push(running.output());

  const nobody = '127.0.0.1:1';
  const engines = {
    LOG_URL: `kafka://${nobody}/x?sasl=scram-sha-512`,
    LOG_SASL_USERNAME: 'adtally',
    LOG_SASL_PASSWORD: secrets.saslPassword,
    VIEWS_URL: `redis://u:${secrets.viewsPassword}@${nobody}`,
    KEYS_URL: `redis://u:${secrets.keysPassword}@${nobody}`,
    WAREHOUSE_URL: `http://u:${secrets.warehousePassword}@${nobody}/adtally`,
    LEDGER_URL: `esdb://u:${secrets.ledgerPassword}@${nobody}`,
    SCHEMA_REGISTRY_URL: `http://u:${secrets.registryPassword}@${nobody}`,
    DATA_DIR: join(folder.path, 'alone'),
    ADTALLY_KEYS: `admin=${secrets.adminKey}`,
    STREAMS_PORT: '0',
    SERVE_PORT: '0',
    CONSOLE_PORT: '0',
  };
  const wrong = { ...engines, LOG_URL: `kafka://u:${secrets.logPassword}@`, SHARDS: `key=${secrets.query}` };
  for (const program of ['serve.ts', 'streams.ts', 'console.ts']) {
    for (const LOG_FORMAT of ['json', 'text']) {
      const { SCHEMA_REGISTRY_URL: _none, ...others } = engines;
      said.push(await startAlone(program, { ...wrong, LOG_FORMAT }, starting));
      if (LOG_FORMAT === 'json')
        said.push(await startAlone(program, { ...others, LOG_URL: 'embedded', LOG_FORMAT }, 8_000));
    }
  }
}, 6 * starting);
afterAll(async () => {
  await end(running);
  folder.remove();
});

describe('Three processes with secrets in every setting, header, query and body', () => {
  it.each(Object.entries(secrets))('say nothing of %s', (_, secret) => {
    expect(said.length).toBeGreaterThan(6);
    for (const text of said) expect(text).not.toContain(secret);
  });

  it('say why they do not start', () => {
    expect(said.filter((text) => text.includes('BAD_SETTING')).length).toBe(6);
  });

  it('say lines of JSON alone, each with a known code, a level, a time and its process', () => {
    const lines = running
      .output()
      .split('\n')
      .filter((line) => line !== '');
    const processes = new Set<string>();
    for (const line of lines) {
      const { code, level, time, message, process: name } = JSON.parse(line) as Record<string, string>;
      expect([line, isLogCode(code ?? '')]).toEqual([line, true]);
      expect([level, time, typeof message]).toEqual([
        expect.stringMatching(/^(debug|info|warn|error)$/),
        expect.stringMatching(/Z$/),
        'string',
      ]);
      processes.add(name ?? '');
    }
    expect([...processes].toSorted()).toEqual(['console', 'serve', 'start', 'streams']);
  });

  it('show no client where in the code something happened, and no operator where on the disk', () => {
    expect(bodies.length).toBeGreaterThan(50);
    for (const body of bodies) expect(body).not.toMatch(/^\s+at .*\.ts:\d+/m);
    for (const text of said) expect(text).not.toMatch(/at .*\(?(file:)?\/\S+\/apps\/\w+\.ts:\d+/);
  });
});
