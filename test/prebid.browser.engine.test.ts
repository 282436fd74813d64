import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Platform, startPlatform } from '../apps/platform.ts';
import { bundlePrebid, servePrebidPage } from '../scripts/prebid-example.ts';
import {
  browserIsHere,
  browserPath,
  type CountedAds,
  launchBrowser,
  owedBy,
  publishCountedAds,
  storyOf,
  userAgent,
} from './counted-ads.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const isHere = browserIsHere && existsSync(fileURLToPath(new URL('../node_modules/prebid.js', import.meta.url)));
const slowMs = 180_000;
/** For what a page does by itself. */
const soon = { timeout: 40_000 };
/** So long it waits for bids: the first ones of a busy machine take their time. */
const bidsMs = 20_000;
const ways = ['server', 'client'] as const;
type Way = (typeof ways)[number];

/** A bid as Prebid.js has it. */
interface PageBid {
  readonly adUnitCode: string;
  readonly seatBidId: string;
  readonly cpm: number;
  readonly currency: string;
  readonly mediaType: string;
  readonly source: string;
  readonly burl: string;
  readonly ad?: string;
  readonly vastXml?: string;
  readonly meta: { readonly advertiserDomains: readonly string[] };
  readonly adserverTargeting: Readonly<Record<string, string>>;
}
interface AuctionAnswer {
  readonly seatbid: readonly {
    readonly seat: string;
    readonly bid: readonly {
      readonly id: string;
      readonly cid: string;
      readonly burl: string;
      readonly ext: { readonly prebid?: { readonly targeting?: Readonly<Record<string, string>> } };
    }[];
  }[];
}
/** What one opening of the page came to. */
interface Visit {
  readonly bids: readonly PageBid[];
  readonly targeting: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly answers: readonly AuctionAnswer[];
  /** Content types of what it asked with. */
  readonly types: readonly string[];
  /** Origins that were permitted to read the answers. */
  readonly permitted: readonly string[];
  /** Paths of beacons that the page called. */
  readonly called: readonly string[];
}

describe.skipIf(!isHere)(`Prebid.js in a real browser (skipped without ${browserPath} or prebid.js)`, () => {
  const folder = makeTemporaryFolder();
  let platform: Platform;
  let browser: Browser;
  let server: Server;
  let ads: CountedAds;
  let address = '';
  const complaints: string[] = [];
  const visits = new Map<Way, Visit>();

  beforeAll(async () => {
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, DATA_DIR: folder.path, SERVE_PORT: '0', CONSOLE_PORT: '0', HOLD_MS: '6s' };
    platform = await startPlatform({
      env,
      onLine: () => {},
      onRestart: (name, reason) => complaints.push(`${name}: ${reason}`),
    });
    ads = await publishCountedAds(platform);
    const page = { url: platform.serveUrl, publisher: ads.publisherId, placements: ads.placements };
    server = await servePrebidPage(page, await bundlePrebid(), 0);
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchBrowser();
  }, slowMs);

  afterAll(async () => {
    await browser?.close();
    server?.close();
    await platform?.stop();
    folder.remove();
  }, slowMs);

  /** Opens the example page, waits until its ads are shown and have reported it, and tells what there was. */
  async function visit(way: Way, more = ''): Promise<Visit> {
    const context = await browser.newContext({ userAgent, viewport: { width: 1000, height: 900 } });
    const page = await context.newPage();
    const answers: AuctionAnswer[] = [];
    const types: string[] = [];
    const permitted: string[] = [];
    const called: string[] = [];
    const taken = new Set<string>();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith('/v1/b/')) called.push(pathname);
      if (pathname === '/openrtb2/auction') types.push(request.headers()['content-type'] ?? '');
    });
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith('/v1/b/impression/')) taken.add(pathname);
      if (!response.url().endsWith('/openrtb2/auction')) return;
      permitted.push(response.headers()['access-control-allow-origin'] ?? '');
      response.json().then(
        (answer: AuctionAnswer) => answers.push(answer),
        (error: unknown) => complaints.push(String(error)),
      );
    });
    await page.goto(`${address}/?way=${way}&timeout=${bidsMs}${more}`);
    await expect.poll(() => page.locator('body').getAttribute('data-done'), soon).toBe('3');
    await expect.poll(() => answers.length, soon).toBe(1);
    // By the picture of the banner, the tracker of the native ad, and the burl of both. What is only on its way ends with its page.
    await expect.poll(() => taken.size, soon).toBe(4);
    // What a person sees: the banner, and the native ad in the page's own template.
    const shown = async () =>
      (await Promise.all(page.frames().map((frame) => frame.locator('body').innerText()))).join('\n');
    await expect.poll(shown, soon).toMatch(/Find out more[^]*All about Counted|All about Counted[^]*Find out more/);
    await page.waitForTimeout(1_500);
    const seen = { ...(await tellOf(page)), answers, types, permitted, called };
    await context.close();
    return seen;
  }

  const tellOf = (page: Page) =>
    page.evaluate((): Pick<Visit, 'bids' | 'targeting'> => {
      const { pbjs } = globalThis as unknown as {
        pbjs: {
          getBidResponses(): Record<string, { bids: PageBid[] }>;
          getAllWinningBids(): PageBid[];
          getAdserverTargeting(): Visit['targeting'];
        };
      };
      const left = Object.values(pbjs.getBidResponses()).flatMap(({ bids }) => bids);
      const all = new Map([...left, ...pbjs.getAllWinningBids()].map((bid) => [bid.seatBidId, bid]));
      return { bids: [...all.values()], targeting: pbjs.getAdserverTargeting() };
    });

  test.each(ways)('asks Adtally and shows what it bids: %s', { timeout: slowMs }, async (way) => {
    const { bids, answers, types, permitted } = await visit(way).then((one) => (visits.set(way, one), one));
    expect({ types, permitted }).toEqual({ types: ['text/plain'], permitted: [address] });
    expect(answers).toHaveLength(1);
    expect(bids.map(({ adUnitCode, mediaType }) => `${adUnitCode} ${mediaType}`).toSorted()).toEqual([
      'banner banner',
      'native native',
      'video video',
    ]);
    for (const bid of bids) {
      expect(bid).toMatchObject({ currency: 'EUR', source: way === 'server' ? 's2s' : 'client' });
      expect(bid.meta.advertiserDomains).toEqual(['advertiser.example']);
      expect(bid.burl).toMatch(/\/v1\/b\/impression\//);
    }
    // What line items of ours bid, to the micro.
    expect(bids.map(({ cpm }) => String(cpm)).toSorted()).toEqual(['2', '2.111', '2.222']);
    expect(bids.find(({ mediaType }) => mediaType === 'video')?.vastXml).toMatch(/^<\?xml .*<VAST version="4.2"/s);
    expect(complaints).toEqual([]);
  });

  test('has the key-values of its Prebid Server for the ad server of the page', () => {
    const { answers = [], bids = [], targeting = {} } = visits.get('server') ?? {};
    const [seat] = answers[0]?.seatbid ?? [];
    expect(seat?.seat).toBe('adtally');
    expect(seat?.bid).toHaveLength(3);
    for (const { id, ext } of seat?.bid ?? []) {
      expect(ext.prebid?.targeting).toMatchObject({ hb_bidder: 'adtally', hb_bidder_adtally: 'adtally' });
      const bid = bids.find((one) => one.seatBidId === id);
      expect(bid?.adserverTargeting).toMatchObject(ext.prebid?.targeting ?? {});
    }
    // Of what is shown already there is nothing left to target.
    expect(targeting['video']).toMatchObject({ hb_bidder: 'adtally', hb_pb: '2.20' });
  });

  test('reports an impression by the bid’s burl and by the ad’s own markup, and the final ledger has it once', {
    timeout: slowMs,
  }, async () => {
    const shown: { readonly id: string; readonly campaign: string }[] = [];
    for (const way of ways) {
      const { answers = [], bids = [], called = [] } = visits.get(way) ?? {};
      const offered = answers.flatMap(({ seatbid }) => seatbid.flatMap(({ bid }) => bid));
      const mediaType = (id: string) => bids.find(({ seatBidId }) => seatBidId === id)?.mediaType;
      for (const { id, burl, cid } of offered.filter((one) => mediaType(one.id) !== 'video')) {
        expect([way, called.filter((path) => burl.endsWith(path)).length]).toEqual([way, 1]);
        shown.push({ id, campaign: cid });
      }
    }
    expect(shown).toHaveLength(4);
    const uncertified = async () => {
      const stories = await Promise.all(shown.map(({ id }) => storyOf(platform, id)));
      return stories.filter(({ amounts }) => (amounts['certified_micros'] ?? '0') === '0').map(({ state }) => state);
    };
    await expect.poll(uncertified, { timeout: 60_000, interval: 500 }).toEqual([]);
    let charged = 0n;
    for (const { id } of shown) {
      const { amounts, events } = await storyOf(platform, id);
      const price = events.find(({ name }) => name === 'AdSelected')?.value?.billing?.price_micros;
      expect(amounts['certified_micros']).toBe(price);
      const rendered = events.filter(({ name }) => name === 'ImpressionRendered');
      // Both were written down, and are one event.
      expect(rendered).toHaveLength(2);
      expect(new Set(rendered.map(({ value }) => value?.beacon?.event_id)).size).toBe(1);
      charged += BigInt(price ?? 0);
    }
    const offered = [...visits.values()].flatMap(({ answers }) => answers.flatMap(({ seatbid }) => seatbid));
    const campaigns = offered.flatMap(({ bid }) => bid.map(({ cid }) => cid));
    // The videos were not played, so their campaign owes nothing.
    await expect.poll(() => owedBy(platform, campaigns), soon).toBe(charged);
    expect(charged).toBe(2n * (2_000n + 2_111n));
    expect(complaints).toEqual([]);
  });

  /** Of all the states of the US, as the IAB's encoder writes them: no opt-out; opted out of sale. */
  const [kept, optedOut] = ['DBABLA~CAAgAAAAAACA.QA', 'DBABLA~CAAQAAAAAACA.QA'];

  test.each([
    ['server', kept, 'gpp_ok'],
    ['client', optedOut, 'gpp_opt_out'],
  ] as const)('passes on what a consent platform says by GPP: %s', { timeout: slowMs }, async (way, gpp, reason) => {
    const { answers } = await visit(way, `&gpp=${gpp}&sid=7`);
    const [id = ''] = answers.flatMap(({ seatbid }) => seatbid.flatMap(({ bid }) => bid.map((one) => one.id)));
    const reasonOf = async () => {
      const { events } = await storyOf(platform, id);
      return events.find(({ name }) => name === 'AdSelected')?.value?.context?.consent_reason;
    };
    await expect.poll(reasonOf, soon).toBe(reason);
    expect(complaints).toEqual([]);
  });
});
