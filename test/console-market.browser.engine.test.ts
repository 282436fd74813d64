import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { type Platform, startPlatform } from '../apps/platform.ts';
import { profiles } from '../simulate/bidders/profiles.ts';
import { SimulatedBidder } from '../simulate/bidders/simulated-bidder.ts';
import { publishCatalog } from '../simulate/publish-catalog.ts';
import { simulatedCatalog } from '../simulate/simulated-catalog.ts';
import { expectAccessible } from './axe-faults.ts';
import { parseCsv } from './csv-reader.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const executablePath = '/usr/bin/chromium';
const isHere = existsSync(executablePath);
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const robot = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const keys = {
  admin: 'market-test-admin-key-0123456789',
  analyst: 'market-test-analyst-key-01234567',
  auditor: 'market-test-auditor-key-01234567',
} as const;
const pageChecks = fileURLToPath(new URL('browser/page-checks.js', import.meta.url));
const slowMs = 240_000;
/** Much else may run on the machine; several reports are read for one view. */
const patientMs = 90_000;
const ads = 40;
const robots = 5;
const visitors = 3;
/** The device of everybody here: reserved for documentation. */
const address = '203.0.113.9';
const network = '203.0.113.0/24';

interface Decision {
  readonly selection_id: string;
  readonly beacons: Readonly<Record<string, string>>;
}

type Rows = readonly Readonly<Record<string, string | number | null>>[];

describe.skipIf(!isHere)(`Market and traffic quality in a real browser (skipped without ${executablePath})`, () => {
  const folder = makeTemporaryFolder();
  let platform: Platform;
  let browser: Browser;
  let outside: SimulatedBidder;
  let bidderId = '';
  /** Ads that decisions gave so far. */
  let given = 0;
  const complaints: string[] = [];

  beforeAll(async () => {
    const { PATH = '', HOME = '' } = process.env;
    outside = new SimulatedBidder({ name: 'fast', of: 'fast', random: createSeededRandom('1'), host: '127.0.0.1' });
    await outside.start();
    await outside.change({ ...profiles.fast, bidShare: 1, price: 30 });
    platform = await startPlatform({
      env: {
        PATH,
        HOME,
        DATA_DIR: folder.path,
        SERVE_PORT: '0',
        CONSOLE_PORT: '0',
        HOLD_MS: '6s',
        BIDDER_ADDRESSES_ALLOWED: '127.0.0.1/32',
        ADTALLY_KEYS: Object.entries(keys)
          .map(([role, key]) => `${role}=${key}`)
          .join(','),
      },
      onLine: () => {},
      onRestart: () => {},
    });
    const demand = [{ name: 'fast', endpoint: `${outside.url}/bid` }];
    const catalog = await publishCatalog(platform.client, simulatedCatalog('market', Date.now(), demand));
    const placement = catalog.placements[0]?.placementId ?? '';
    const bidders = await platform.client.get<{ items: { bidder_id: string }[] }>('/v1/bidders');
    bidderId = bidders.items[0]?.bidder_id ?? '';
    await visitPages(placement);
    const patience = { timeout: slowMs, interval: 500 };
    // A person's key is made with their first ad, and the ads of a moment later have it.
    const persons = async () => {
      for (let visitor = 0; visitor < visitors; visitor += 1) await decide(placement, `visitor-${visitor}`);
      return (await ofLastHour('sources', '&by=person')).length === visitors;
    };
    await vi.waitUntil(persons, patience);
    await vi.waitUntil(async () => (await sumOf('bidders', 'won')) > 0, patience);
    // From here on nothing is asked any more: figures that are read one after the other are of the same ads.
    const counted = async () =>
      (await ofLastHour('sources', '&by=network')).find(({ source }) => source === network)?.['selections'];
    await vi.waitUntil(async () => (await counted()) === given, patience);
    await vi.waitUntil(async () => (await sumOf('traffic_quality', 'verdicts')) === robots, patience);
    await takeBack();
    await vi.waitUntil(async () => (await sumOf('traffic_quality', 'reversed_micros')) > 0, patience);
    browser = await chromium.launch({ executablePath, args: flags });
  }, 2 * slowMs);

  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
    await outside?.stop();
    folder.remove();
  }, slowMs);

  async function decide(placement_id: string, id: string): Promise<readonly Decision[]> {
    const answer = await fetch(`${platform.serveUrl}/v1/decisions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': userAgent },
      body: JSON.stringify({
        slots: [{ id: 's', placement_id, key_values: { topic: 'news' } }],
        user: { id },
        device: { ua: userAgent, ip: address, type: 'desktop' },
        consent: { gdpr: false },
        context: { url: 'https://www.gazette.example/news/1' },
      }),
    });
    const { decisions } = (await answer.json()) as { decisions: Decision[] };
    given += decisions.length;
    return decisions;
  }

  /** Ads that are seen, the first few of them by a robot that says so. */
  async function visitPages(placement: string): Promise<void> {
    const until = Date.now() + slowMs;
    for (let shown = 0; shown < ads && Date.now() < until; ) {
      const [decision] = await decide(placement, `visitor-${shown % visitors}`);
      if (decision === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      const agent = shown < robots ? robot : userAgent;
      await fetch(decision.beacons['impression'] ?? '', { headers: { 'user-agent': agent } });
      shown += 1;
    }
  }

  const ofLastHour = async (name: string, more = '') =>
    (await platform.client.get<{ rows: Rows }>(`/v1/reports/${name}?from=-1h${more}`)).rows;
  const sumOf = async (name: string, column: string) =>
    (await ofLastHour(name)).reduce((sum, row) => sum + Number(row[column] ?? 0), 0);

  /** Takes a charge back that was certified, as finance does. */
  async function takeBack(): Promise<void> {
    const certified = async () =>
      (
        await platform.client.get<{ items: { selection_id: string }[] }>(
          '/v1/ledger/entries?truth=final&kind=certify&limit=1',
        )
      ).items[0]?.selection_id ?? '';
    const selection_id = await vi.waitUntil(certified, { timeout: slowMs, interval: 250 });
    await platform.client.post('/v1/quality/verdicts', { selection_id, reason: 'A test page.' }, 'market');
  }

  async function openView(
    path: string,
    role: keyof typeof keys = 'admin',
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<Page> {
    const context = await browser.newContext({ userAgent, colorScheme, viewport: { width: 1280, height: 900 } });
    await context.addInitScript({ path: pageChecks });
    const page = await context.newPage();
    page.setDefaultTimeout(patientMs);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) complaints.push(message.text());
    });
    await page.goto(`${platform.consoleUrl}${path}`);
    await page.getByLabel('Key').fill(keys[role]);
    await page.getByRole('button', { name: 'Open the console' }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    return page;
  }

  const number = (text: string) => Number(text.replaceAll(',', ''));

  test('an analyst follows the funnel to one bidder, and the address carries what is shown', {
    timeout: slowMs,
  }, async () => {
    const page = await openView('/market?window=1h', 'analyst');
    const [eligible, won] = [await sumOf('bidders', 'eligible'), await sumOf('bidders', 'won')];
    expect(number(await page.locator('[data-step=eligible]').innerText())).toBe(eligible);
    expect(number(await page.locator('[data-step=won]').innerText())).toBe(won);
    await page.getByRole('table', { name: 'Bidder by bidder' }).getByRole('link', { name: 'fast' }).click();
    await page.getByRole('heading', { level: 1, name: 'fast' }).waitFor();
    await page.getByRole('heading', { name: 'Where a time-out cuts' }).waitFor();
    expect(number(await page.locator('[data-step=won]').innerText())).toBe(won);
    await page.getByLabel('Show').selectOption('latency');
    const address = () => {
      const { pathname, searchParams } = new URL(page.url());
      return [pathname, searchParams.get('measure'), searchParams.get('window')];
    };
    await expect.poll(address, { timeout: patientMs }).toEqual([`/market/${bidderId}`, 'latency', '1h']);
    await page.getByRole('link', { name: '← All bidders' }).click();
    await page.getByRole('heading', { level: 1, name: 'Market' }).waitFor();
    await page.context().close();
  });

  test('a table is saved with every column, amounts to the micro', { timeout: slowMs }, async () => {
    const page = await openView('/market?window=1h', 'analyst');
    const download = page.waitForEvent('download');
    await page.locator('section[aria-labelledby=demand]').getByRole('button', { name: /CSV/ }).click();
    const [columns = [], ...rows] = parseCsv(readFileSync(await (await download).path(), 'utf8'));
    const revenue = rows.reduce((sum, row) => sum + Number(row[columns.indexOf('revenue_micros')]), 0);
    expect(revenue).toBe(await sumOf('demand', 'revenue_micros'));
    await page.context().close();
  });

  test('money taken back leads to its entries, and an ad to its story', { timeout: slowMs }, async () => {
    const page = await openView('/traffic?window=1h');
    const { items } = await platform.client.get<{ items: { amount_micros: string }[] }>(
      '/v1/ledger/entries?truth=final&kind=reverse&account=advertiser:unbilled&limit=50',
    );
    const credited = items.reduce((sum, { amount_micros }) => sum + BigInt(amount_micros), 0n);
    const figure = page.locator('[data-end=reversed_micros]');
    const shown = (await figure.locator('data').getAttribute('value')) ?? '';
    expect(BigInt(Math.round(Number(shown) * 1_000_000))).toBe(credited);
    expect(credited).toBeGreaterThan(0n);
    await figure.getByRole('link').click();
    await page.getByRole('table', { name: /entries|entry/ }).waitFor();
    await expect.poll(() => new URL(page.url()).searchParams.get('kind'), { timeout: patientMs }).toBe('reverse');
    await page.context().close();
  });

  test('the pattern of one network stands against everybody else', { timeout: slowMs }, async () => {
    const page = await openView('/traffic?window=1h');
    await page.getByRole('combobox', { name: 'By', exact: true }).selectOption('network');
    await page.getByRole('link', { name: network }).click();
    await page.getByRole('heading', { level: 1, name: 'Pattern of one network' }).waitFor();
    const rates = page.getByRole('table', { name: 'This one and everybody else' });
    const asked = (await ofLastHour('sources', '&by=network')).find(({ source }) => source === network);
    const row = rates.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Ads', exact: true }) });
    expect(number(await row.getByRole('cell').first().innerText())).toBe(asked?.['selections']);
    await page.getByRole('link', { name: /…/ }).first().click();
    await page.getByRole('heading', { name: 'What happened' }).waitFor();
    await page.context().close();
  });

  test('a person is looked at by a random key, and the raw id is found nowhere', { timeout: slowMs }, async () => {
    const page = await openView('/traffic?window=1h&by=person', 'analyst');
    const persons = page.getByRole('table', { name: /with most verdicts/ });
    await persons.waitFor();
    expect(await persons.getByRole('link').count()).toBe(visitors);
    await persons.getByRole('link').first().click();
    await page.getByRole('table', { name: /The newest/ }).waitFor();
    expect(await page.locator('main').innerText()).not.toMatch(/visitor-\d|203\.0\.113\.9/);
    // Stories are not for analysts: their ids are shown, and lead nowhere.
    expect(await page.getByRole('link', { name: /…/ }).count()).toBe(0);
    await page.getByRole('link', { name: '← All sources' }).click();
    await page.getByLabel('One person').fill('nobody');
    await page.getByRole('button', { name: 'Look at it' }).click();
    await page.getByText('Nothing came from there in this window').waitFor();
    await page.context().close();
  });

  test('neither view opens for an auditor', { timeout: slowMs }, async () => {
    const page = await openView('/traffic?by=person', 'auditor');
    await page.getByText('This key does not open this view').waitFor();
    await page.context().close();
  });

  test('a window without traffic says so, and a report that fails can be asked again', {
    timeout: slowMs,
  }, async () => {
    const page = await openView('/market?window=1h', 'analyst');
    const empty = { name: 'bidders', title: '', columns: [], rows: [], elapsed_ms: 1 };
    await page.route('**/v1/reports/bidders?*', (route) => route.fulfill({ json: empty }));
    await page.route('**/v1/reports/lost_to_time?*', (route) =>
      route.fulfill({ status: 503, json: { code: 'WAREHOUSE_QUERY', detail: 'the query took too long' } }),
    );
    await page.getByLabel('Window').selectOption('24h');
    await page.getByText('No bidder was eligible for an ad in this window').waitFor();
    await page.getByText('the query took too long').waitFor();
    await page.unroute('**/v1/reports/lost_to_time?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('the query took too long').waitFor({ state: 'detached' });
    await page.context().close();
  });

  describe.each(['light', 'dark'] as const)('In %s colours', (scheme) => {
    test.each([
      ['market', () => '/market?window=1h'],
      ['one bidder', () => `/market/${bidderId}?window=1h`],
      ['traffic quality', () => '/traffic?window=1h&by=agent'],
      ['a pattern', () => `/traffic?window=1h&by=network&source=${encodeURIComponent(network)}`],
    ])('%s is accessible by the rules of axe, and no wider than a phone', { timeout: slowMs }, async (_name, path) => {
      const page = await openView(path(), 'admin', scheme);
      await expect.poll(() => page.locator('.waiting').count(), { timeout: patientMs }).toBe(0);
      await expectAccessible(page, patientMs);
      expect(await page.evaluate('pageChecks.paleTexts()')).toEqual([]);
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await page.evaluate('pageChecks.isTooWide()')).toBe(false);
      await page.context().close();
    });
  });

  test('no page broke its own policy or threw', () => {
    expect(complaints).toEqual([]);
  });
});
