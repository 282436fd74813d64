/**
 * Prebid.js asks Adtally for a banner, a native ad and a video: `?way=server` as its Prebid Server (`s2sConfig`), `?way=client` by the adapter of Adtally's own. Then it
 * shows the banner and the native ad, and names the video's selection: players of video are not Prebid's. `?gpp=…&sid=7` stands for a consent
 * platform that says so, and `?timeout=…` waits so long for bids, ms.
 */
const asked = new URLSearchParams(location.search);
const way = asked.get('way') === 'client' ? 'client' : 'server';
const timeoutMs = Number(asked.get('timeout') ?? 2000);
/** @type {{ url: string, publisher: string, placements: Record<string, string> }} */
const settings = await (await fetch('settings.json')).json();

const mediaTypes = {
  banner: { banner: { sizes: [[300, 250]] } },
  native: {
    native: {
      adTemplate:
        '<a href="##hb_native_linkurl##" target="_blank" style="font:16px sans-serif;color:inherit"><img src="##hb_native_asset_id_2##" alt="" width="280"><p><strong>##hb_native_asset_id_1##</strong> ##hb_native_asset_id_3##</p></a>',
      ortb: {
        ver: '1.2',
        assets: [
          { id: 1, required: 1, title: { len: 90 } },
          { id: 2, required: 0, img: { type: 3, wmin: 1, hmin: 1 } },
          { id: 3, required: 0, data: { type: 2 } },
        ],
        eventtrackers: [{ event: 1, methods: [1] }],
      },
    },
  },
  video: {
    video: {
      context: 'instream',
      playerSize: [640, 360],
      mimes: ['video/mp4', 'video/webm'],
      protocols: [2, 3, 5, 6, 7, 8, 11, 12, 13, 14],
      minduration: 0,
      maxduration: 60,
      plcmt: 1,
    },
  },
};

const adUnits = Object.keys(mediaTypes)
  .filter((code) => settings.placements[code] !== undefined)
  .map((code) => ({
    code,
    mediaTypes: mediaTypes[code],
    bids: [{ bidder: 'adtally', params: { placement: settings.placements[code], publisher: settings.publisher } }],
  }));

function note(text) {
  const line = document.createElement('li');
  line.textContent = text;
  document.querySelector('#log').append(line);
}

/** A frame of the page's own origin, which Prebid writes the ad into. */
function frameIn(code) {
  const frame = document.createElement('iframe');
  Object.assign(frame, { width: 300, height: 250, title: code });
  frame.style.border = '0';
  document.getElementById(code).append(frame);
  frame.contentDocument.body.style.margin = '0';
  return frame.contentDocument;
}

function show(bid) {
  if (bid.mediaType !== 'video') window.pbjs.renderAd(frameIn(bid.adUnitCode), bid.adId);
  note(`${bid.adUnitCode}: ${bid.seatBidId} at ${bid.cpm} ${bid.currency}`);
}

const { pbjs } = window;
document.querySelector('#way').textContent =
  way === 'server' ? 'Adtally as the Prebid Server of the page.' : 'The adapter of Adtally’s own, in the page.';
pbjs.setConfig({
  debug: asked.has('debug'),
  bidderTimeout: timeoutMs + 1000,
  // Prices come in the currency that is asked for; this page sells in one, and converts nothing.
  currency: { adServerCurrency: 'EUR', rates: { EUR: { EUR: 1 } } },
  ...(asked.has('gpp') && {
    consentManagement: {
      gpp: {
        cmpApi: 'static',
        consentData: {
          gppString: asked.get('gpp'),
          applicableSections: [Number(asked.get('sid'))],
          parsedSections: {},
        },
      },
    },
  }),
  userSync: { syncEnabled: false },
  // VAST that comes as text, as ours does, is handed to players by an address of the page's own.
  cache: { useLocal: true },
  adtally: { url: settings.url },
  ...(way === 'server' && {
    s2sConfig: [
      {
        accountId: settings.publisher,
        bidders: ['adtally'],
        enabled: true,
        timeout: timeoutMs,
        endpoint: `${settings.url}/openrtb2/auction`,
        extPrebid: { targeting: { includewinners: true, includebidderkeys: true } },
      },
    ],
  }),
});
pbjs.addAdUnits(adUnits);
pbjs.requestBids({
  bidsBackHandler() {
    const bids = adUnits.flatMap(({ code }) => pbjs.getBidResponsesForAdUnitCode(code).bids);
    bids.forEach(show);
    for (const { code } of adUnits) {
      if (!bids.some(({ adUnitCode }) => adUnitCode === code)) note(`${code}: no bid`);
    }
    document.body.dataset.done = String(bids.length);
  },
});
