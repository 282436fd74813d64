import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { chrome, type OpenRtbWorld } from '../openrtb-world.ts';
import { openCorpusWorld } from './corpus.ts';

type Json = Readonly<Record<string, unknown>>;

/** An imp as clients send it to a Prebid Server. */
const clientImps: readonly Json[] = [
  { id: 'banner', banner: { format: [{ w: 300, h: 250 }] } },
  { id: 'video', video: { mimes: ['video/mp4'], protocols: [2, 3, 7, 8], w: 640, h: 360, maxduration: 30 } },
  {
    id: 'native',
    native: { ver: '1.2', request: '{"ver":"1.2","assets":[{"id":7,"required":1,"title":{"len":90}}]}' },
  },
];
const node = { asi: 'ssp.example', sid: '17', hp: 1 };

/**
 * What a Prebid Server sends to one of its bidders, after its sources: parameters in `imp.ext.bidder`, what is in `ext.prebid` for all bidders left there, and the form
 * of OpenRTB that the bidder takes: 2.6, or 2.5 with consent, laws and chain in `ext`. Go: `exchange/bidder.go` and `adapters/generic`, whose request has no headers but
 * those of Go's client; Java: `HttpUtil.headers()` and `GenericBidder`.
 */
function outgoing(version: '2.5' | '2.6', more: Json = {}): Json {
  const laws = { gdpr: 0, us_privacy: '1YNN' };
  const chain = { ver: '1.0', complete: 1, nodes: [node] };
  return {
    id: `pbs-${version}-${JSON.stringify(more).length}`,
    imp: clientImps.map((imp) => ({
      ...imp,
      ext: { bidder: { placement: 'pl_1' }, prebid: {}, tid: `tid-${String(imp['id'])}` },
    })),
    site: { domain: 'news.example', page: 'https://news.example/a', publisher: { id: '5000' }, ext: { amp: 0 } },
    device: { ua: chrome, ip: '203.0.113.0', ...(version === '2.6' && { sua: { mobile: 0 } }) },
    user: { buyeruid: 'u-1', ...(version === '2.6' ? { consent: 'x' } : { ext: { consent: 'x' } }) },
    source: { tid: 'abc', ...(version === '2.6' ? { schain: chain } : { ext: { schain: chain } }) },
    regs: version === '2.6' ? laws : { ext: laws },
    at: 1,
    tmax: 900,
    cur: ['EUR'],
    ext: {
      prebid: {
        channel: { name: 'pbjs', version: '11.0' },
        server: { externalurl: 'https://pbs.example', gvlid: 1, datacenter: '1' },
      },
    },
    ...more,
  };
}

const goHeaders = { 'user-agent': 'Go-http-client/1.1', 'accept-encoding': 'gzip', 'x-prebid': 'pbs-go/unknown' };
const javaHeaders = {
  'content-type': 'application/json;charset=utf-8',
  accept: 'application/json',
  'content-encoding': 'gzip',
  'accept-encoding': 'gzip',
  'x-prebid': 'pbs-java/3.27.0',
};

function send({ app }: OpenRtbWorld, server: 'go' | 'java', body: Json): Promise<LightMyRequestResponse> {
  const text = Buffer.from(JSON.stringify(body));
  return app.inject({
    method: 'POST',
    url: '/openrtb2/auction',
    headers: server === 'go' ? goHeaders : javaHeaders,
    payload: server === 'go' ? text : gzipSync(text),
  });
}

interface ReadBid {
  readonly type: string;
  readonly impid: string;
  readonly crid: string;
  readonly price: number;
  readonly currency: string;
}

/** Bids as the generic bidders read them: an answer of 200 or 204, the type of a bid by what its imp offers. */
function bidsOf(answer: LightMyRequestResponse, imps: readonly Json[] = clientImps): ReadBid[] {
  if (answer.statusCode === 204) return [];
  expect(answer.statusCode).toBe(200);
  const isPacked = answer.headers['content-encoding'] === 'gzip';
  const text = isPacked ? gunzipSync(answer.rawPayload).toString() : answer.body;
  const { seatbid = [], cur } = JSON.parse(text) as { seatbid?: { bid: ReadBid[] }[]; cur: string };
  return seatbid.flatMap(({ bid }) =>
    bid.map((one) => {
      const imp = imps.find(({ id }) => id === one.impid) ?? {};
      const type = ['banner', 'video', 'native', 'audio'].find((name) => imp[name] !== undefined) ?? 'banner';
      return { ...one, type, currency: cur };
    }),
  );
}

describe('Adtally as a bidder of Prebid Server', () => {
  const world = openCorpusWorld();
  afterAll(() => world.app.close());

  test.each([
    ['go', '2.6'],
    ['go', '2.5'],
    ['java', '2.6'],
    ['java', '2.5'],
  ] as const)('bids on what its %s version sends by OpenRTB %s', async (server, version) => {
    const before = world.buffer.decoded().length;
    const bids = bidsOf(await send(world, server, outgoing(version, { id: `${server}-${version}` })));
    expect(bids.map(({ impid, type, currency }) => `${impid} ${type} ${currency}`).toSorted()).toEqual([
      'banner banner EUR',
      'native native EUR',
      'video video EUR',
    ]);
    // What Prebid Server asks of a bid: an id of its creative and a price.
    for (const { crid, price } of bids) expect([crid === '', price > 0]).toEqual([false, true]);
    const selected = world.buffer
      .decoded()
      .slice(before)
      .filter(({ record }) => record.name === 'AdSelected');
    expect(selected).toHaveLength(3);
    // Laws, person and chain are found wherever the version has them.
    for (const { record } of selected) {
      const { context } = record.value as { context: { consent_reason: string; supply_chain: string } };
      expect(context.consent_reason).toBe('not_in_scope');
      expect(context.supply_chain).toBe('1.0,1!ssp.example,17,1,,,');
    }
  });

  test('says in a body why there is no bid, which its adapters read as none', async () => {
    const imp = [{ id: 'banner', banner: { w: 300, h: 250 }, ext: { bidder: { placement: 'pl_unknown' } } }];
    const answer = await send(world, 'go', outgoing('2.6', { imp, id: 'none' }));
    expect(bidsOf(answer)).toEqual([]);
    expect(answer.json()).toMatchObject({ nbr: 503, ext: { seatnonbid: [{ nonbid: [{ impid: 'banner' }] }] } });
  });

  test('has the files that a Prebid Server is told of a bidder by', () => {
    const read = (name: string) =>
      readFileSync(new URL(`../../integrations/prebid-server/${name}`, import.meta.url), 'utf8');
    const params = JSON.parse(read('bidder-params/adtally.json')) as Json;
    // Read by the exchange, and by nothing else.
    expect(params).toMatchObject({ required: ['placement'], properties: { placement: { type: 'string' } } });
    const java = parse(read('bidder-config/adtally.yaml')) as { adapters: { generic: { aliases: Json } } };
    expect(java.adapters.generic.aliases['adtally']).toMatchObject({ enabled: true, 'endpoint-compression': 'gzip' });
    const go = parse(read('bidder-info/adtally.yaml')) as { endpoint: string; capabilities: Json };
    expect(go.endpoint).toMatch(/\/openrtb2\/auction$/);
    expect(Object.keys(go.capabilities)).toEqual(['site', 'app', 'dooh']);
  });
});
