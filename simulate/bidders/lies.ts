import { gzipSync } from 'node:zlib';
import { type BidRequest, responseOf } from './bid-response.ts';

/** An answer as it goes over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

type Bid = Record<string, unknown>;
type Lie = (request: BidRequest, bids: readonly Bid[]) => WireAnswer;

const json = (value: unknown): WireAnswer => ({ status: 200, body: JSON.stringify(value) });

/** Every bid spoilt in one way. */
const spoilt =
  (change: (bid: Bid, request: BidRequest) => Bid): Lie =>
  (request, bids) =>
    json(
      responseOf(
        request,
        bids.map((bid) => ({ ...bid, ...change(bid, request) })),
      ),
    );

const bomb = gzipSync(Buffer.alloc(20_000_000));
const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
const longMarkup = 'x'.repeat(300_000);

/** What a liar answers, in turn. None of it may win. */
export const lies = {
  wrong_id: (request, bids) => json({ ...responseOf(request, bids), id: 'another-auction' }),
  price_text: spoilt(({ price }) => ({ price: String(price) })),
  price_negative: spoilt(() => ({ price: -5 })),
  price_huge: (request, bids) => ({
    status: 200,
    body: JSON.stringify(responseOf(request, bids)).replaceAll(/"price":[0-9.]+/g, '"price":1e308'),
  }),
  other_currency: (request, bids) => json({ ...responseOf(request, bids), cur: 'XTS' }),
  unknown_imp: spoilt(() => ({ impid: 'no-such-imp' })),
  // Players and native layouts scale: of those the markup says what is wrong.
  wrong_size: spoilt(({ mtype, adm }) => (mtype === 1 ? { w: 1, h: 1 } : { adm: `${String(adm)}<` })),
  wrong_format: spoilt(() => ({ mtype: 9 })),
  /** Entities of its own for a player, nothing of what was asked for in a native ad. */
  hostile_document: spoilt(({ mtype, adm }) => {
    if (mtype === 4) return { adm: '{"assets":[],"link":{"url":"javascript:alert(1)"}}' };
    return { adm: `<!DOCTYPE VAST [<!ENTITY a "b">]>${String(adm)}`, ...(mtype === 1 && { mtype: 2 }) };
  }),
  private_address: spoilt(({ mtype, adm }) => ({
    adm: String(adm).replaceAll(/https:\/\/[^/"]+/g, 'https://169.254.169.254'),
    ...(mtype === 1 && { burl: 'file:///etc/passwd' }),
  })),
  blocked_advertiser: spoilt((_bid, { badv }) => (badv?.[0] === undefined ? { mtype: 9 } : { adomain: [badv[0]] })),
  many_duplicates: (request, bids) =>
    json(
      responseOf(
        request,
        Array.from({ length: 100 }, () => bids[0] ?? {}),
      ),
    ),
  no_markup: spoilt(() => ({ adm: '' })),
  huge_markup: spoilt(() => ({ adm: longMarkup })),
  bad_notice: spoilt(() => ({ burl: 'javascript:alert(1)' })),
  deep_json: (request) => ({ status: 200, body: `{"id":${JSON.stringify(request.id)},"seatbid":${deep}}` }),
  not_json: () => ({ status: 200, body: '<html>It works!</html>' }),
  wrong_shape: (request) => json({ id: request.id, seatbid: { bid: 7 } }),
  redirect: () => ({ status: 302, headers: { location: 'http://169.254.169.254/' }, body: '' }),
  server_error: () => ({ status: 500, body: 'out of order' }),
  bomb: () => ({ status: 200, headers: { 'content-encoding': 'gzip' }, body: bomb }),
} as const satisfies Record<string, Lie>;

export const lieNames = Object.keys(lies) as readonly (keyof typeof lies)[];
