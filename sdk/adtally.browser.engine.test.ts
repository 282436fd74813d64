import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page, type Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bundleSdk } from '../scripts/build-sdk.ts';
import { issuedCreative } from '../test/issued-creative.ts';

const executablePath = '/usr/bin/chromium';
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--autoplay-policy=no-user-gesture-required',
];
const soon = { timeout: 30_000 };
const ads = 'http://ads.test';
const spot = readFileSync(fileURLToPath(new URL('example/spot.webm', import.meta.url)));

interface Beacon {
  readonly event: string;
  readonly token: string;
  readonly sequence: number;
}
interface Request {
  readonly slots: readonly { readonly id: string; readonly placement_id: string }[];
  readonly [field: string]: unknown;
}

const pixel = (event: string, token = 't1') => `${ads}/v1/b/${event}/${token}`;
const trackers = [
  'start',
  'firstQuartile',
  'midpoint',
  'thirdQuartile',
  'complete',
  'mute',
  'unmute',
  'pause',
  'resume',
  'skip',
];
const names: Readonly<Record<string, string>> = { firstQuartile: 'first_quartile', thirdQuartile: 'third_quartile' };
const common = `<AdSystem>a</AdSystem><Error><![CDATA[${pixel('error')}?code=[ERRORCODE]]]></Error><Impression>${pixel('impression')}</Impression>`;
const tracking = `<TrackingEvents>${trackers.map((name) => `<Tracking event="${name}">${pixel(names[name] ?? name)}</Tracking>`).join('')}</TrackingEvents>`;
const vast = (body: string) =>
  `<?xml version="1.0"?><VAST version="4.2" xmlns="http://www.iab.com/VAST">${body}</VAST>`;
const inline = ({ url = `${ads}/spot.webm`, type = 'video/webm', skip = '' } = {}) =>
  vast(
    `<Ad><InLine>${common}<Creatives><Creative><Linear${skip}>${tracking}<Duration>00:00:04</Duration><MediaFiles><MediaFile delivery="progressive" type="${type}" width="320" height="180">${url}</MediaFile></MediaFiles></Linear></Creative></Creatives></InLine></Ad>`,
  );
const wrapper = (uri: string, follow = true) =>
  vast(`<Ad><Wrapper followAdditionalWrappers="${follow}">${common}<VASTAdTagURI>${uri}</VASTAdTagURI></Wrapper></Ad>`);

describe.skipIf(!existsSync(executablePath))(`The SDK in a page (skipped without ${executablePath})`, () => {
  let browser: Browser;
  let script = '';
  let context: BrowserContext;
  let asked: Request[] = [];
  let sent: Beacon[] = [];
  /** What the server answers for each slot, and to beacons. */
  let decision: Record<string, unknown> | null = null;
  let beaconStatus = 202;

  beforeAll(async () => {
    script = await bundleSdk();
    browser = await chromium.launch({ executablePath, args: flags });
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    await context.close();
    [asked, sent, decision, beaconStatus] = [[], [], null, 202];
  });

  const cors = { 'access-control-allow-origin': '*' };
  const takeBeacons = (route: Route) => {
    const { beacons } = JSON.parse(route.request().postData() ?? '') as { beacons: Beacon[] };
    // What `sendBeacon` sends, a page never hears of.
    const status = route.request().resourceType() === 'ping' ? 202 : beaconStatus;
    if (status === 202) sent.push(...beacons);
    return route.fulfill({ status, headers: cors, json: {} });
  };
  const decideFor = (route: Route) => {
    const body = JSON.parse(route.request().postData() ?? '') as Request;
    asked.push(body);
    const common = {
      beacons: { impression: pixel('impression'), viewable: pixel('viewable') },
      click_url: `${ads}/v1/click/c`,
    };
    const decisions = body.slots.map(({ id }) => ({ slot_id: id, width: 300, height: 250, ...common, ...decision }));
    const none = body.slots.map(({ id }) => ({ slot_id: id, reason: 'no_budget' }));
    return route.fulfill({ headers: cors, json: decision === null ? { no_ad: none } : { decisions } });
  };

  /** A page of another origin than the server's. `before` runs before its scripts. */
  async function openPage(before = ''): Promise<Page> {
    context = await browser.newContext({ viewport: { width: 800, height: 600 } });
    await context.addInitScript(before);
    await context.route('http://page.test/**', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: '<!doctype html><html lang="en"><title>Page</title><div id="a"></div>',
      }),
    );
    await context.route(`${ads}/sdk.js`, (route) =>
      route.fulfill({ contentType: 'text/javascript', headers: cors, body: script }),
    );
    await context.route(`${ads}/spot.webm`, (route) =>
      route.fulfill({ contentType: 'video/webm', headers: cors, body: spot }),
    );
    await context.route(`${ads}/v1/beacons`, takeBeacons);
    await context.route(`${ads}/v1/decisions`, decideFor);
    const page = await context.newPage();
    await page.goto('http://page.test/path?secret=1');
    return page;
  }

  /** Runs a statement of a page with `ads`, the SDK with some options. */
  const run = <T>(page: Page, statement: string, options: object = {}) =>
    page.evaluate<T>(
      `(async () => { const { createAdtally } = await import('${ads}/sdk.js'); const ads = window.ads = createAdtally(${JSON.stringify({ url: ads, ...options })}); return ${statement} })()`,
    );
  const show = (page: Page, more = '') =>
    run(page, `(window.slot = ads.slot({ element: '#a', placement: 'pl_1', ${more} }), ads.load())`);
  const events = () => sent.map(({ event }) => event);

  test('tells the page and the person’s consent, not the query of the page, and says why a slot stays empty', async () => {
    const page = await openPage();
    const reason = await run(
      page,
      `new Promise((done) => { ads.slot({ element: '#a', placement: 'pl_1', sizes: ['300x250'], onEmpty: done }); ads.load() })`,
      {
        user: { id: 'u1' },
        test: true,
      },
    );
    expect(reason).toBe('no_budget');
    expect(asked).toMatchObject([
      {
        slots: [{ placement_id: 'pl_1', sizes: ['300x250'] }],
        context: { url: 'http://page.test/path' },
        consent: {},
        user: { id: 'u1' },
        test: true,
      },
    ]);
  });

  const consented = (purposes: object) =>
    `window.__tcfapi = (command, version, callback) => command === 'addEventListener' && setTimeout(() => callback({ eventStatus: 'tcloaded', gdprApplies: true, tcString: 'TC', listenerId: 1, purpose: { consents: ${JSON.stringify(purposes)} } }, true), 50)`;

  test('waits for the consent platform and sends no id, nor keeps anything, where that was not consented to', async () => {
    decision = {
      format: 'native',
      markup: '{"assets":[{"id":1,"title":{"text":"T"}}],"link":{"url":"https://a.example"},"eventtrackers":[]}',
    };
    const page = await openPage(consented({ 3: true, 4: true }));
    beaconStatus = 503;
    decision = {
      ...decision,
      markup: JSON.stringify({
        assets: [],
        link: { url: 'https://a.example' },
        eventtrackers: [{ event: 1, method: 1, url: pixel('impression') }],
      }),
    };
    await run(page, `(ads.slot({ element: '#a', placement: 'pl_1' }), ads.load())`, { user: { id: 'u1' } });
    expect(asked[0]).toMatchObject({ consent: { gdpr: true, tcf: 'TC' } });
    expect(asked[0]).not.toHaveProperty('user');
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    beaconStatus = 202;
    await expect.poll(() => [...new Set(events())], soon).toEqual(['impression']);
  });

  test('sends the id where it was consented to, and takes any GPP string and silence for no', async () => {
    const page = await openPage(consented({ 1: true, 3: true, 4: true }));
    await run(page, `(ads.slot({ element: '#a', placement: 'pl_1' }), ads.load())`, { user: { id: 'u1' } });
    expect(asked[0]).toMatchObject({ user: { id: 'u1' } });
    await context.close();
    const other = await openPage(
      `window.__gpp = (command, callback) => callback({ signalStatus: 'ready', gppString: 'GPP', applicableSections: [7] }, true); window.__tcfapi = () => {}`,
    );
    await run(other, `(ads.slot({ element: '#a', placement: 'pl_1' }), ads.load())`, {
      user: { id: 'u1' },
      consentMs: 100,
    });
    expect(asked[1]).toMatchObject({ consent: { gpp: 'GPP', gpp_sid: [7], gdpr: true } });
    expect(asked[1]).not.toHaveProperty('user');
  });

  test('asks again for an ad that it could not get once there is a network', async () => {
    const page = await openPage();
    decision = { format: 'banner', markup: 'x' };
    await context.setOffline(true);
    await context.unroute(`${ads}/v1/decisions`);
    await context.route(`${ads}/v1/decisions`, (route) => route.abort());
    await context.setOffline(false);
    await show(page);
    expect(await page.locator('#a iframe').count()).toBe(0);
    await context.unroute(`${ads}/v1/decisions`);
    await context.route(`${ads}/v1/decisions`, decideFor);
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await expect.poll(() => page.locator('#a iframe').count(), soon).toBe(1);
    await expect.poll(events, soon).toEqual(['impression', 'viewable']);
  });

  test('goes on sending until it is acknowledged, and sends everything as the page goes', async () => {
    const page = await openPage();
    decision = { format: 'banner', markup: 'x' };
    beaconStatus = 503;
    await show(page);
    await expect.poll(() => page.evaluate(() => localStorage.length), soon).toBe(2);
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await expect.poll(() => new Set(events()), soon).toEqual(new Set(['impression', 'viewable']));
    expect(await page.evaluate(() => localStorage.length)).toBe(2);
    // Nobody acknowledges what is sent as a page goes: it is kept, and sent by the next page.
    [sent, beaconStatus] = [[], 202];
    await page.goto('http://page.test/next');
    await run(page, 'ads.load()');
    // The page before may have sent the same once more as it went.
    await expect.poll(() => new Set(events()), soon).toEqual(new Set(['impression', 'viewable']));
    await expect.poll(() => page.evaluate(() => localStorage.length), soon).toBe(0);
  });

  test('an ad that is out of sight or in a hidden page is not viewable, and a lazy slot that is far asks for none', async () => {
    const page = await openPage();
    decision = { format: 'banner', markup: 'x' };
    await page.evaluate(() => (document.body.style.paddingTop = '3000px'));
    await show(page, 'lazy: true');
    expect(asked).toEqual([]);
    await page.evaluate(() => (document.body.style.paddingTop = '700px'));
    await expect.poll(events, soon).toEqual(['impression']);
    await page.waitForTimeout(1_500);
    expect(events()).toEqual(['impression']);
    await page.evaluate(() => (document.body.style.paddingTop = '0'));
    await expect.poll(events, soon).toEqual(['impression', 'viewable']);
  });

  test('shows another ad after a while, never sooner than the least interval', async () => {
    const page = await openPage(
      `const send = fetch; window.askedAt = []; window.fetch = (to, init) => { if (String(to).endsWith('/v1/decisions')) askedAt.push(performance.now()); return send(to, init); }`,
    );
    decision = { format: 'banner', markup: 'x' };
    await run(page, `(window.slot = ads.slot({ element: '#a', placement: 'pl_1', refreshMs: 100 }), ads.load())`, {
      minRefreshMs: 1,
    });
    // However long it took until here, no time has passed for the page.
    const refreshNow = `(() => { const now = performance.now; performance.now = () => 0; const asked = slot.refresh(); performance.now = now; return asked })()`;
    expect(await page.evaluate(refreshNow)).toBe(false);
    await expect.poll(() => asked.length, soon).toBeGreaterThanOrEqual(2);
    const [first = 0, second = 0] = await page.evaluate<number[]>('askedAt');
    expect(second - first).toBeGreaterThan(4_000);
  });

  test('shows what an ad says as text, and follows no link but of the web', async () => {
    const hostile = {
      assets: [{ id: 1, title: { text: '<img src=x onerror=alert(1)>' } }],
      link: { url: 'javascript:alert(1)' },
    };
    decision = { format: 'native', markup: JSON.stringify(hostile) };
    const page = await openPage();
    await show(page);
    expect(await page.locator('#a strong').innerText()).toBe('<img src=x onerror=alert(1)>');
    expect(await page.locator('#a a').getAttribute('href')).toBe(null);
    expect(await page.locator('#a img').count()).toBe(0);
  });

  test('cages a banner: it runs, and has no way to the page, its storage, another base or plain http', async () => {
    const attempt = (name: string, deed: string) => `try { ${deed}; did.push('${name}') } catch {}`;
    const markup = `<base href="https://elsewhere.test/"><p id="out"></p><script>
      const did = ['ran'];
      ${attempt('parent', 'parent.document.title')}
      ${attempt('top', "top.location.href = 'about:blank'")}
      ${attempt('storage', 'localStorage.length')}
      ${attempt('cookie', "document.cookie = 'a=1'")}
      if (document.baseURI.includes('elsewhere')) did.push('base');
      fetch('http://plain.test/').then(() => did.push('fetched'), () => {}).then(() => { out.textContent = did.join() });
    </script>`;
    decision = { format: 'banner', markup: issuedCreative({ markup }).decision.markup };
    const page = await openPage();
    await context.route('http://plain.test/', (route) => route.fulfill({ headers: cors, body: '' }));
    await show(page);
    const said = () => page.locator('#a iframe').contentFrame().locator('#out').textContent();
    await expect.poll(said, soon).toBe('ran');
    expect(page.url()).toBe('http://page.test/path?secret=1');
  });

  /** Slowly, and paused by the page itself: a test may be too late for so short a video. */
  const pausesAfterQuarter = `
    document.addEventListener('playing', ({ target }) => (target.playbackRate = 0.5), true);
    const stop = ({ target }) => {
      if (target.currentTime < 1.1) return;
      document.removeEventListener('timeupdate', stop, true);
      target.pause();
    };
    document.addEventListener('timeupdate', stop, true);`;

  test('plays what wrappers lead to, with the trackers of all, and offers to skip', async () => {
    const page = await openPage(pausesAfterQuarter);
    await context.route('http://other.test/**', (route) =>
      route.fulfill({ headers: cors, body: inline({ skip: ' skipoffset="00:00:01"' }) }),
    );
    decision = { format: 'video', markup: wrapper('http://other.test/vast').replaceAll('/t1', '/outer') };
    await show(page);
    await expect.poll(events, soon).toContain('first_quartile');
    expect(
      sent
        .filter(({ event }) => event === 'impression')
        .map(({ token }) => token)
        .sort(),
    ).toEqual(['outer', 't1']);
    const video = page.locator('video');
    await expect.poll(() => video.evaluate((one) => (one as HTMLVideoElement).paused), soon).toBe(true);
    await video.evaluate(async (one) => {
      await (one as HTMLVideoElement).play();
      (one as HTMLVideoElement).pause();
    });
    await expect
      .poll(() => sent.filter(({ event }) => event === 'pause').map(({ sequence }) => sequence), soon)
      .toEqual([0, 1]);
    expect(events()).toContain('resume');
    await page.locator('#a button').click();
    await expect.poll(events, soon).toContain('skip');
    expect(await page.locator('#a').innerHTML()).toBe('');
    expect(events()).not.toContain('complete');
  });

  test.each([
    ['100, no XML', '<VAST', 100],
    ['303, no ad', vast(''), 303],
    ['302, wrappers without end', wrapper('http://other.test/loop'), 302],
    ['302, a wrapper behind one that allows none', wrapper('http://other.test/loop', false), 302],
    ['301, a wrapper that leads nowhere', wrapper('http://other.test/gone'), 301],
    ['403, nothing that it can play', inline({ type: 'video/x-unknown' }), 403],
    ['405, a file that is none', inline({ url: 'http://other.test/loop' }), 405],
  ])('says what is wrong with a video by its number: %s', async (_name, markup, code) => {
    const page = await openPage();
    await context.route('http://other.test/gone', (route) => route.abort());
    await context.route('http://other.test/loop', (route) =>
      route.fulfill({ headers: cors, body: wrapper('http://other.test/loop') }),
    );
    decision = { format: 'video', markup };
    await show(page);
    const isTold = code !== 100 && code !== 303; // Without a document there is nobody to tell.
    if (isTold) await expect.poll(() => sent.find(({ event }) => event === 'error')?.sequence, soon).toBe(code);
    await expect.poll(() => page.locator('#a').innerHTML(), soon).toBe('');
    expect(events()).not.toContain('impression');
  });
});
