import { afterEach, describe, expect, test } from 'vitest';
import type { AdSelected, AnyRecord } from '../../domain/records.ts';
import { inventory, supply } from '../../test/decision-world.ts';
import { bid, bidRequest, imp, type OpenRtbWorld, openOpenRtbWorld } from '../../test/openrtb-world.ts';
import { whyNot } from '../why-not.ts';

interface Bid {
  readonly impid: string;
  readonly mtype: number;
  readonly adm: string;
  readonly dur?: number;
  readonly cid: string;
}

const open: OpenRtbWorld[] = [];
afterEach(() => Promise.all(open.splice(0).map(({ app }) => app.close())));

function serve(...records: readonly AnyRecord[]): OpenRtbWorld {
  const anything = { formats: ['banner', 'video', 'audio', 'native'], sizes: [] };
  const world = openOpenRtbWorld({ records: [...inventory(1, { placement: anything }), ...records] });
  open.push(world);
  return world;
}

async function bidsOn(world: OpenRtbWorld, imps: readonly object[], changes: object = {}): Promise<Bid[]> {
  const answer = await bid(world, bidRequest({ imp: imps, ...changes }), { query: '?nbr=1' });
  expect(answer.statusCode).toBe(200);
  const { seatbid = [] } = answer.json() as { seatbid?: { bid: Bid[] }[] };
  return seatbid.flatMap(({ bid: own }) => own);
}

const media = (type: string): string =>
  JSON.stringify({ media: [{ url: 'https://cdn.example/a', type, width: 640, height: 360 }] });
const spot = (number: number, seconds: number, bidMicros = 5_000_000): AnyRecord[] =>
  supply(number, {
    lineItem: { bid_micros: bidMicros },
    creative: { format: 'video', markup: media('video/mp4'), duration_ms: seconds * 1000 },
  });
const player = (changes: object = {}): object => ({ mimes: ['video/mp4'], ...changes });

describe('formats', () => {
  test('video and audio are VAST, of a length that the player takes; HTML for a player of our own is not offered', async () => {
    const song = { format: 'audio', markup: media('audio/mpeg'), duration_ms: 20_000 };
    const html = supply(3, {
      lineItem: { bid_micros: 9_000_000 },
      creative: { format: 'video', markup: '<video></video>' },
    });
    const world = serve(...spot(1, 15), ...supply(2, { creative: song }), ...html);
    const imps = [
      { id: 'v', video: player({ maxduration: 15 }) },
      { id: 'a', audio: { mimes: ['audio/mpeg'] } },
      { id: 'short', video: player({ maxduration: 10 }) },
      { id: 'exact', video: player({ rqddurs: [15, 30] }) },
      { id: 'long', video: player({ minduration: 16 }) },
    ];
    const bids = await bidsOn(world, imps);
    expect(bids.map(({ impid, mtype, dur }) => ({ impid, mtype, dur }))).toEqual([
      { impid: 'v', mtype: 2, dur: 15 },
      { impid: 'exact', mtype: 2, dur: 15 },
      { impid: 'a', mtype: 3, dur: 20 },
    ]);
    for (const { adm } of bids) expect(adm).toMatch(/^<\?xml[^]*<VAST version="4\.2"/);
  });

  test('native is cut to the assets asked for, under their ids; one that is missing loses the bid', async () => {
    const image = { img: { type: 3, url: 'https://cdn.example/a.png', w: 300, h: 250 } };
    const markup = JSON.stringify({ assets: [{ title: { text: 'Title' } }, image] });
    const world = serve(...supply(1, { creative: { format: 'native', markup, width: 0, height: 0 } }));
    const native = (...assets: object[]) => ({ request: JSON.stringify({ ver: '1.2', assets }), ver: '1.2' });
    const title = { id: 7, required: 1, title: { len: 40 } };
    const icon = { id: 8, required: 1, img: { type: 1, wmin: 50, hmin: 50 } };
    const [only] = await bidsOn(world, [{ id: 'n', native: native(title) }]);
    expect(only).toMatchObject({ impid: 'n', mtype: 4 });
    expect(JSON.parse(only?.adm ?? '')).toMatchObject({ ver: '1.2', assets: [{ id: 7, title: { text: 'Title' } }] });
    expect(await bidsOn(world, [{ id: 'n', native: native(title, icon) }])).toEqual([]);
    // Without ids their places are the ids.
    const [unnumbered] = await bidsOn(world, [{ id: 'n', native: native({ title: { len: 40 } }) }]);
    expect(JSON.parse(unnumbered?.adm ?? '').assets).toMatchObject([{ id: 0 }]);
  });

  test('of an imp with several formats the best ad wins, whichever it is', async () => {
    const world = serve(...spot(1, 15, 9_000_000), ...supply(2));
    const [either] = await bidsOn(world, [imp('1', { video: player() })]);
    expect(either).toMatchObject({ mtype: 2, cid: 'cmp_1' });
  });

  test('a dynamic pod gets several bids of advertisers that differ, and never more than fit', async () => {
    const world = serve(...spot(1, 15), ...spot(2, 15), ...spot(3, 15));
    const pod = (changes: object) => [
      { id: 'p', video: player({ podid: 'x', poddur: 60, maxduration: 15, ...changes }) },
    ];
    const advertisers = (await bidsOn(world, pod({}))).map(({ cid }) => cid);
    expect(advertisers.toSorted()).toEqual(['cmp_1', 'cmp_2', 'cmp_3']);
    expect(await bidsOn(world, pod({ maxseq: 2 }))).toHaveLength(2);
    expect(await bidsOn(world, pod({ poddur: 20 }))).toHaveLength(1);
  });

  test('imps of one structured pod keep an advertiser apart, others do not', async () => {
    const world = serve(...spot(1, 15));
    const imps = (podid?: string) => ['1', '2'].map((id) => ({ id, video: player({ podid, rqddurs: [15] }) }));
    expect(await bidsOn(world, imps('x'))).toHaveLength(1);
    expect(await bidsOn(world, imps())).toHaveLength(2);
  });

  test('why-not knows what the bid request had asked', async () => {
    const house = supply(4, { lineItem: { pricing_model: 'NONE', bid_micros: 0 } });
    const spots = [...spot(1, 15, 1_000_000), ...spot(2, 30, 8_000_000), ...spot(3, 15, 9_000_000)];
    const world = serve(...spots, ...house, ...supply(5, { advertiser: { domains: ['ford.example'] } }));
    const imps = [imp('1', { video: player({ maxduration: 15 }) })];
    await bidsOn(world, imps, { wseat: ['adv_1', 'adv_2', 'adv_4', 'adv_5'], badv: ['ford.example'] });
    const record = world.buffer.decoded().find(({ record: { name } }) => name === 'AdSelected')?.record;
    const selected = record?.value as AdSelected;
    const reasons = ['li_1', 'li_2', 'li_3', 'li_4', 'li_5'].map((id) => whyNot(selected, id, world.index.catalog));
    expect(reasons.map(({ step, reason }) => `${step}/${reason}`)).toEqual([
      'won/won',
      'creative/attribute_blocked',
      'deal/seat_not_allowed',
      'deal/no_price',
      'brand_safety/blocked_by_publisher',
    ]);
  });
});
