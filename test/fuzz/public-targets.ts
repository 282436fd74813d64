import { ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { decisionBody, readSource } from '../../simulate/openrtb-request.ts';
import { inventory, supply } from '../decision-world.ts';
import { bid as sendBid, openOpenRtbWorld } from '../openrtb-world.ts';
import { mutatedBodies, mutatedBytes, mutatedJson, oddTexts } from './mutations.ts';
import { checkAnswer, checkWorld, openPublicWorld, type PublicWorld } from './public-world.ts';
import { fuzzTarget, type Seen } from './target.ts';

const slot = { id: 's', placement_id: 'pl_1' };
export const decisionBodies: readonly unknown[] = [
  { slots: [slot] },
  {
    slots: [
      {
        ...slot,
        count: 2,
        sizes: ['300x250'],
        formats: ['banner'],
        key_values: { pos: ['top', 'left'], n: 1 },
        floor_micros: '100',
      },
    ],
    user: { id: 'u1', segments: ['a', 'b'] },
    device: {
      ua: 'Mozilla/5.0 (iPhone) Mobile/15E148',
      ip: '203.0.113.9',
      language: 'de-CH',
      type: 'phone',
      os: 'ios',
    },
    geo: { country: 'DE', region: 'BE', city: 'Berlin' },
    consent: { tcf: 'CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA', gdpr: true, coppa: false },
    context: { url: 'https://daily.example/a?b=c', domain: 'daily.example', keywords: ['x'], categories: ['IAB1'] },
    tmax: 80,
    test: true,
    debug: true,
  },
  {
    slots: [slot, { id: 't', placement_id: 'pl_2', format: 'video' }],
    user: { id: 'u2' },
    consent: { gdpr: false },
    beacon_life_ms: 5_000,
  },
];

/** A request as it is injected. */
type Request = InjectOptions & { readonly url: string };

const oddHeaders: fc.Arbitrary<Record<string, string>> = fc
  .dictionary(
    fc.constantFrom(
      'user-agent',
      'x-forwarded-for',
      'sec-purpose',
      'content-encoding',
      'content-length',
      'authorization',
      'access-control-request-headers',
      'origin',
      'accept',
      'cookie',
      'host',
      'idempotency-key',
      'if-match',
    ),
    fc.oneof(
      // Node lets no control characters into headers; what is above them is for us.
      fc.constantFrom(...oddTexts).map((text) => text.replaceAll(/[^\x20-\x7e\xa0-\xff]/g, '')),
      fc.constantFrom(
        'gzip',
        'Bearer debug-key-0123456789',
        'Bearer x',
        '1.2.3.4, [::1]:80, unknown',
        '127.0.0.1, 10.0.0.1',
        'prefetch',
      ),
    ),
    { maxKeys: 3 },
  )
  .map(({ 'content-length': length, ...headers }) => ({
    ...headers,
    ...(length !== undefined && { 'x-length': length }),
  }));

const contentTypes = fc.oneof(
  { weight: 8, arbitrary: fc.constant('application/json') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('text/plain', 'text/plain;charset=UTF-8', 'application/json; charset=utf-8'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'application/x-www-form-urlencoded',
      'application/octet-stream',
      '',
      'application/json;',
      '*/*',
      'multipart/form-data',
    ),
  },
);

function posts(url: string, bodies: readonly unknown[]): fc.Arbitrary<Request> {
  return fc.tuple(mutatedBodies(bodies), contentTypes, oddHeaders).map(
    ([payload, type, headers]): Request => ({
      method: 'POST',
      url,
      payload,
      headers: { ...headers, 'content-type': type },
    }),
  );
}

/** A path in which a piece was changed; what no request line may hold is percent-encoded. */
function paths(originals: readonly string[]): fc.Arbitrary<string> {
  return (
    fc
      .oneof(
        mutatedBytes(originals.map((path) => ({ bytes: Buffer.from(path) }))).map(({ bytes }) =>
          bytes.toString('latin1'),
        ),
        fc.tuple(fc.constantFrom(...originals), fc.constantFrom(...oddTexts)).map(([path, text]) => path + text),
        fc
          .tuple(fc.constantFrom(...originals), fc.constantFrom(...oddTexts))
          .map(([path, text]) => `${path}?${encodeURIComponent(text.toWellFormed())}`),
      )
      .map((path) =>
        `/${path.replace(/^\/+/, '')}`.replaceAll(/[^\x21-\x7e]/gu, (one) => encodeURIComponent(one.toWellFormed())),
      )
      // `inject` makes a URL of it; whole requests as bytes are tried by `public-sockets`.
      .filter((path) => URL.canParse(path, 'http://localhost'))
  );
}

async function tryRequest(world: PublicWorld, request: Request, seen: Seen): Promise<void> {
  const { statusCode: status, headers, body: text } = await world.app.inject(request);
  // `inject` resolves dots in a path, where a server leaves them.
  const isPixel = /^\/v1\/b\/(?!.*\.\.)/.test(request.url) && (request.method === 'GET' || request.method === 'HEAD');
  if (isPixel) ok(status === 200, `a pixel was answered with ${status}`);
  if (status === 302)
    ok(String(headers.location).startsWith('https://brand.example/?c='), `led to ${headers.location}`);
  for (const [name, value] of Object.entries(headers))
    ok(
      ['\r', '\n', '\0'].every((one) => !String(value).includes(one)),
      `the header ${name} holds a line break`,
    );
  const isHead = request.method === 'HEAD';
  seen(isHead && status >= 400 ? String(status) : checkAnswer({ status, type: String(headers['content-type']), text }));
  checkWorld(world);
}

const decisions = fuzzTarget({
  name: 'decisions',
  about:
    'Changed bodies of POST /v1/decisions: an answer or a problem with a known code, never an error of ours, every record written can be read.',
  shortRuns: 1_500,
  open: async () => {
    const world = await openPublicWorld();
    return {
      inputs: posts('/v1/decisions', decisionBodies),
      holds: (request, seen) => tryRequest(world, request, seen),
      close: () => world.app.close(),
    };
  },
});

const publicRoutes = fuzzTarget({
  name: 'public-routes',
  about:
    'Changed beacons, pixels, clicks and paths by every method: a defined answer, a click leads to the landing page only, nothing is charged that was not issued.',
  shortRuns: 2_500,
  open: async () => {
    const world = await openPublicWorld();
    const { view, click } = world.tokens;
    const beacons = [
      ...view.slice(0, 2).map((token) => ({ event: 'impression', token })),
      { event: 'click', token: click[0], occurred_at: '2026-01-01T12:00:00Z', sequence: 3 },
    ];
    const urls = [
      ...['impression', 'viewable', 'complete', 'click'].map((event, index) => `/v1/b/${event}/${view[index % 3]}`),
      ...click.map((token) => `/v1/click/${token}`),
      '/healthz',
      '/readyz',
      '/metrics',
      '/openapi.json',
      '/docs',
      '/v1/decisions',
      '/v1/beacons',
      '/',
    ];
    const methods = fc.constantFrom(
      'GET' as const,
      'GET' as const,
      'GET' as const,
      'HEAD' as const,
      'OPTIONS' as const,
      'POST' as const,
      'DELETE' as const,
      'PATCH' as const,
    );
    const others = fc
      .tuple(methods, paths(urls), oddHeaders)
      .map(([method, url, headers]): Request => ({ method, url, headers }));
    return {
      inputs: fc.oneof(
        { weight: 2, arbitrary: others },
        { weight: 1, arbitrary: posts('/v1/beacons', [{ beacons }, { beacons: beacons.slice(0, 1) }]) },
      ),
      holds: (request, seen) => tryRequest(world, request, seen),
      close: () => world.app.close(),
    };
  },
});

/** Bid requests of our own making; with OPENRTB_CORPUS, a folder with `valid/*.json` and `invalid/*.json`, those of the world as well. */
export function bidRequests(): readonly unknown[] {
  const own = [
    {
      id: '1',
      imp: [
        {
          id: 'a',
          banner: { w: 300, h: 250, pos: 1, format: [{ w: 320, h: 50 }] },
          bidfloor: 0.03,
          bidfloorcur: 'EUR',
          tagid: 'top',
        },
      ],
      site: {
        domain: 'daily.example',
        page: 'https://daily.example/x',
        cat: ['IAB1'],
        keywords: 'a,b',
        content: { keywords: ['c'] },
      },
      device: {
        ua: 'Mozilla/5.0 Chrome/130.0',
        ip: '203.0.113.9',
        geo: { country: 'DEU', region: 'DE-BE', city: 'Berlin' },
        language: 'de',
        devicetype: 2,
      },
      user: { id: 'u', data: [{ segment: [{ id: 's1' }] }], ext: { consent: 'CPXxRfAPXxRfAAfKABENB' } },
      regs: { coppa: 0, ext: { gdpr: 1 } },
      tmax: 120,
      test: 1,
    },
    {
      id: '2',
      imp: [{ id: 'v', video: { mimes: ['video/mp4'], w: 640, h: 480 }, instl: 1 }],
      app: { bundle: 'com.app' },
      user: { buyeruid: 'b' },
    },
  ];
  const folder = process.env['OPENRTB_CORPUS'];
  if (folder === undefined) return own;
  const files = ['valid', 'invalid'].flatMap((part) =>
    readdirSync(join(folder, part)).map((name) => join(folder, part, name)),
  );
  return [...own, ...files.filter((file) => file.endsWith('.json')).flatMap(readJson)];
}

/** What is no JSON at all is left to the other targets. */
function readJson(file: string): readonly unknown[] {
  try {
    return [JSON.parse(readFileSync(file, 'utf8'))];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

const openRtb = fuzzTarget({
  name: 'openrtb',
  about:
    'Changed bid requests (with OPENRTB_CORPUS real ones) through the mapping of the simulator into POST /v1/decisions: mapped without an exception, and answered.',
  shortRuns: 1_000,
  open: async () => {
    const world = await openPublicWorld();
    return {
      inputs: mutatedJson(bidRequests()),
      holds: (bid, seen) => {
        const body = decisionBody(readSource('fuzz', bid), (currency) => (currency === 'EUR' ? 'pl_2' : 'pl_1'));
        const headers = { 'content-type': 'application/json', 'user-agent': 'Mozilla/5.0 Chrome/130.0' };
        return tryRequest(
          world,
          { method: 'POST', url: '/v1/decisions', payload: JSON.stringify(body), headers },
          seen,
        );
      },
      close: () => world.app.close(),
    };
  },
});

/** Statuses of an exchange: 204 is no bid. */
const auctionStatuses = [200, 204, 400, 413, 415];

const auction = fuzzTarget({
  name: 'openrtb-auction',
  about:
    'Changed bid requests (with OPENRTB_CORPUS real ones, valid and not) to POST /openrtb2/auction: a bid for what was asked, no bid, or a refusal; nothing of the inside, no error of ours.',
  shortRuns: 1_000,
  open: async () => {
    const world = openOpenRtbWorld({ records: [...inventory(1), ...supply(1), ...supply(2)] });
    await world.app.ready();
    return {
      inputs: mutatedBodies(bidRequests()),
      holds: async (payload, seen) => {
        const { statusCode, body } = await sendBid(world, payload);
        ok(auctionStatuses.includes(statusCode), `status ${statusCode}: ${body.slice(0, 300)}`);
        ok(!/\n\s+at |node_modules/.test(body), `shows the inside: ${body.slice(0, 300)}`);
        ok(world.errors.splice(0)[0] === undefined);
        seen(statusCode === 200 ? checkBids(body, payload) : String(statusCode));
        world.buffer.entries.length = 0;
      },
      close: () => world.app.close(),
    };
  },
});

/** Every bid is for an impression of the request, at a price that is one. */
function checkBids(answer: string, request: Buffer): string {
  const asked = JSON.parse(request.toString()) as { id?: unknown; imp?: readonly { id?: unknown }[] };
  const { id, seatbid = [] } = JSON.parse(answer) as {
    id?: unknown;
    seatbid?: readonly { bid: readonly { impid: string; price: number }[] }[];
  };
  const bids = seatbid.flatMap(({ bid }) => bid);
  if (bids.length > 0) ok(String(id) === String(asked.id), `answered ${String(id)}`);
  for (const { impid, price } of bids) {
    ok(
      asked.imp?.some((imp) => String(imp.id) === impid),
      `a bid for ${impid}, which was not asked for`,
    );
    ok(Number.isFinite(price) && price > 0, `a price of ${price}`);
  }
  return bids.length > 0 ? '200 with bids' : '200 without';
}

export const publicTargets = [decisions, publicRoutes, openRtb, auction];
