import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SpendIncurred } from '../../domain/records.ts';
import { ConsoleWorld, createSampleCatalog, sampleBodies, type TestConsole } from '../console-world.ts';
import { openPublicWorld, type PublicWorld } from '../fuzz/public-world.ts';

let world: PublicWorld;
let console: TestConsole;
const consoles = new ConsoleWorld();
beforeAll(async () => {
  world = await openPublicWorld();
  console = await consoles.open();
});
afterAll(() => Promise.all([world?.app.close(), console?.app.close()]));

const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const jsonType = { 'content-type': 'application/json', 'user-agent': browser };

function charges(): SpendIncurred[] {
  const found = world.buffer.decoded().filter(({ record }) => record.name === 'SpendIncurred');
  return found.map(({ record }) => record.value as SpendIncurred);
}

async function pixel(event: string, token: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await world.app.inject({
    url: `/v1/b/${event}/${token}`,
    headers: { 'user-agent': browser, ...headers },
  });
  return answer.statusCode;
}

describe('Decompression bombs', () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
  it.each(['gzip', 'deflate', 'br', 'gzip, gzip', 'identity'])('are not blown up, said to be %s', async (encoding) => {
    const headers = { ...jsonType, 'content-encoding': encoding };
    const before = process.memoryUsage().arrayBuffers;
    for (const url of ['/v1/decisions', '/v1/beacons']) {
      const { statusCode } = await world.app.inject({ method: 'POST', url, headers, payload: bomb });
      expect([400, 413]).toContain(statusCode);
    }
    const { status } = await console.ask('POST', '/v1/advertisers', { raw: bomb, headers });
    expect(status).toBe(400);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });
});

describe('Prototypes', () => {
  const poisons = [
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"slots":[{"__proto__":{"polluted":1},"id":"s","placement_id":"pl_1"}]}',
  ];
  it.each(poisons)('are not polluted by %s', async (payload) => {
    for (const url of ['/v1/decisions', '/v1/beacons']) {
      for (const type of ['application/json', 'text/plain']) {
        await world.app.inject({ method: 'POST', url, headers: { ...jsonType, 'content-type': type }, payload });
      }
    }
    await console.ask('POST', '/v1/advertisers', { raw: payload });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'are not reached by the key value %s',
    async (name) => {
      const payload = `{"slots":[{"id":"s","placement_id":"pl_1","key_values":{${JSON.stringify(name)}:"x"}}]}`;
      const { statusCode } = await world.app.inject({
        method: 'POST',
        url: '/v1/decisions',
        headers: jsonType,
        payload,
      });
      expect([200, 400]).toContain(statusCode);
      expect(typeof {}.toString).toBe('function');
      expect(world.errors).toEqual([]);
    },
  );
});

describe('Beacons that are forged, sent again or turned into others', () => {
  it('are a picture, and never a charge: a changed token, a token for viewing as a click, an event that is none', async () => {
    const [view = ''] = world.tokens.view;
    world.buffer.entries.length = 0;
    const changed = (view.startsWith('A') ? 'B' : 'A') + view.slice(1);
    for (const [event, token] of [
      ['impression', changed],
      ['click', view],
      ['charge', view],
      ['impression', `${view}A`],
      ['impression', ''],
    ] as const) {
      expect(await pixel(event, token)).toBe(200);
    }
    expect(charges()).toEqual([]);
  });

  it('are charged under one identity however often they come, so that the fold counts one', async () => {
    const [view = ''] = world.tokens.view;
    world.buffer.entries.length = 0;
    for (let time = 0; time < 50; time += 1) expect(await pixel('impression', view)).toBe(200);
    const ids = new Set(charges().map(({ event_id }) => event_id));
    expect(ids.size).toBe(1);
  });

  it.each([{ 'sec-purpose': 'prefetch' }, { purpose: 'prefetch;prerender' }, { 'x-moz': 'prefetch' }] as Record<
    string,
    string
  >[])('ahead of any person count nothing: %j', async (headers) => {
    world.buffer.entries.length = 0;
    expect(await pixel('impression', world.tokens.view[1] ?? '', headers)).toBe(200);
    expect(world.buffer.entries).toEqual([]);
  });
});

describe('Clicks', () => {
  it.each([
    '?url=https://evil.example',
    '?redirect=//evil.example',
    '/https://evil.example',
    '%2f..%2fhttps:%2f%2fevil.example',
    '#https://evil.example',
  ])('lead to the landing page of the creative and nowhere else: %s', async (more) => {
    const { statusCode, headers } = await world.app.inject({
      url: `/v1/click/${world.tokens.click[0]}${more}`,
      headers: { 'user-agent': browser },
    });
    expect([302, 404]).toContain(statusCode);
    if (statusCode === 302) expect(String(headers.location)).toMatch(/^https:\/\/brand\.example\/\?c=[0-9a-f-]{36}$/);
    else expect(headers.location).toBeUndefined();
  });
});

describe('The catalogue', () => {
  /** Of what a creative may name, the platform asks for nothing; a browser must not be led where no page is. */
  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'ftp://a.example/',
    '//evil.example/',
    'https://{click_id}.evil.example/',
    'https://a.example\\@evil.example/',
    'https://a.example/\r\nSet-Cookie: a=b',
    'https://user:pass@a.example/',
  ])('takes no such URL into a creative: %j', async (url) => {
    const ids = await createSampleCatalog(console);
    const creative = sampleBodies.creative(ids.lineItem);
    for (const body of [
      { ...creative, landing_url: url },
      { ...creative, trackers: [{ event: 'impression', url }] },
    ]) {
      const { status, json } = await console.ask('POST', '/v1/creatives', { body });
      expect([status, json.code]).toEqual([400, 'VALIDATION_FAILED']);
    }
  });
});
