import type { ValidBid } from '../serving/demand/external-bid.ts';
import { readNativeAnswer } from '../serving/demand/native-answer.ts';
import { readVastAnswer } from '../serving/demand/vast-answer.ts';
import { type IssuedAd, issueAd } from '../serving/issue.ts';
import { indexOf, inputOf, inventory, issueAll, issuerDeps, supply, worldOf } from './decision-world.ts';

/** A player as a bidder is asked about it. */
export const player = {
  mimes: ['video/mp4'],
  protocols: [2, 3, 5, 6, 7, 8, 11, 12, 13, 14],
  minduration: 5,
  maxduration: 30,
};

export interface VastChanges {
  readonly version?: string;
  readonly wrapper?: string;
  readonly duration?: string;
  readonly file?: string;
  readonly type?: string;
  readonly impression?: string;
  /** Before the root, and behind it. */
  readonly before?: string;
  readonly after?: string;
  readonly ads?: number;
}

/** The VAST of a bidder, in line or a wrapper. */
export function vastAnswer({
  version = '3.0',
  wrapper,
  duration = '00:00:15',
  file = 'https://b.example/spot.mp4',
  type = 'video/mp4',
  impression = 'https://b.example/i',
  before = '',
  after = '',
  ads = 1,
}: VastChanges = {}): string {
  const shown = `<AdSystem>b</AdSystem><Impression><![CDATA[${impression}]]></Impression>`;
  const events = '<TrackingEvents><Tracking event="midpoint">https://b.example/midpoint</Tracking></TrackingEvents>';
  const clicks =
    '<VideoClicks><ClickThrough>https://b.example/landing</ClickThrough><ClickTracking>https://b.example/click</ClickTracking></VideoClicks>';
  const files = `<MediaFiles><MediaFile delivery="progressive" type="${type}" width="640" height="360">${file}</MediaFile></MediaFiles>`;
  const linear = `<Linear>${events}<Duration>${duration}</Duration>${files}${clicks}</Linear>`;
  const inline = `<InLine>${shown}<AdTitle>A &amp; B</AdTitle><Creatives><Creative>${linear}</Creative></Creatives></InLine>`;
  const wrapping = `<Wrapper>${shown}<VASTAdTagURI><![CDATA[${wrapper}]]></VASTAdTagURI></Wrapper>`;
  const ad = `<Ad id="1">${wrapper === undefined ? inline : wrapping}</Ad>`;
  return `<?xml version="1.0"?>${before}<VAST version="${version}">${ad.repeat(ads)}</VAST>${after}`;
}

export const nativeRequest = {
  ver: '1.2',
  assets: [
    { id: 1, required: 1, title: { len: 25 } },
    { id: 2, img: { type: 3, wmin: 200, hmin: 100 } },
    { id: 3, data: { type: 2, len: 90 } },
  ],
};

/** The response of a bidder to `nativeRequest`. */
export function nativeAnswer(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    assets: [
      { id: 1, title: { text: 'Tea & <biscuits>' } },
      { id: 2, img: { url: 'https://b.example/card.png', w: 1200, h: 627 } },
    ],
    link: { url: 'https://b.example/landing?p=${AUCTION_PRICE}', clicktrackers: ['https://b.example/click'] },
    eventtrackers: [
      { event: 1, method: 1, url: 'https://b.example/i' },
      { event: 1, method: 2, url: 'https://b.example/script.js' },
    ],
    ...changes,
  };
}

/** The ad of a bid of 3.50 with such a markup, signed and rendered as it is for a client. */
export function issuedOutside(markup: string, format: 'video' | 'audio' | 'native'): IssuedAd {
  const content = format === 'native' ? readNativeAnswer(markup, nativeRequest) : readVastAnswer(markup, player);
  if (typeof content === 'string') throw new Error(content);
  const creative = { format, width: 0, height: 0 };
  const records = supply(1, { creative, lineItem: { bid_micros: 3_500_000 } });
  const world = worldOf(indexOf([...inventory(1, { placement: { formats: [format] } }), ...records]));
  const input = inputOf(world);
  const [own] = issueAll(world, input);
  if (own === undefined) throw new Error('there was no ad');
  const external: ValidBid = {
    bidderId: 'bd_1',
    bidId: 'b',
    impId: '1',
    seat: '',
    creativeRef: '',
    price: '3.5',
    currency: 'EUR',
    bidMicros: 3_500_000,
    domains: [],
    categories: [],
    attributes: [],
    width: 0,
    height: 0,
    format,
    content,
    markup,
    winUrl: '',
    billingUrl: '',
    lossUrl: '',
  };
  return issueAd({ ...own.chosen, external }, input, issuerDeps(), 1);
}
