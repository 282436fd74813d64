import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kindExpiry, verifyToken } from '../../domain/token.ts';
import { mediaCreative } from '../../test/creative-arbitraries.ts';
import { issuerDeps, noon } from '../../test/decision-world.ts';
import { issuedCreative } from '../../test/issued-creative.ts';
import { parseXml, type PlayerAd, type PlayerLinear, readVast } from '../../test/vast-reader.ts';
import { vastDocument, vmapDocument } from './vast.ts';

const key = issuerDeps().signingKey();
const keys = new Map([[key.id, key]]);

const spot = {
  name: 'Tea & <biscuits>',
  format: 'video',
  width: 640,
  height: 360,
  duration_ms: 15_500,
  markup: JSON.stringify({
    media: [
      { url: '{asset_url}/spot.mp4?s={selection_id}', type: 'video/mp4', bitrate_kbps: 800 },
      { url: 'https://cdn.example/spot.webm', type: 'video/webm', width: 1280, height: 720 },
    ],
    skip_after_ms: 5000,
    companions: [{ width: 300, height: 250, image: 'https://cdn.example/c.png', type: 'image/png' }],
    verifications: [
      { vendor: 'measurer.example-omid', url: 'https://measurer.example/omid.js', parameters: '{selection_id}' },
    ],
  }),
  trackers: [
    { event: 'impression', url: 'https://third.example/i?s={selection_id}' },
    { event: 'click', url: 'https://third.example/c?to={click_url}' },
    { event: 'midpoint', url: 'https://third.example/m?cb=[CACHEBUSTING]' },
  ],
} as const;

const wrapped = { ...spot, markup: 'https://other.example/vast.xml?cb={cachebuster}' };

function linearIn({ creatives }: PlayerAd): PlayerLinear | undefined {
  return creatives.find((one): one is PlayerLinear => one.type === 'linear');
}

async function linearOf(document: string, answer?: (url: string) => string | undefined) {
  const [ad] = (await readVast(document, answer)).ads;
  const creative = ad && linearIn(ad);
  if (ad === undefined || creative === undefined) throw new Error('no linear ad');
  return { ad, creative };
}

describe('A VAST document', () => {
  test('of an inline ad says to a player what the creative says', async () => {
    const { decision } = issuedCreative(spot);
    const { ad, creative } = await linearOf(decision.markup);
    expect(ad).toMatchObject({ id: decision.selection_id, title: 'Tea & <biscuits>', adType: 'video', expires: 1800 });
    expect(creative).toMatchObject({ duration: 15.5, skipDelay: 5 });
    expect(
      creative.mediaFiles.map(({ fileURL, width, height, mimeType, bitrate }) => [
        fileURL,
        width,
        height,
        mimeType,
        bitrate,
      ]),
    ).toEqual([
      [`https://brand.example/spot.mp4?s=${decision.selection_id}`, 640, 360, 'video/mp4', 800],
      ['https://cdn.example/spot.webm', 1280, 720, 'video/webm', 0],
    ]);
    expect(creative.videoClickThroughURLTemplate.url).toBe(decision.click_url);
    const clickTracker = `https://third.example/c?to=${encodeURIComponent(decision.click_url)}`;
    expect(creative.videoClickTrackingURLTemplates.map(({ url }) => url)).toEqual([clickTracker]);
    expect(ad.adVerifications).toMatchObject([
      {
        vendor: 'measurer.example-omid',
        resource: 'https://measurer.example/omid.js',
        parameters: decision.selection_id,
      },
    ]);
    const [companion] = ad.creatives.filter(({ type }) => type === 'companion');
    expect(companion).toMatchObject({
      variations: [{ width: '300', height: '250', staticResources: [{ url: 'https://cdn.example/c.png' }] }],
    });
  });

  test('tracks every kind that its token allows, and every tracker is a genuine token', async () => {
    const { decision } = issuedCreative(spot);
    const { ad, creative } = await linearOf(decision.markup);
    const first = (given: readonly string[] | undefined) => given?.[0] ?? '';
    const urls: Record<string, string> = {
      impression: ad.impressionURLTemplates[0]?.url ?? '',
      viewable: first(ad.viewableImpression[0]?.viewable),
      error: first(ad.errorURLTemplates),
      start: first(creative.trackingEvents['start']),
      first_quartile: first(creative.trackingEvents['firstQuartile']),
      midpoint: first(creative.trackingEvents['midpoint']),
      third_quartile: first(creative.trackingEvents['thirdQuartile']),
      complete: first(creative.trackingEvents['complete']),
      mute: first(creative.trackingEvents['mute']),
      unmute: first(creative.trackingEvents['unmute']),
      pause: first(creative.trackingEvents['pause']),
      resume: first(creative.trackingEvents['resume']),
      skip: first(creative.trackingEvents['skip']),
    };
    expect(Object.keys(urls).sort()).toEqual(Object.keys(decision.beacons).sort());
    for (const [kind, url] of Object.entries(urls)) {
      const [, event, token] = /^https:\/\/ads\.example\/v1\/b\/(\w+)\/([\w-]+)/.exec(url) ?? [];
      const claims = verifyToken(token ?? '', keys, noon);
      expect([event, claims.billing.selection_id]).toEqual([kind, decision.selection_id]);
      expect(kindExpiry(claims, kind as 'impression')).toBe(noon + 1_800_000);
    }
    expect(urls['error']).toMatch(/\?code=\[ERRORCODE\]$/);
  });

  test('has third-party trackers beside ours, with the macros of players untouched', async () => {
    const { decision } = issuedCreative(spot);
    const { ad, creative } = await linearOf(decision.markup);
    expect(ad.impressionURLTemplates.map(({ url }) => url)).toEqual([
      decision.beacons.impression,
      `https://third.example/i?s=${decision.selection_id}`,
    ]);
    expect(creative.trackingEvents['midpoint']?.[1]).toBe('https://third.example/m?cb=[CACHEBUSTING]');
  });

  test('of audio has no size and nothing to be seen', async () => {
    const markup = JSON.stringify({ media: [{ url: 'https://cdn.example/a.mp3', type: 'audio/mpeg' }] });
    const { decision } = issuedCreative({ ...spot, format: 'audio', width: 0, height: 0, markup });
    const { ad, creative } = await linearOf(decision.markup);
    expect(ad.adType).toBe('audio');
    expect(creative.mediaFiles).toMatchObject([{ width: 0, height: 0, mimeType: 'audio/mpeg' }]);
    expect(decision.markup).not.toContain('ViewableImpression');
  });

  test('around another is a wrapper: a player resolves it to the other’s media with trackers of both', async () => {
    const { decision } = issuedCreative(wrapped);
    const other = issuedCreative({ ...spot, trackers: [] }).decision.markup;
    const at = `https://other.example/vast.xml?cb=${decision.selection_id.slice(24)}`;
    const { ad, creative: linear } = await linearOf(decision.markup, (url) => (url === at ? other : undefined));
    expect(linear.mediaFiles).toHaveLength(2);
    expect(ad.impressionURLTemplates).toHaveLength(3);
    expect(linear.trackingEvents['start']).toHaveLength(2);
    // Clicks lead to where the other says, and are counted by a token that may click.
    const counted = linear.videoClickTrackingURLTemplates
      .map(({ url }) => url)
      .find((url) => url.includes('/v1/b/click/'));
    const claims = verifyToken(counted?.split('/').at(-1) ?? '', keys, noon);
    expect([kindExpiry(claims, 'click'), kindExpiry(claims, 'impression')]).toEqual([noon + 86_400_000, null]);
  });

  test('lets no wrapper follow where the creative says so, and players stop at their limit of depth', async () => {
    const markup = JSON.stringify({ wrapper: { url: 'https://other.example/v.xml', follow_wrappers: false } });
    const stopping = issuedCreative({ ...spot, markup }).decision.markup;
    expect(stopping).toContain('followAdditionalWrappers="false"');
    const spotDocument = issuedCreative(spot).decision.markup;
    const wrapperOfSpot = issuedCreative({ ...spot, markup: 'https://another.example/spot' }).decision.markup;
    const itself = issuedCreative({ ...spot, markup: 'https://other.example/v.xml' }).decision.markup;
    let asked = 0;
    const { ads } = await readVast(itself, () => {
      asked += 1;
      return itself;
    });
    expect([ads, asked < 20]).toEqual([[], true]);
    const behind = await readVast(stopping, (url) => (url.endsWith('/v.xml') ? wrapperOfSpot : spotDocument));
    expect(behind.ads).toEqual([]);
  });

  test('is the creative’s HTML where that is all there is', () => {
    const { decision } = issuedCreative({ ...spot, markup: '<video src="{asset_url}/a.mp4"></video>' });
    expect(decision.markup).toBe('<video src="https://brand.example/a.mp4"></video>');
  });

  test('of whatever creative is well-formed XML that a player reads back, with our trackers in it', async () => {
    const other = issuedCreative(spot).decision.markup;
    await fc.assert(
      fc.asyncProperty(mediaCreative, async (changes) => {
        const { decision } = issuedCreative(changes);
        parseXml(decision.markup);
        const { ads } = await readVast(decision.markup, () => other);
        expect(decision.markup).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<VAST version="4.2"/);
        const isWrapper = decision.markup.includes('<Wrapper ');
        expect(ads).toHaveLength(1);
        const impressions = ads[0]?.impressionURLTemplates.map(({ url }) => url);
        expect(impressions).toContain(decision.beacons.impression);
        if (!isWrapper) expect(ads[0]).toMatchObject({ id: decision.selection_id, adServingId: decision.selection_id });
      }),
      { numRuns: 500, seed: 5 },
    );
  });
});

test('A pod is one document, or a VMAP with a break for each, its ads in their order', async () => {
  const documents = [issuedCreative(spot), issuedCreative(wrapped)].map(({ decision }) => decision.markup);
  const vmap = vmapDocument([
    { id: 'pre"roll', timeOffset: 'start', documents },
    { id: 'mid', timeOffset: '00:10:00.000', documents: documents.slice(0, 1) },
  ]);
  const root = parseXml(vmap).documentElement;
  const breaks = Array.from(root.getElementsByTagName('vmap:AdBreak'));
  expect(
    breaks.map((one) => [
      one.getAttribute('breakId'),
      one.getAttribute('timeOffset'),
      one.getElementsByTagName('Ad').length,
    ]),
  ).toEqual([
    ['pre"roll', 'start', 2],
    ['mid', '00:10:00.000', 1],
  ]);
  expect((await readVast(vastDocument([]))).ads).toEqual([]);
});
