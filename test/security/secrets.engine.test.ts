import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browser, end, eventually, type Running, runProgram } from '../platform/running-platform.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';

/** Whatever must never be seen again, each with a word of its own that is looked for. */
const secrets = {
  admin: 'marker-admin-key-8d1f',
  finance: 'marker-finance-key-8d1f',
  password: 'marker-password-8d1f',
  wrongKey: 'marker-wrong-key-8d1f',
  person: 'marker-person-8d1f@example.org',
  address: '203.0.113.197',
};
const starting = 180_000;
const folder = makeTemporaryFolder();
const data = join(folder.path, 'data');
const answers: string[] = [];
let running: Running;
let serve: string;
let console: string;
let stopped = '';

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(url, { redirect: 'manual', ...init });
  answers.push(`${JSON.stringify([...answer.headers])} ${await answer.clone().text()}`);
  return answer;
}

const withKey = (key: string): RequestInit => ({ headers: { authorization: `Bearer ${key}` } });
const posting = (body: string, headers: Record<string, string> = {}): RequestInit => {
  return { method: 'POST', body, headers: { 'content-type': 'application/json', 'user-agent': browser, ...headers } };
};

/** A decision for a person, from an address. */
function decision(placement: string, more: object = {}): string {
  const device = { ua: browser, ip: secrets.address };
  const user = { id: secrets.person };
  return JSON.stringify({
    slots: [{ id: 's', placement_id: placement }],
    device,
    user,
    consent: { gdpr: false },
    ...more,
  });
}

beforeAll(async () => {
  running = runProgram('apps/start.ts', [], {
    DATA_DIR: data,
    ADTALLY_KEYS: `admin=${secrets.admin},finance=${secrets.finance}`,
    LOG_SASL_PASSWORD: secrets.password,
  });
  await running.until(/Ctrl-C stops it/, starting);
  [, console = ''] = await running.until(/(http:\/\/127\.0\.0\.1:\d+)\/demo/);
  const [, serveUrl = '', placement = ''] = await running.until(/curl -s (http:\S+)\/v1\/decisions .*"(pl_\w+)"/);
  serve = serveUrl;
  const headers = { authorization: `Bearer ${secrets.admin}` };
  const shown = await eventually(async () => {
    const body = (await (
      await ask(`${serve}/v1/decisions`, posting(decision(placement, { debug: true }), headers))
    ).json()) as {
      decisions: { beacons: { impression: string }; click_url: string }[];
    };
    return body.decisions[0] ?? null;
  });
  await ask(shown.beacons.impression, { headers: { 'user-agent': browser } });
  await ask(shown.click_url, { headers: { 'user-agent': browser } });
  await ask(`${shown.beacons.impression.slice(0, -4)}AAAA`);
  await ask(`${serve}/v1/decisions`, posting(decision('no placement')));
  await ask(`${serve}/v1/decisions`, posting(`${decision(placement)}}`));
  for (const key of [secrets.admin, secrets.finance, secrets.wrongKey]) {
    await ask(`${console}/v1/ledger/balances`, withKey(key));
    await ask(`${console}/v1/persons/forget`, posting('{"id":7}', { authorization: `Bearer ${key}` }));
    await ask(`${console}/v1/nowhere?key=x`, withKey(key));
  }
  for (const url of [serve, console]) {
    for (const path of ['/metrics', '/readyz', '/healthz', '/openapi.json', '/v1/nowhere']) await ask(`${url}${path}`);
  }
  await ask(`${console}/v1/persons/forget`, posting(JSON.stringify({ id: secrets.person }), headers));
  await end(running);
  stopped = running.output();
}, starting);
afterAll(async () => {
  await end(running);
  folder.remove();
});

/** Every file of the data directory, with its path in it. */
function files(): { readonly name: string; readonly path: string }[] {
  return readdirSync(data, { recursive: true, encoding: 'utf8' })
    .map((name) => ({ name, path: join(data, name) }))
    .filter(({ path }) => statSync(path).isFile());
}

describe('A platform with secrets in its settings, asked with good and bad keys, persons and addresses', () => {
  it.each(Object.entries(secrets))('prints nothing of %s', (_, secret) => {
    expect(stopped).toContain('Stopped.');
    expect(stopped).not.toContain(secret);
  });

  it.each(Object.entries(secrets))(
    'says nothing of %s in any answer, its metrics and health among them',
    (_, secret) => {
      expect(answers.length).toBeGreaterThan(20);
      for (const answer of answers) expect(answer).not.toContain(secret);
    },
  );

  it.each(Object.entries(secrets))('keeps nothing of %s in any file', (_, secret) => {
    const holding = files().filter(({ path }) => readFileSync(path).includes(secret));
    expect(holding.map(({ name }) => name)).toEqual([]);
  });

  it('keeps its own secrets in files that their owner alone may read', () => {
    const kept = files().filter(({ name }) => name.startsWith('secrets'));
    expect(kept.map(({ name }) => name).toSorted()).toEqual(
      expect.arrayContaining(['secrets/person-hash.key', expect.stringMatching(/^secrets\/token-key-/)]),
    );
    for (const { name, path } of kept) expect([name, (statSync(path).mode & 0o777).toString(8)]).toEqual([name, '600']);
    expect((statSync(join(data, 'secrets')).mode & 0o777).toString(8)).toBe('700');
  });

  it('lets nobody else write into its data', () => {
    for (const { name, path } of files()) expect([name, statSync(path).mode & 0o022]).toEqual([name, 0]);
  });
});
