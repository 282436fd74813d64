import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Platform, startPlatform } from '../apps/platform.ts';
import { publishDemo } from '../apps/publish-demo.ts';
import {
  browserIsHere,
  browserPath,
  type CountedFormat,
  launchBrowser,
  owedBy,
  publishCountedAds,
  storyOf,
  userAgent,
} from './counted-ads.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const slowMs = 240_000;
/** For what a page does by itself. */
const soon = { timeout: 40_000 };
const steps = fileURLToPath(new URL('browser/sdk-steps.js', import.meta.url));
const videoKinds = ['start', 'first_quartile', 'midpoint', 'third_quartile', 'complete'];

interface Ad {
  readonly slot_id: string;
  readonly selection_id: string;
  readonly placement_id: string;
  readonly campaign_id: string;
  readonly format: CountedFormat;
  readonly beacons: Readonly<Record<string, string>>;
}
interface Sent {
  readonly event: string;
  readonly token: string;
  readonly sequence: number;
}

describe.skipIf(!browserIsHere)(`The SDK's example page in a real browser (skipped without ${browserPath})`, () => {
  const folder = makeTemporaryFolder();
  let platform: Platform;
  let browser: Browser;
  /** `?banner=pl_…&native=…&video=…` */
  let query = '';
  const complaints: string[] = [];
  /** All that the browser was given, and all that it said had happened, over all tests. */
  const ads: Ad[] = [];
  const adsOf = new WeakMap<Page, Ad[]>();
  /** Answers whose bodies are on their way from the browser to this test. */
  const reading = new WeakMap<Page, Promise<void>[]>();
  const sent: Sent[] = [];
  /** Selections of which every kind was waited for. */
  const whole: string[] = [];

  beforeAll(async () => {
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, DATA_DIR: folder.path, SERVE_PORT: '0', CONSOLE_PORT: '0', HOLD_MS: '6s' };
    platform = await startPlatform({
      env,
      onLine: () => {},
      onRestart: (name, reason) => complaints.push(`${name}: ${reason}`),
    });
    await publishDemo(platform);
    const { placements } = await publishCountedAds(platform);
    query = `?${new URLSearchParams(placements).toString()}`;
    browser = await launchBrowser();
  }, slowMs);

  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
    folder.remove();
  }, slowMs);

  async function newContext(): Promise<BrowserContext> {
    const context = await browser.newContext({ userAgent, viewport: { width: 1000, height: 600 } });
    await context.addInitScript({ path: steps });
    return context;
  }

  /** Opens a page and notes what goes over its wire. */
  async function openPage(context: BrowserContext, path = `/sdk/example/${query}`): Promise<Page> {
    const page = await context.newPage();
    const given: Ad[] = [];
    adsOf.set(page, given);
    const bodies: Promise<void>[] = [];
    reading.set(page, bodies);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (/content security policy|uncaught/i.test(message.text())) complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().endsWith('/v1/beacons')) return;
      const { beacons } = JSON.parse(request.postData() ?? '{"beacons":[]}') as { beacons: Sent[] };
      sent.push(...beacons);
    });
    page.on('response', (response) => {
      if (!response.url().endsWith('/v1/decisions')) return;
      const body = response
        .json()
        .then(({ decisions }: { decisions: Ad[] }) => {
          ads.push(...decisions);
          given.push(...decisions);
        })
        .catch((error: unknown) => void complaints.push(String(error)));
      bodies.push(body);
    });
    await page.goto(`${platform.serveUrl}${path}`);
    return page;
  }

  const stored = (page: Page) =>
    page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('adtally:')).length);
  const shownIn = async (page: Page, count: number) => {
    await expect.poll(() => page.locator('#log li').count(), soon).toBe(count);
    const lines = await page.locator('#log li').allInnerTexts();
    expect(lines.filter((line) => line.includes('no ad'))).toEqual([]);
    const ids = lines.map((line) => line.split(': ')[1] ?? '');
    await known(page, ids);
    return ids;
  };
  /** What the page was given is known to it before it is known here. */
  const known = async (page: Page, ids: readonly string[]) => {
    const unknown = () => ids.filter((id) => !adsOf.get(page)?.some(({ selection_id: one }) => one === id));
    await expect.poll(unknown, soon).toEqual([]);
  };
  /**
   * Closes a page, once it has said that it shows what its log names and all of that was acknowledged: what it sends while it is closed is taken and
   * charged, but nobody is told of it.
   */
  const close = async (page: Page) => {
    const lines = await page.locator('#log li').allInnerTexts();
    const shown = lines.map((line) => line.split(': ')[1] ?? '').filter((id) => /^[0-9a-f]{8}-/.test(id));
    await known(page, shown);
    await expect.poll(() => shown.filter((id) => !kindsSent(id).includes('impression')), soon).toEqual([]);
    await expect.poll(() => stored(page), soon).toBe(0);
    for (const body of reading.get(page) ?? []) await body;
    await page.close();
  };
  const kindsSent = (selectionId: string) => {
    const ad = ads.find((one) => one.selection_id === selectionId);
    const token = ad?.beacons['impression']?.split('/').at(-1);
    return [...new Set(sent.filter((one) => one.token === token).map(({ event }) => event))].sort();
  };

  test('shows banner, native and video of the demo’s catalogue, without a complaint of its policy', {
    timeout: slowMs,
  }, async () => {
    const context = await newContext();
    await expect
      .poll(
        async () => {
          const page = await openPage(context, '/sdk/example/');
          await page.locator('#video').scrollIntoViewIfNeeded();
          await expect.poll(() => page.locator('#log li').count(), soon).toBe(3);
          const isFull = !(await page.locator('#log').innerText()).includes('no ad');
          await page.locator('#video').scrollIntoViewIfNeeded();
          if (!isFull) await close(page);
          return isFull;
        },
        { timeout: 60_000, interval: 500 },
      )
      .toBe(true);
    const page = context.pages().at(-1) as Page;
    const frame = page.locator('#banner iframe');
    expect(await frame.getAttribute('sandbox')).not.toMatch(/allow-same-origin|allow-top-navigation/);
    expect(await frame.contentFrame().locator('a').getAttribute('href')).toMatch(/\/v1\/click\//);
    expect(await page.locator('#native a strong').innerText()).toMatch(/Green Tea House|Blue Bicycles/);
    await page.locator('#video').scrollIntoViewIfNeeded();
    await expect
      .poll(() => page.locator('#video video').evaluate((one) => (one as HTMLVideoElement).currentTime), soon)
      .toBeGreaterThan(0);
    await close(page);
    await context.close();
  });

  test('reports every kind of each format, and the video to its end', { timeout: slowMs }, async () => {
    const context = await newContext();
    const page = await openPage(context);
    const [bannerId = '', nativeId = ''] = await shownIn(page, 2);
    await expect.poll(() => kindsSent(bannerId), soon).toEqual(['impression', 'viewable']);
    await page.locator('#native').scrollIntoViewIfNeeded();
    await expect.poll(() => kindsSent(nativeId), soon).toEqual(['impression', 'viewable']);
    await page.locator('#video').scrollIntoViewIfNeeded();
    const [, , videoId = ''] = await shownIn(page, 3);
    await page.locator('#video').scrollIntoViewIfNeeded();
    await page.locator('video').evaluate((one) => ((one as HTMLVideoElement).muted = false));
    await expect
      .poll(() => kindsSent(videoId), soon)
      .toEqual(['impression', 'unmute', 'viewable', ...videoKinds].sort());
    await expect.poll(() => stored(page), soon).toBe(0);
    whole.push(bannerId, nativeId, videoId);
    await close(page);
    await context.close();
  });

  test('loses nothing when the person goes to another page before a beacon is taken', { timeout: slowMs }, async () => {
    const context = await newContext();
    await context.route('**/v1/beacons', (route) => route.abort());
    const page = await openPage(context);
    await shownIn(page, 2);
    await page.locator('#video').scrollIntoViewIfNeeded();
    await shownIn(page, 3);
    // Impressions of all three, and the video has begun.
    await expect.poll(() => stored(page), soon).toBeGreaterThanOrEqual(4);
    await page.goto('about:blank');
    await context.unroute('**/v1/beacons');
    const next = await openPage(context);
    await shownIn(next, 2);
    await expect.poll(() => stored(next), soon).toBe(0);
    await close(next);
    await context.close();
  });

  test('loses nothing that happens without a network', {
    timeout: slowMs,
  }, async () => {
    const context = await newContext();
    const page = await openPage(context);
    await shownIn(page, 2);
    await page.locator('#video').scrollIntoViewIfNeeded();
    await shownIn(page, 3);
    await expect
      .poll(() => page.locator('video').evaluate((one) => (one as HTMLVideoElement).buffered.length), soon)
      .toBe(1);
    await context.setOffline(true);
    // However much of the video was played by now: what the person does while nothing can be sent.
    await page.evaluate('turnSoundOnAndOff(3)');
    await expect.poll(() => stored(page), soon).toBeGreaterThanOrEqual(3);
    await context.setOffline(false);
    await expect.poll(() => stored(page), soon).toBe(0);
    await close(page);
    await context.close();
  });

  test('loaded twice on a page shows and counts each ad once', { timeout: slowMs }, async () => {
    const context = await newContext();
    const page = await openPage(context);
    await shownIn(page, 2);
    const before = ads.length;
    const isSame = await page.evaluate('loadTwice()');
    expect(isSame).toBe(true);
    await page.waitForTimeout(1_500);
    expect(ads.length).toBe(before);
    // And what was acknowledged is sent once more, as a queue does that lost the answer.
    const beacons = sent.slice(-2);
    const response = await page.evaluate(
      async (body) => (await fetch('/v1/beacons', { method: 'POST', body })).status,
      JSON.stringify({ beacons }),
    );
    expect(response).toBe(202);
    // However long all this took, too little time has passed for the page.
    await page.evaluate(() => (performance.now = () => 0));
    expect(
      await page
        .locator('#refresh')
        .click()
        .then(() => shownTooSoon(page)),
    ).toBe(true);
    await close(page);
    await context.close();
  });

  const shownTooSoon = async (page: Page) => {
    await expect.poll(() => page.locator('#log').innerText(), soon).toContain('too soon');
    return true;
  };

  test('a page of an application that is left takes its ads with it and reports what there was', {
    timeout: slowMs,
  }, async () => {
    const context = await newContext();
    const page = await openPage(context);
    await shownIn(page, 2);
    const left = await page.evaluate('leaveView()');
    expect(left).toEqual([1, 0, false]);
    await expect.poll(() => stored(page), soon).toBe(0);
    await close(page);
    await context.close();
  });

  test('in the end the ledgers count what the browser counted: each impression once', { timeout: slowMs }, async () => {
    const impressions = new Set(sent.filter(({ event }) => event === 'impression').map(({ token }) => token));
    const counted = ads.filter(({ beacons }) => impressions.has(beacons['impression']?.split('/').at(-1) ?? ''));
    // The demo's catalogue bills other things as well; ours bills impressions, and may win in the demo's placements too.
    const campaigns = new Set(ads.filter(({ placement_id: id }) => query.includes(id)).map((ad) => ad.campaign_id));
    const own = counted.filter(({ campaign_id: id }) => campaigns.has(id));
    expect(own.length).toBeGreaterThanOrEqual(12);
    const uncertified = async () => {
      const stories = await Promise.all(own.map(({ selection_id: id }) => storyOf(platform, id)));
      const open = stories.filter(({ amounts }) => (amounts['certified_micros'] ?? '0') === '0');
      return open.map(({ state, events }) => [state, ...events.map(({ name }) => name)].join(' '));
    };
    await expect.poll(uncertified, { timeout: 60_000, interval: 500 }).toEqual([]);
    let charged = 0n;
    for (const { selection_id: id } of own) {
      const { amounts, events } = await storyOf(platform, id);
      const price = events.find(({ name }) => name === 'AdSelected')?.value?.billing?.price_micros;
      expect([id, amounts['certified_micros']]).toEqual([id, price]);
      const rendered = events
        .filter(({ name }) => name === 'ImpressionRendered')
        .map(({ value }) => value?.beacon?.event_id);
      expect(new Set(rendered).size).toBe(1);
      charged += BigInt(price ?? 0);
    }
    for (const id of whole) {
      const { events } = await storyOf(platform, id);
      const recorded = new Set(events.flatMap(({ value }) => value?.beacon?.kind ?? []));
      expect([id, ...[...recorded].toSorted()]).toEqual([id, ...kindsSent(id)]);
    }
    // No selection that the browser did not show is charged: the accounts of the campaigns hold no more than these.
    const owed = () => owedBy(platform, campaigns);
    // Balances are those of a cut, which comes a moment after the entries.
    await expect.poll(owed, soon).toBe(charged);
    expect(complaints).toEqual([]);
  });
});
