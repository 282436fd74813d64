import { afterAll, describe, expect, test } from 'vitest';
import { bid, bidRequest, openOpenRtbWorld } from '../../test/openrtb-world.ts';

describe('a loss notice', () => {
  const world = openOpenRtbWorld();
  afterAll(() => world.app.close());

  const bidOf = async () => {
    const { seatbid } = (await bid(world, bidRequest())).json();
    return seatbid[0].bid[0] as { burl: string; lurl: string; adm: string };
  };
  const call = async (url: string) => (await world.app.inject(url.replace('https://ads.example', ''))).statusCode;

  test('is counted by its reason, once for each bid', async () => {
    const { lurl } = await bidOf();
    expect(lurl).toMatch(/^https:\/\/ads\.example\/v1\/loss\/[0-9A-Za-z_-]+\?reason=\$\{AUCTION_LOSS\}$/);
    const filled = lurl.replace(`\${AUCTION_LOSS}`, '102');
    expect([await call(filled), await call(filled)]).toEqual([204, 204]);
    expect([...world.losses.counts]).toEqual([['102', 1]]);
    expect(world.losses.repeated).toBe(1);
    for (const reason of ['1003', `\${AUCTION_LOSS}`, '-1', '0100']) {
      expect(await call((await bidOf()).lurl.replace(`\${AUCTION_LOSS}`, encodeURIComponent(reason)))).toBe(204);
    }
    expect(Object.fromEntries(world.losses.counts)).toEqual({ 102: 1, other: 1, unsaid: 2, 100: 1 });
  });

  test('carries a token that allows nothing, and no other token is one', async () => {
    const { lurl, burl } = await bidOf();
    const tokenOf = (url: string) => /\/([0-9A-Za-z_-]+)(?:\?|$)/.exec(url)?.[1] ?? '';
    expect(tokenOf(lurl)).not.toBe(tokenOf(burl));
    const before = world.buffer.entries.length;
    expect(await call(`/v1/loss/${tokenOf(burl)}?reason=102`)).toBe(404);
    expect(await call(`/v1/loss/${tokenOf(lurl).slice(0, -2)}AA?reason=102`)).toBe(404);
    expect(await call('/v1/loss/x')).toBe(404);
    expect(Object.fromEntries(world.losses.refused)).toEqual({
      TOKEN_KIND_NOT_ALLOWED: 1,
      TOKEN_FORGED: 1,
      TOKEN_MALFORMED: 1,
    });
    // Nothing is recorded: it is no event, and moves no money.
    expect(world.buffer.entries.length).toBe(before);
  });
});
