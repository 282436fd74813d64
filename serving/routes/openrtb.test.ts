import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { AdSelected, AnyRecord, SpendReserved } from '../../domain/records.ts';
import { everywhere, including, inventory, supply } from '../../test/decision-world.ts';
import {
  bid,
  bidRequest,
  chrome,
  imp,
  type OpenRtbWorld,
  type OpenRtbWorldOptions,
  openOpenRtbWorld,
} from '../../test/openrtb-world.ts';
import { noBidCodes } from '../openrtb/no-bid.ts';

const open: OpenRtbWorld[] = [];
afterEach(() => Promise.all(open.splice(0).map(({ app }) => app.close())));

function serve(options: OpenRtbWorldOptions = {}): OpenRtbWorld {
  const world = openOpenRtbWorld(options);
  open.push(world);
  return world;
}

function recorded<T>({ buffer }: OpenRtbWorld, name: AnyRecord['name']): T[] {
  return buffer
    .decoded()
    .filter(({ record }) => record.name === name)
    .map(({ record }) => record.value as T);
}

function only(placementId: string) {
  return { ...everywhere, placements: including(placementId) };
}

describe('POST /openrtb2/auction', () => {
  test('a banner becomes a bid, with the same records, tokens and money as a decision', async () => {
    const world = serve();
    const answer = await bid(world, bidRequest({ id: 'r-1', cur: ['EUR'] }));
    expect(answer.statusCode).toBe(200);
    const { id, cur, seatbid } = answer.json();
    expect({ id, cur }).toEqual({ id: 'r-1', cur: 'EUR' });
    const [only] = seatbid[0].bid;
    expect(seatbid).toMatchObject([{ seat: 'adv_1', bid: [{ impid: '1', mtype: 1, w: 300, h: 250, crid: 'cr_1' }] }]);
    const [selected] = recorded<AdSelected>(world, 'AdSelected');
    const [reserved] = recorded<SpendReserved>(world, 'SpendReserved');
    expect(selected?.context).toMatchObject({ channel: 'openrtb', bid_request_id: 'r-1', site_domain: 'news.example' });
    expect(selected?.billing.selection_id).toBe(only.id);
    expect(reserved?.billing).toEqual(selected?.billing);
    // The price of a thousand is a thousand times what one is billed.
    expect(only.price).toBe((selected?.billing.price_micros ?? 0) / 1000);
    expect(only.burl).toMatch(/^https:\/\/ads\.example\/v1\/b\/impression\/[^/?]+$/);
    // A browser never sees the token by which a server reports.
    expect(only.adm).not.toContain(only.burl);
    expect(recorded(world, 'MarkupReturned')).toHaveLength(1);
  });

  test('without a bid the answer is 204 and says why, or 200 with nbr where that is asked for', async () => {
    const world = serve();
    const body = (id: string) => bidRequest({ id, imp: [imp('1', { bidfloor: 1e6, bidfloorcur: 'EUR' })] });
    const plain = await bid(world, body('a'));
    expect(plain.statusCode).toBe(204);
    expect(plain.headers).toMatchObject({ 'x-adtally-nbr': '501', 'x-adtally-no-bid': 'below_floor' });
    expect(plain.body).toBe('');
    for (const asking of [
      await bid(world, body('b'), { query: '?nbr=1' }),
      await bid(world, { ...body('c'), ext: { prebid: {} } }),
    ]) {
      expect(asking.statusCode).toBe(200);
      expect(asking.json()).toMatchObject({
        nbr: 501,
        ext: { seatnonbid: [{ nonbid: [{ impid: '1', statuscode: 301 }] }] },
      });
    }
  });

  test('what the specification forbids is a problem with the path and the rule', async () => {
    const answer = await bid(serve(), bidRequest({ imp: [imp('1'), imp('2', { banner: { w: 300 } })] }));
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      path: 'imp[1].banner',
      rule: 'OpenRTB 2.6 §3.2.6',
    });
  });

  test('takes text/plain and gzip, and answers a browser of any page with its cookies', async () => {
    const world = serve();
    const headers = {
      'content-type': 'text/plain;charset=UTF-8',
      'content-encoding': 'gzip',
      'accept-encoding': 'gzip',
    };
    const packed = gzipSync(JSON.stringify(bidRequest()));
    const answer = await bid(world, packed, { headers: { ...headers, origin: 'https://news.example' } });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://news.example',
      'access-control-allow-credentials': 'true',
      'content-encoding': 'gzip',
    });
    expect(JSON.parse(gunzipSync(answer.rawPayload).toString()).seatbid).toHaveLength(1);
    const refused = await bid(world, '{', { headers: { origin: 'https://news.example' } });
    expect([refused.statusCode, refused.headers['access-control-allow-origin']]).toEqual([400, 'https://news.example']);
    const preflight = await world.app.inject({
      method: 'OPTIONS',
      url: '/openrtb2/auction',
      headers: { origin: 'https://a.example', 'access-control-request-headers': 'x-y' },
    });
    expect(preflight.statusCode).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-headers': 'x-y',
      'access-control-allow-credentials': 'true',
    });
  });

  test('a body that is too large, unpacks to too much, is nested too deep or is no JSON is refused', async () => {
    const world = serve();
    const bomb = gzipSync(Buffer.alloc(4 * 1024 * 1024, 0x20));
    const gzip = { 'content-encoding': 'gzip' };
    const deep = `{"id":"a","ext":${'['.repeat(40)}${']'.repeat(40)}}`;
    const answers = [
      await bid(world, ' '.repeat(300 * 1024)),
      await bid(world, bomb, { headers: gzip }),
      await bid(world, Buffer.from('no gzip'), { headers: gzip }),
      await bid(world, deep),
      await bid(world, 'nothing'),
      await bid(world, '{}', { headers: { 'content-encoding': 'br' } }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([413, 413, 400, 400, 400, 415]);
    expect(world.errors).toEqual([]);
  });

  test('Prebid gets its bids under the name that it asked, with targeting', async () => {
    const asked = imp('top', { ext: { prebid: { bidder: { tally: { placement: 'pl_2' } } } } });
    const records = [...inventory(1), ...inventory(2), ...supply(1, { lineItem: { targeting: only('pl_2') } })];
    const prebid = { aliases: { tally: 'adtally' }, targeting: { pricegranularity: 'dense', includeformat: true } };
    const answer = await bid(serve({ records }), bidRequest({ imp: [asked], ext: { prebid } }));
    const { seatbid, ext } = answer.json();
    expect(seatbid[0].seat).toBe('tally');
    const { targeting, type } = seatbid[0].bid[0].ext.prebid;
    expect(type).toBe('banner');
    expect(targeting).toMatchObject({
      hb_bidder: 'tally',
      hb_size: '300x250',
      hb_format: 'banner',
      hb_bidder_tally: 'tally',
    });
    expect(Number(targeting.hb_pb)).toBeLessThanOrEqual(seatbid[0].bid[0].price);
    expect(ext.responsetimemillis).toEqual({ tally: expect.any(Number) });
  });

  test('each imp of a page can be won by the same advertiser; the ads of one pod can not', async () => {
    const world = serve();
    const page = await bid(world, bidRequest({ imp: [imp('1'), imp('2'), imp('3')] }));
    expect(page.json().seatbid[0].bid.map(({ impid }: { impid: string }) => impid)).toEqual(['1', '2', '3']);
  });

  test('the same request sent again gets the same selections, and holds no further money', async () => {
    const world = serve();
    const body = bidRequest();
    const [first, second] = [await bid(world, body), await bid(world, body)];
    expect(second.json()).toEqual(first.json());
    expect(recorded(world, 'AdSelected')).toHaveLength(1);
    expect(recorded(world, 'MarkupReturned')).toHaveLength(1);
    expect((await bid(world, { ...body, id: 'another' })).json().seatbid[0].bid[0].id).not.toBe(
      first.json().seatbid[0].bid[0].id,
    );
  });

  test('what a page view asks again under another id gets the same selections, under that id', async () => {
    const world = serve();
    const asking = (id: string, view: string, time: number) =>
      bidRequest({
        id,
        source: { tid: id },
        imp: [imp('1', { ext: { tid: `${id}-1` } })],
        ext: { prebid: { auctiontimestamp: time, page_view_ids: { adtally: view } } },
      });
    const bids = async (...asked: Parameters<typeof asking>) => (await bid(world, asking(...asked))).json();
    const [first, again, other] = [await bids('a', 'v1', 1), await bids('b', 'v1', 2), await bids('c', 'v2', 3)];
    expect([first.id, again.id, other.id]).toEqual(['a', 'b', 'c']);
    expect(again.seatbid).toEqual(first.seatbid);
    expect(other.seatbid[0].bid[0].id).not.toBe(first.seatbid[0].bid[0].id);
    expect(recorded(world, 'AdSelected')).toHaveLength(2);
    expect(recorded(world, 'MarkupReturned')).toHaveLength(2);
  });

  test('what another process answered to the page view is not decided on again', async () => {
    const first = serve();
    const view = (id: string) => bidRequest({ id, ext: { prebid: { page_view_ids: { adtally: 'v' } } } });
    const known = (await bid(first, view('a'))).json();
    const keys: string[] = [];
    const answered = {
      body: { request_id: '', decisions: [], no_ad: [], warnings: [] },
      ads: [],
      arrivedUs: 0,
      endsUs: null,
    };
    const world = serve({
      shared: {
        answer: async (key) => {
          keys.push(key);
          return { response: known, noBid: null, wantsBody: true, answered };
        },
      },
    });
    expect((await bid(world, view('b'))).json()).toEqual({ ...known, id: 'b' });
    expect(recorded(world, 'AdSelected')).toHaveLength(0);
    expect([keys.length, world.exchange.counts.repeated]).toEqual([1, 1]);
    // What names no page view is nobody else's.
    expect((await bid(world, bidRequest())).statusCode).toBe(200);
    expect(recorded(world, 'AdSelected')).toHaveLength(1);
  });

  test('who sold an imp on is recorded, wherever it is said', async () => {
    const world = serve();
    const chain = { ver: '1.0', complete: 1, nodes: [{ asi: 'a.example', sid: '1,2', hp: 1 }] };
    await bid(world, bidRequest({ source: { schain: chain } }));
    await bid(world, bidRequest({ source: { ext: { schain: chain } } }));
    await bid(
      world,
      bidRequest({ ext: { prebid: { schains: [{ bidders: ['x'] }, { bidders: ['*'], schain: chain }] } } }),
    );
    const chains = recorded<AdSelected>(world, 'AdSelected').map(({ context }) => context.supply_chain);
    expect(chains).toEqual(Array.from({ length: 3 }, () => '1.0,1!a.example,1%2C2,1,,,'));
  });

  test('imps beyond the cap get no bid and are named', async () => {
    const answer = await bid(serve({ mostImps: 2 }), bidRequest({ imp: [imp('1'), imp('2'), imp('3')] }));
    const { seatbid, ext } = answer.json();
    expect(seatbid[0].bid).toHaveLength(2);
    expect(ext.seatnonbid).toMatchObject([{ nonbid: [{ impid: '3', ext: { adtally: { reason: 'too_many_imps' } } }] }]);
  });

  test('thirty imps are one admission; a request that is shed gets 204', async () => {
    const asked: string[][] = [];
    const admission = { isCalm: false, takes: (ids: string[]) => asked.push(ids) === 1 } as never;
    const world = serve({ admission });
    const imps = Array.from({ length: 30 }, (_, index) => imp(String(index)));
    const taken = await bid(world, bidRequest({ imp: imps }));
    expect(taken.json().seatbid[0].bid).toHaveLength(30);
    const shed = await bid(world, bidRequest({ imp: imps }));
    expect([shed.statusCode, shed.headers['x-adtally-no-bid']]).toEqual([204, 'shed']);
    expect(asked.map((ids) => ids.length)).toEqual([30, 30]);
  });

  test('an unknown publisher is sold on the terms of the default one, unless that is switched off', async () => {
    const stranger = () => bidRequest({ site: { page: 'https://stranger.example/', publisher: { id: 'x-99' } } });
    expect((await bid(serve(), stranger())).statusCode).toBe(200);
    const refused = await bid(serve({ defaultPublisher: 'off' }), stranger());
    expect([refused.statusCode, refused.headers['x-adtally-no-bid']]).toEqual([204, 'unknown_publisher']);
    expect(refused.headers['x-adtally-nbr']).toBe(String(noBidCodes.unknown_publisher.nbr));
  });

  test('a server that asks for a browser is not taken for the browser', async () => {
    const world = serve();
    const headers = { 'user-agent': 'Go-http-client/1.1' };
    const unnamed = await bid(world, bidRequest({ device: {} }), { headers });
    expect(unnamed.statusCode).toBe(200);
    const robot = await bid(world, bidRequest({ device: { ua: 'Googlebot/2.1' } }), { headers });
    expect([robot.statusCode, robot.headers['x-adtally-nbr']]).toEqual([204, '4']);
    const browser = await bid(world, bidRequest({ device: {} }), {
      headers: { ...headers, origin: 'https://a.example' },
    });
    expect(browser.statusCode).toBe(204);
    expect(
      (await bid(world, bidRequest({ device: {} }), { headers: { 'user-agent': chrome, origin: 'https://a.example' } }))
        .statusCode,
    ).toBe(200);
  });

  test('what the request blocks is not shown, and seats that it names are the only ones', async () => {
    const records = [
      ...inventory(1),
      ...supply(1, {
        advertiser: { domains: ['ford.example'], categories: ['IAB2-3'] },
        creative: { attributes: [8] },
      }),
      ...supply(2, { advertiser: { categories: ['IAB5'] }, lineItem: { bid_micros: 1_000_000 } }),
    ];
    const world = serve({ records });
    const winner = async (changes: Record<string, unknown>) =>
      (await bid(world, bidRequest(changes))).json().seatbid[0].seat;
    expect(await winner({})).toBe('adv_1');
    expect(await winner({ badv: ['FORD.example'] })).toBe('adv_2');
    expect(await winner({ bcat: ['IAB2'] })).toBe('adv_2');
    expect(await winner({ bseat: ['adv_1'] })).toBe('adv_2');
    expect(await winner({ wseat: ['adv_2'] })).toBe('adv_2');
    expect(await winner({ imp: [imp('1', { banner: { w: 300, h: 250, battr: [8] } })] })).toBe('adv_2');
    const nobody = await bid(world, bidRequest({ bseat: ['adtally'] }));
    expect(nobody.headers['x-adtally-no-bid']).toBe('seat_blocked');
  });

  test('floors in another currency need a rate that is not too old, and prices come back in the currency asked for', async () => {
    const world = serve();
    const body = (id: string) =>
      bidRequest({ id, cur: ['USD'], imp: [imp('1', { bidfloor: 1.1, bidfloorcur: 'USD' })] });
    expect((await bid(world, body('none'))).headers['x-adtally-no-bid']).toBe('no_currency');
    world.rates.load('{"dataAsOf":"2026-01-01","conversions":{"EUR":{"USD":1.25}}}');
    const { cur, seatbid } = (await bid(world, body('fresh'))).json();
    const [selected] = recorded<AdSelected>(world, 'AdSelected');
    expect(cur).toBe('USD');
    expect(selected?.context).toMatchObject({ floor_micros: 880_000, floor_currency: 'EUR' });
    expect(seatbid[0].bid[0].price).toBe(((selected?.billing.price_micros ?? 0) * 1.25) / 1000);
    world.rates.load('{"dataAsOf":"2025-12-01","conversions":{"EUR":{"USD":1.25}}}');
    expect((await bid(world, body('stale'))).headers['x-adtally-no-bid']).toBe('no_currency');
  });

  test('deals that the exchange offers on the terms agreed are sold as such', async () => {
    const deals = [{ deal_id: 'D1', floor_micros: 2_000_000, auction: 'fixed', advertisers: [] }];
    const records = [...inventory(1, { placement: { deals } }), ...supply(1, { lineItem: { deals: ['D1'] } })];
    const world = serve({ records });
    const offered = (deal: Record<string, unknown>) => imp('1', { pmp: { private_auction: 1, deals: [deal] } });
    const sold = await bid(world, bidRequest({ imp: [offered({ id: 'D1', bidfloor: 2, bidfloorcur: 'EUR' })] }));
    expect(sold.json().seatbid[0].bid[0]).toMatchObject({ dealid: 'D1', price: 2 });
    const dearer = await bid(world, bidRequest({ imp: [offered({ id: 'D1', bidfloor: 3, bidfloorcur: 'EUR' })] }), {
      query: '?nbr=1',
    });
    expect(dearer.json()).toMatchObject({
      nbr: 500,
      ext: { warnings: { adtally: [{ message: expect.stringContaining('D1') }] } },
    });
    expect((await bid(world, bidRequest())).statusCode).toBe(204);
  });

  test('too little time of tmax is said and nothing is decided', async () => {
    const world = serve();
    const answer = await bid(world, bidRequest({ tmax: 22 }));
    expect([answer.statusCode, answer.headers['x-adtally-nbr']]).toEqual([204, '15']);
    expect(recorded(world, 'AdSelected')).toEqual([]);
  });
});
