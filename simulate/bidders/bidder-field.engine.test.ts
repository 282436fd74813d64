import { afterEach, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../adapters/simulated/random.ts';
import { BidderField } from './bidder-field.ts';
import { lieNames } from './lies.ts';
import { type BidderClass, mixedClasses } from './profiles.ts';

let field: BidderField | null = null;

afterEach(async () => {
  await field?.stop();
  field = null;
});

async function start(...classes: readonly BidderClass[]): Promise<BidderField> {
  field = new BidderField({ classes, seed: '1', randomOf: createSeededRandom, host: '127.0.0.1', port: 0 });
  await field.start();
  return field;
}

const request = {
  id: 'auction-1',
  imp: [{ id: 'imp-1', banner: { w: 300, h: 250 }, bidfloor: 0.5, bidfloorcur: 'EUR' }],
  cur: ['EUR'],
};

const ask = (of: BidderField, index = 0) =>
  fetch(of.shown()[index]?.endpoint ?? '', { method: 'POST', body: JSON.stringify(request), redirect: 'manual' });
const control = (of: BidderField, path: string, body?: object) =>
  fetch(`${of.controlUrl}${path}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });

describe('A simulated bidder', () => {
  it('bids on some of what it is asked, the same by the same seed', async () => {
    const run = async () => {
      const bidders = await start('fast');
      const said: string[] = [];
      for (let turn = 0; turn < 20; turn += 1) said.push(await (await ask(bidders)).text());
      await bidders.stop();
      return said.map((text) => text.replaceAll(/127\.0\.0\.1:[0-9]+/g, ''));
    };
    const [first, second] = [await run(), await run()];
    field = null;
    expect(second).toEqual(first);
    const bids = first.filter((text) => text !== '').map((text) => JSON.parse(text));
    expect(bids.length).toBeGreaterThan(5);
    expect(bids.length).toBeLessThan(20);
    expect(bids[0]).toMatchObject({
      id: 'auction-1',
      cur: 'EUR',
      seatbid: [{ bid: [{ impid: 'imp-1', w: 300, h: 250, price: expect.any(Number) }] }],
    });
  });

  it('knows by which bids it was told what, and at which price', async () => {
    const bidders = await start('fast');
    let burl = '';
    while (burl === '') {
      const text = await (await ask(bidders)).text();
      if (text !== '') burl = JSON.parse(text).seatbid[0].bid[0].burl;
    }
    const [bidId = ''] = bidders.bidders[0]?.tally.bids.keys() ?? [];
    const url = burl.replace('${AUCTION_BID_ID}', bidId).replace('${AUCTION_PRICE}', '1.25');
    for (const told of [url, url, url.replace(bidId, 'other')]) expect((await fetch(told)).status).toBe(204);
    expect(await (await control(bidders, '/counts')).json()).toMatchObject({
      'fast-1': { notices: { billing: { received: 3, bids: 2, price_micros: 2_500_000 } }, unknown_notices: 1 },
    });
  });

  it('lies in every way in turn, and none of the lies is a bid as it should be', async () => {
    const bidders = await start('lying');
    await control(bidders, '/bidders/lying-1', { bidShare: 1 });
    for (const _lie of lieNames) {
      const answer = await ask(bidders).catch(() => null);
      await answer?.arrayBuffer().catch(() => undefined);
    }
    expect(new Set(bidders.bidders[0]?.tally.answered.keys())).toEqual(new Set(lieNames));
  });

  it('dies, comes back, slows down and speaks nonsense when it is told to', async () => {
    const bidders = await start('fast');
    const change = (to: object) => control(bidders, '/bidders/fast-1', to);
    await change({ behaviour: 'refuses' });
    await expect(ask(bidders)).rejects.toThrow('fetch failed');
    await change({ behaviour: 'garbage' });
    await expect((await ask(bidders)).json()).rejects.toThrow('JSON');
    await change({ class: 'fast', addMs: 60, bidShare: 0 });
    const begun = performance.now();
    expect((await ask(bidders)).status).toBe(204);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(60);
    await change({ behaviour: 'streams' });
    const reader = (await ask(bidders)).body?.getReader();
    for (let turn = 0; turn < 3; turn += 1) expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
  });
});

describe('A field of fifty', () => {
  it('is one third volatile, with some of every other class', () => {
    const classes = mixedClasses(50);
    const counts = Object.groupBy(classes, (of) => of);
    expect(counts.volatile).toHaveLength(17);
    expect(Object.keys(counts)).toHaveLength(8);
    expect(classes).toHaveLength(50);
  });
});
