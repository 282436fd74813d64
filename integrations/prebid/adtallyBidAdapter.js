import { ortbConverter } from '../libraries/ortbConverter/converter.js';
import { registerBidder } from '../src/adapters/bidderFactory.js';
import { config } from '../src/config.js';
import { BANNER, NATIVE, VIDEO } from '../src/mediaTypes.js';
import { deepSetValue, logError, replaceAuctionPrice, triggerPixel } from '../src/utils.js';

const BIDDER_CODE = 'adtally';
const PATH = '/openrtb2/auction';
/** Who asks for bids says for how long they are good, in seconds; what the server says of a bid comes before it. */
const TTL_S = 300;
/** What of a native ad is reported, if the page asks for nothing else: it was shown (1), and it was seen (2), both by a picture. */
const NATIVE_TRACKERS = [
  { event: 1, methods: [1] },
  { event: 2, methods: [1] },
];

/** Where Adtally is: `params.url`, or `pbjs.setConfig({ adtally: { url } })`. Whoever runs it has an address of their own. */
function addressOf({ params }) {
  return String(params?.url ?? config.getConfig('adtally.url') ?? '').replace(/\/+$/, '');
}

export const converter = ortbConverter({
  context: { netRevenue: true, ttl: TTL_S, nativeRequest: { eventtrackers: NATIVE_TRACKERS } },
  imp(buildImp, bidRequest, context) {
    const imp = buildImp(bidRequest, context);
    deepSetValue(imp, 'ext.adtally.placement', bidRequest.params.placement);
    imp.secure ??= location.protocol === 'https:' ? 1 : 0;
    return imp;
  },
  request(buildRequest, imps, bidderRequest, context) {
    const request = buildRequest(imps, bidderRequest, context);
    const { publisher } = context.bidRequests[0].params;
    const channel = ['site', 'app', 'dooh'].find((name) => request[name] !== undefined) ?? 'site';
    if (publisher) deepSetValue(request, `${channel}.publisher.id`, publisher);
    return request;
  },
  bidResponse(buildBidResponse, bid, context) {
    const response = buildBidResponse(bid, context);
    response.meta = { ...response.meta, networkName: 'Adtally', advertiserId: bid.ext?.adtally?.advertiser_id };
    return response;
  },
});

export const spec = {
  code: BIDDER_CODE,
  supportedMediaTypes: [BANNER, VIDEO, NATIVE],

  isBidRequestValid(bid) {
    const isValid = typeof bid.params?.placement === 'string' && /^https?:\/\//.test(addressOf(bid));
    if (!isValid) logError(`${BIDDER_CODE}: params.placement, and an address in params.url or adtally.url, are needed`);
    return isValid;
  },

  /** One request for all ad units of an address and a publisher. Sent as text, so that the browser need not ask beforehand whether it may. */
  buildRequests(bidRequests, bidderRequest) {
    const groups = new Map();
    for (const bidRequest of bidRequests) {
      const key = `${addressOf(bidRequest)} ${bidRequest.params.publisher ?? ''}`;
      groups.set(key, [...(groups.get(key) ?? []), bidRequest]);
    }
    return [...groups.values()].map((group) => ({
      method: 'POST',
      url: `${addressOf(group[0])}${PATH}`,
      data: converter.toORTB({ bidRequests: group, bidderRequest }),
      options: { contentType: 'text/plain', withCredentials: true },
    }));
  },

  /** 204 is no bid, and has no body. */
  interpretResponse({ body }, { data }) {
    return body?.seatbid ? converter.fromORTB({ response: body, request: data }).bids : [];
  },

  /** Said by the ad's own markup as well: both carry the same token, and are one impression. */
  onBidBillable(bid) {
    if (bid.burl) triggerPixel(replaceAuctionPrice(bid.burl, bid.originalCpm ?? bid.cpm));
  },
};

registerBidder(spec);
