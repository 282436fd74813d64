import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SimulatedClock } from '../adapters/simulated/clock.ts';
import { createSimulatedDisk } from '../adapters/simulated/disk.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { eventId } from '../domain/identity.ts';
import { openServeWorld, type ServeWorld } from '../test/serve-world.ts';
import { type MemoryBuffer, sampleBilling, sampleToken } from '../test/serving-world.ts';
import { pixelGif } from './routes/pixel.ts';
import { TokenKeys } from './token-keys.ts';

let world: ServeWorld;
let app: FastifyInstance;
let buffer: MemoryBuffer;
let clock: SimulatedClock;
let keys: TokenKeys;

beforeEach(async () => {
  world = await openServeWorld();
  ({ app, buffer, clock, keys } = world);
});

afterEach(() => app.close());

const names = () => buffer.decoded().map(({ record }) => record.name);
const viewToken = (number = 1) => sampleToken(sampleBilling(number), keys.current());
const clickToken = (number = 1) => sampleToken(sampleBilling(number), keys.current(), 'click');

describe('The pixel', () => {
  it('answers a genuine beacon with the picture, not to be kept, once the beacon is on disk', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    buffer.held = promise;
    let answered = false;
    const answer = app.inject(`/v1/b/impression/${viewToken()}`).finally(() => (answered = true));
    await clock.advance(10);
    expect([answered, names()]).toEqual([false, ['SpendIncurred', 'ImpressionRendered']]);
    resolve();
    const { statusCode, headers, rawPayload } = await answer;
    expect([statusCode, headers['content-type'], headers['cache-control']]).toEqual([200, 'image/gif', 'no-store']);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(rawPayload).toEqual(pixelGif);
  });

  it('says 503 when the beacon could not be kept, because a picture would be an acknowledgement', async () => {
    buffer.full = true;
    const answer = await app.inject(`/v1/b/impression/${viewToken()}`);
    expect([answer.statusCode, answer.json().code, answer.headers['retry-after']]).toEqual([503, 'BUFFER_FULL', '1']);
  });

  it.each([
    ['HEAD', {}],
    ['GET', { 'sec-purpose': 'prefetch' }],
    ['GET', { 'sec-purpose': 'prefetch;prerender' }],
    ['GET', { purpose: 'prefetch' }],
  ] as const)('counts nothing for %s %o', async (method, headers) => {
    const answer = await app.inject({ method, url: `/v1/b/impression/${viewToken()}`, headers });
    expect([answer.statusCode, answer.headers['content-type'], buffer.entries]).toEqual([200, 'image/gif', []]);
  });

  it('looks for a key that another node made before it gives up', async () => {
    const random = createSeededRandom(99);
    const disk = createSimulatedDisk({ random });
    const foreign = await TokenKeys.open({ disk, clock, random, folder: '/other', verifiesMs: 1 });
    await clock.advance(5_000);
    const answer = await app.inject(`/v1/b/impression/${sampleToken(sampleBilling(), foreign.current())}`);
    expect([answer.statusCode, names()]).toEqual([200, ['Quarantined']]);
  });
});

describe('The click', () => {
  it('leads to the landing page with its macros filled, and is recorded before', async () => {
    const billing = sampleBilling(1, { pricing_model: 'CPC', draw_lease: null });
    const answer = await app.inject(`/v1/click/${sampleToken(billing, keys.current(), 'click')}`);
    expect(answer.statusCode).toBe(302);
    expect(answer.headers.location).toBe(`https://shop.example/?c=${eventId(billing.selection_id, 'click_id', 0)}`);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(names()).toEqual(['SpendIncurred', 'AdClicked']);
  });

  it('after its time leads there too, and is recorded late without a charge', async () => {
    const billing = sampleBilling(1, { pricing_model: 'CPC', draw_lease: null });
    await clock.advance(24 * 3_600_000);
    const answer = await app.inject(`/v1/click/${sampleToken(billing, keys.current(), 'click')}`);
    expect(answer.statusCode).toBe(302);
    expect(buffer.decoded()).toMatchObject([
      { record: { name: 'AdClicked', value: { beacon: { judgement: 'LATE' }, draw_lease: null } } },
    ]);
  });

  it('counts nothing for HEAD or a prefetch', async () => {
    const url = `/v1/click/${clickToken()}`;
    const head = await app.inject({ method: 'HEAD', url });
    const prefetch = await app.inject({ url, headers: { 'sec-purpose': 'prefetch' } });
    expect([head.statusCode, prefetch.statusCode, head.headers.location]).toEqual([
      302,
      302,
      prefetch.headers.location,
    ]);
    expect(buffer.entries).toEqual([]);
  });

  it('waits for the catalogue rather than lead nowhere', async () => {
    const token = sampleToken(sampleBilling(1, { creative_id: 'cr_new' }), keys.current(), 'click');
    const answer = await app.inject(`/v1/click/${token}`);
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'NOT_READY']);
  });
});

describe('Beacons of an SDK', () => {
  it('are taken one by one; what is not believed is named by its place', async () => {
    const beacons = [
      { event: 'impression', token: viewToken(1) },
      { event: 'impression', token: 'forged' },
      { event: 'click', token: viewToken(1) },
      'no object',
      { event: 'mute', token: viewToken(2), sequence: 3, occurred_at: '2026-01-01T12:00:00.5Z' },
    ];
    const answer = await app.inject({ method: 'POST', url: '/v1/beacons', payload: { beacons, sdk: 'new field' } });
    expect([answer.statusCode, answer.json()]).toEqual([
      202,
      {
        accepted: 2,
        rejected: [
          { index: 1, code: 'TOKEN_MALFORMED' },
          { index: 2, code: 'TOKEN_KIND_NOT_ALLOWED' },
          { index: 3, code: 'VALIDATION_FAILED' },
        ],
        warnings: ['unknown field sdk'],
      },
    ]);
    const mute = buffer.decoded().at(-1)?.record;
    expect(mute).toMatchObject({
      value: { beacon: { transport: 'SDK', ordinal: 3, occurred_at: Date.UTC(2026, 0, 1, 12, 0, 0, 500) } },
    });
  });

  it('may come as text/plain, as sendBeacon sends them', async () => {
    const payload = JSON.stringify({ beacons: [{ event: 'viewable', token: viewToken() }] });
    const headers = { 'content-type': 'text/plain;charset=UTF-8' };
    const answer = await app.inject({ method: 'POST', url: '/v1/beacons', payload, headers });
    expect([answer.statusCode, answer.json().accepted]).toEqual([202, 1]);
  });

  it('that are sent again are accepted again and charged once', async () => {
    const payload = { beacons: Array.from({ length: 500 }, () => ({ event: 'impression', token: viewToken() })) };
    const answer = await app.inject({ method: 'POST', url: '/v1/beacons', payload });
    expect(answer.json()).toMatchObject({ accepted: 500, rejected: [] });
    expect(names().filter((name) => name === 'SpendIncurred')).toHaveLength(1);
    expect(names().filter((name) => name === 'ImpressionRendered')).toHaveLength(500);
  });
});

describe('Every route', () => {
  it('below /v1 answers a preflight and lets every origin read', async () => {
    for (const url of ['/v1/beacons', '/v1/decisions', '/v1/b/impression/x', '/v1/click/x']) {
      const headers = {
        origin: 'https://page.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-a',
      };
      const answer = await app.inject({ method: 'OPTIONS', url, headers });
      expect(answer.statusCode).toBe(204);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-headers': 'x-a',
      });
    }
  });

  it('of health says what it is asked', async () => {
    expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
    expect((await app.inject('/readyz')).json()).toEqual({
      status: 'ready',
      checks: { log: { ok: true, detail: 'x' } },
    });
    world.health.ready = false;
    expect((await app.inject('/readyz')).statusCode).toBe(503);
    expect((await app.inject('/metrics')).body).toBe('adtally_x 1\n');
  });

  it('is in the OpenAPI document', async () => {
    const { paths } = (await app.inject('/openapi.json')).json();
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/v1/b/{event}/{token}',
        '/v1/beacons',
        '/v1/click/{token}',
        '/healthz',
        '/readyz',
        '/metrics',
      ]),
    );
  });
});

const post = (
  payload: string | Buffer,
  type = 'application/json',
  headers: Record<string, string> = {},
): InjectOptions => ({
  method: 'POST',
  url: '/v1/beacons',
  payload,
  headers: { 'content-type': type, ...headers },
});

const pixel = 'a picture';
const bad: readonly (readonly [name: string, request: InjectOptions | string, status: number, code: string])[] = [
  ['pixel: a token of one letter', '/v1/b/impression/a', 200, pixel],
  ['pixel: no token', '/v1/b/impression/', 200, pixel],
  ['pixel: neither event nor token', '/v1/b/', 200, pixel],
  ['pixel: one segment too many', '/v1/b/impression/a/b', 200, pixel],
  ['pixel: an unknown event', '/v1/b/nonsense/a', 200, pixel],
  ['pixel: the name of a method of objects as event', '/v1/b/constructor/a', 200, pixel],
  ['pixel: a token of 10,000 letters', `/v1/b/impression/${'a'.repeat(10_000)}`, 200, pixel],
  ['pixel: bad percent-encoding', '/v1/b/impression/%zz', 200, pixel],
  ['pixel: bytes that are no UTF-8', '/v1/b/impression/%ff%fe', 200, pixel],
  ['pixel: a zero byte', '/v1/b/impression/%00', 200, pixel],
  ['pixel: SQL', "/v1/b/impression/1'%20OR%20'1'='1", 200, pixel],
  ['pixel: a path upwards', '/v1/b/impression/..%2f..%2fetc%2fpasswd', 200, pixel],
  ['pixel: by POST', { method: 'POST', url: '/v1/b/impression/a', payload: {} }, 404, 'NOT_FOUND'],
  ['pixel: by DELETE', { method: 'DELETE', url: '/v1/b/impression/a' }, 404, 'NOT_FOUND'],
  ['click: a token of one letter', '/v1/click/a', 404, 'TOKEN_MALFORMED'],
  ['click: no token', '/v1/click/', 404, 'TOKEN_MALFORMED'],
  ['click: a token of 5,000 letters', `/v1/click/${'a'.repeat(5_000)}`, 404, 'TOKEN_MALFORMED'],
  ['click: bad percent-encoding', '/v1/click/%zz', 400, 'BAD_REQUEST'],
  ['click: another page behind the token', '/v1/click/a?url=https://evil.example', 404, 'TOKEN_MALFORMED'],
  ['click: line breaks', '/v1/click/a%0d%0aLocation:%20x', 404, 'TOKEN_MALFORMED'],
  ['click: HEAD of a forged token', { method: 'HEAD', url: '/v1/click/a' }, 404, ''],
  [
    'click: prefetch of a forged token',
    { url: '/v1/click/a', headers: { 'sec-purpose': 'prefetch' } },
    404,
    'TOKEN_MALFORMED',
  ],
  ['beacons: no JSON', post('{'), 400, 'BAD_JSON'],
  ['beacons: empty', post(''), 400, 'BAD_JSON'],
  ['beacons: empty text', post('', 'text/plain'), 400, 'BAD_JSON'],
  ['beacons: text that is no JSON', post('hello', 'text/plain'), 400, 'BAD_JSON'],
  ['beacons: a list', post('[]'), 400, 'VALIDATION_FAILED'],
  ['beacons: null', post('null'), 400, 'VALIDATION_FAILED'],
  ['beacons: a number', post('7'), 400, 'VALIDATION_FAILED'],
  ['beacons: no beacons', post('{}'), 400, 'VALIDATION_FAILED'],
  ['beacons: beacons that are no list', post('{"beacons":{"length":3}}'), 400, 'VALIDATION_FAILED'],
  ['beacons: 501 of them', post(JSON.stringify({ beacons: Array(501).fill(0) })), 400, 'VALIDATION_FAILED'],
  ['beacons: more than 1 MiB', post(`{"beacons":["${'x'.repeat(1_048_576)}"]}`), 413, 'BODY_TOO_LARGE'],
  ['beacons: nested 200,000 deep', post('['.repeat(200_000) + ']'.repeat(200_000)), 400, 'VALIDATION_FAILED'],
  ['beacons: a poisoned prototype', post('{"__proto__":{"beacons":[]}}'), 400, 'BAD_JSON'],
  ['beacons: a poisoned constructor', post('{"constructor":{"prototype":{"x":1}},"beacons":[]}'), 400, 'BAD_JSON'],
  ['beacons: bytes that are no UTF-8', post(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])), 400, 'BAD_JSON'],
  ['beacons: a form', post('beacons=1', 'application/x-www-form-urlencoded'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['beacons: XML', post('<beacons/>', 'text/xml'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['beacons: a type that is none', post('{}', ';;;'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['beacons: by GET', '/v1/beacons', 404, 'NOT_FOUND'],
  ['nothing there', '/v1/nothing', 404, 'NOT_FOUND'],
  ['nothing there, and a bad address', '/%zz', 400, 'BAD_REQUEST'],
];

describe('Bad input', () => {
  it.each(bad)('%s', async (_name, request, status, code) => {
    const answer = await app.inject(request);
    expect(answer.statusCode).toBe(status);
    if (code === pixel) expect(answer.rawPayload).toEqual(pixelGif);
    else if (code !== '') {
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(answer.json()).toMatchObject({ status, code, type: 'about:blank' });
    }
    expect(answer.body).not.toMatch(/node_modules|\.ts:|    at /);
    expect(names().filter((name) => name !== 'Quarantined')).toEqual([]);
    expect(world.errors).toEqual([]);
  });

  const badBeacons: readonly unknown[] = [
    null,
    [],
    7,
    {},
    { event: 'impression' },
    { token: 'x' },
    { event: 1, token: 'x' },
    { event: 'impression', token: ['x'] },
    { event: 'impression', token: 'x', sequence: -1 },
    { event: 'impression', token: 'x', sequence: 1.5 },
    { event: 'impression', token: 'x', sequence: '1' },
    { event: 'impression', token: 'x', sequence: 1e300 },
    { event: 'impression', token: 'x', occurred_at: 'yesterday' },
    { event: 'impression', token: 'x', occurred_at: {} },
    { event: 'impression', token: 'x', occurred_at: -5 },
  ];
  it.each(badBeacons)('one bad beacon among good ones is named and harms none of them: %j', async (beacon) => {
    const good = { event: 'viewable', token: viewToken() };
    const answer = await app.inject({ method: 'POST', url: '/v1/beacons', payload: { beacons: [good, beacon, good] } });
    expect([answer.statusCode, answer.json()]).toEqual([
      202,
      { accepted: 2, rejected: [{ index: 1, code: 'VALIDATION_FAILED' }], warnings: [] },
    ]);
  });
});

describe('A request that came through a proxy', () => {
  const forwarded = { remoteAddress: '10.0.0.1', headers: { 'x-forwarded-for': '192.0.2.66, 198.51.100.1' } };
  const routes: readonly (readonly [name: string, ask: () => InjectOptions])[] = [
    ['a pixel', () => ({ url: `/v1/b/impression/${viewToken()}` })],
    ['a click', () => ({ url: `/v1/click/${clickToken()}` })],
    [
      'a batch of an SDK',
      () => ({
        method: 'POST',
        url: '/v1/beacons',
        payload: { beacons: [{ event: 'impression', token: viewToken() }] },
      }),
    ],
  ];

  async function recordedNetworks({ app: asked, buffer: records }: ServeWorld, ask: InjectOptions): Promise<unknown[]> {
    expect((await asked.inject({ ...ask, ...forwarded })).statusCode).toBeLessThan(400);
    await asked.close();
    return records.decoded().flatMap(({ record }) => ('beacon' in record.value ? [record.value.beacon.network] : []));
  }

  it.each(routes)('is recorded with the network of its sender if the proxy is trusted: %s', async (_name, ask) => {
    const behind = await openServeWorld(['10.0.0.0/8']);
    ({ keys } = behind);
    expect(await recordedNetworks(behind, ask())).toEqual(['198.51.100.0/24']);
  });

  it.each(routes)('is recorded with that of the proxy if nobody trusts it: %s', async (_name, ask) => {
    expect(await recordedNetworks(world, ask())).toEqual(['10.0.0.0/24']);
  });
});
