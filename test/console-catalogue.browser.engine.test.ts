import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Platform, startPlatform } from '../apps/platform.ts';
import { expectAccessible } from './axe-faults.ts';
import { parseCsv } from './csv-reader.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const executablePath = '/usr/bin/chromium';
const isHere = existsSync(executablePath);
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const keys = { admin: 'catalogue-test-admin-key-012345', auditor: 'catalogue-test-auditor-key-012345' } as const;
const pageChecks = fileURLToPath(new URL('browser/page-checks.js', import.meta.url));
const slowMs = 240_000;
/** For what a loaded machine does late. */
const patience = { timeout: 90_000 };
const ads = 12;

type Row = Readonly<Record<string, unknown>>;

interface Decision {
  readonly beacons: Readonly<Record<string, string>>;
}

interface Pacing {
  readonly at: string;
  readonly actual_micros: string;
  readonly spend: Readonly<Record<string, string>>;
  readonly windows: readonly { readonly to: string; readonly actual_micros: string }[];
  readonly leases: readonly Readonly<Record<string, string>>[];
}

describe.skipIf(!isHere)(`The catalogue and pacing in a real browser (skipped without ${executablePath})`, () => {
  const folder = makeTemporaryFolder();
  const ids = { advertiser: '', campaign: '', lineItem: '', placement: '' };
  let platform: Platform;
  let browser: Browser;
  /** What pages complained of: script errors, and what their policy refused. */
  const complaints: string[] = [];

  beforeAll(async () => {
    const { PATH = '', HOME = '' } = process.env;
    platform = await startPlatform({
      env: {
        PATH,
        HOME,
        DATA_DIR: join(folder.path, 'data'),
        SERVE_PORT: '0',
        CONSOLE_PORT: '0',
        HOLD_MS: '6s',
        ADTALLY_KEYS: Object.entries(keys)
          .map(([role, key]) => `${role}=${key}`)
          .join(','),
      },
      onLine: () => {},
      onRestart: () => {},
    });
    await publishAds();
    browser = await chromium.launch({ executablePath, args: flags });
  }, slowMs);

  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
    folder.remove();
  }, slowMs);

  async function create(path: string, idField: string, body: object): Promise<string> {
    return String((await platform.client.post<Row>(path, body as never))[idField]);
  }

  async function publishAds(): Promise<void> {
    const now = Date.now();
    const at = (ms: number) => new Date(now + ms).toISOString();
    ids.advertiser = await create('/v1/advertisers', 'advertiser_id', {
      name: 'Blue Bicycles',
      currency: 'EUR',
      time_zone: 'Europe/Berlin',
      domains: ['bicycles.example'],
    });
    ids.campaign = await create('/v1/campaigns', 'campaign_id', {
      advertiser_id: ids.advertiser,
      name: 'In flight',
      budget_total_micros: '500000000',
      flight: { starts_at: at(-3_600_000), ends_at: at(3_600_000) },
      pacing: 'even',
    });
    ids.lineItem = await create('/v1/line-items', 'line_item_id', {
      campaign_id: ids.campaign,
      name: 'Everywhere',
      pricing_model: 'CPM',
      bid_micros: '9567890',
    });
    await create('/v1/creatives', 'creative_id', {
      line_item_id: ids.lineItem,
      name: 'Banner',
      format: 'banner',
      width: 300,
      height: 250,
      markup: '<a href="{click_url}">Bicycles</a>',
      landing_url: 'https://bicycles.example/',
    });
    const publisher = await create('/v1/publishers', 'publisher_id', {
      name: 'Daily',
      shares: [{ effective_from: '2026-01-01T00:00:00Z', share_ppm: 700_000 }],
    });
    ids.placement = await create('/v1/placements', 'placement_id', {
      publisher_id: publisher,
      name: 'Top',
      formats: ['banner'],
      sizes: ['300x250'],
      floor_currency: 'EUR',
    });
  }

  /** Opens a view with the key of a role, as a link to it that somebody has sent. */
  async function openView(path: string, role: keyof typeof keys = 'admin', watched = true): Promise<Page> {
    const context = await browser.newContext({ userAgent, viewport: { width: 1280, height: 900 } });
    await context.addInitScript({ path: pageChecks });
    const page = await context.newPage();
    page.setDefaultTimeout(patience.timeout);
    if (watched) {
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        if (/content security policy/i.test(message.text())) complaints.push(message.text());
      });
    }
    await page.goto(`${platform.consoleUrl}${path}`);
    await page.getByLabel('Key').fill(keys[role]);
    await page.getByRole('button', { name: 'Open the console' }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    return page;
  }

  const get = <T = Row>(path: string) => platform.client.get<T>(path);
  const list = async (path: string) => (await get<{ items: readonly Row[] }>(path)).items;
  const named = async (path: string, name: string) => (await list(path)).find((row) => row['name'] === name) ?? {};

  async function newCampaign(name: string): Promise<string> {
    return create('/v1/campaigns', 'campaign_id', {
      advertiser_id: ids.advertiser,
      name,
      budget_total_micros: '100000000',
      flight: { starts_at: '2035-01-01T00:00:00Z', ends_at: '2035-02-01T00:00:00Z' },
    });
  }

  describe('The catalogue', () => {
    test('takes a new campaign field by field: amounts in units, times in the zone of the advertiser', {
      timeout: slowMs,
    }, async () => {
      const page = await openView('/catalogue?kind=campaigns');
      await page.getByRole('button', { name: 'New campaign' }).click();
      const form = page.getByRole('dialog');
      await form.getByLabel('Advertiser').selectOption(ids.advertiser);
      await form.getByLabel('Name').fill('Winter rides');
      await form.getByLabel('Budget total (EUR)').fill('12.5');
      await form.getByText('12,500,000 micros').waitFor();
      await form.getByLabel('Budget daily (EUR)').fill('20');
      await form.getByLabel('Starts at (Europe/Berlin)').fill('2035-07-01T00:00');
      await form.getByText('2035-06-30 22:00:00 UTC').waitFor();
      await form.getByLabel('Ends at (Europe/Berlin)').fill('2035-08-01T00:00');
      await form.getByRole('button', { name: 'Create the campaign' }).click();
      const fault = form.locator('.field', { hasText: 'Budget daily' }).locator('.fault');
      expect(await fault.innerText()).toBe('budget_daily_micros must not be more than budget_total_micros');
      await form.getByText('VALIDATION_FAILED').waitFor();
      await expect
        .poll(() => page.evaluate('document.activeElement.getAttribute("aria-invalid")'), patience)
        .toBe('true');
      await form.getByLabel('Budget daily (EUR)').fill('2.000001');
      await form.getByRole('button', { name: 'Create the campaign' }).click();
      await page.getByRole('heading', { name: 'Winter rides' }).waitFor();
      expect(await named('/v1/campaigns', 'Winter rides')).toMatchObject({
        budget_total_micros: '12500000',
        budget_daily_micros: '2000001',
        flight: { starts_at: '2035-06-30T22:00:00.000Z', ends_at: '2035-07-31T22:00:00.000Z' },
        revision: 1,
      });
      await page.context().close();
    });

    test('has a form for bidders and for deadline policies, by the schemas of the API', {
      timeout: slowMs,
    }, async () => {
      const page = await openView('/catalogue?kind=bidders');
      await page.getByRole('button', { name: 'New bidder' }).click();
      const form = page.getByRole('dialog');
      await form.getByLabel('Line item').selectOption(ids.lineItem);
      await form.getByLabel('Name').fill('Outside');
      await form.getByLabel('Endpoint').fill('ftp://nowhere');
      await form.getByRole('button', { name: 'Create the bidder' }).click();
      await form.locator('.field', { hasText: 'Endpoint' }).locator('.fault').waitFor();
      await form.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('link', { name: 'Deadline policies' }).click();
      await page.getByRole('button', { name: 'New deadline policy' }).click();
      await form.getByLabel('Name').first().fill('Patient');
      await form.getByLabel('Tier').selectOption('remnant');
      for (const [index, input] of (
        await form.locator('fieldset', { hasText: 'Shares' }).first().locator('input').all()
      ).entries())
        await input.fill(index === 0 ? '99' : '90');
      await form.getByRole('button', { name: 'Create the deadline policy' }).click();
      await form.locator('.fault').first().waitFor();
      expect(await list('/v1/deadline-policies')).toEqual([]);
      await page.context().close();
    });

    test('reads a targeting out, and says where an expression can’t be read', { timeout: slowMs }, async () => {
      const page = await openView(`/catalogue/${ids.lineItem}`);
      await page.getByRole('button', { name: 'Edit' }).click();
      const form = page.getByRole('dialog');
      await form.getByLabel('Expression').fill('country in (DE, AT) and not device =');
      await form.getByText(/can’t be read: line 1, column 37/).waitFor();
      await form.getByLabel('Expression').fill('country in (DE, AT) and not device = tv');
      await form.getByText('country is AT or DE and device is not tv').waitFor();
      await form.getByLabel('Expression').fill('placement = pl_NOBODY');
      await form.getByRole('button', { name: 'Save as revision 2' }).click();
      await form.locator('.fault', { hasText: 'pl_NOBODY, which does not exist' }).waitFor();
      await form.getByRole('button', { name: 'Cancel' }).click();
      expect(await get(`/v1/line-items/${ids.lineItem}`)).toMatchObject({ revision: 1 });
      await page.context().close();
    });

    test('shows both versions where somebody else was first, and puts mine on top only when told to', {
      timeout: slowMs,
    }, async () => {
      const id = await newCampaign('Contested');
      const page = await openView(`/catalogue/${id}`);
      await page.getByRole('button', { name: 'Edit' }).click();
      const form = page.getByRole('dialog');
      await form.getByLabel('Budget total (EUR)').fill('300');
      const other = await fetch(`${platform.consoleUrl}/v1/campaigns/${id}`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json', 'if-match': '"1"' },
        body: JSON.stringify({ name: 'Contested by another' }),
      });
      expect(other.status).toBe(200);
      await form.getByRole('button', { name: 'Save as revision 2' }).click();
      await form.getByText('REVISION_CONFLICT').waitFor();
      expect(await form.getByRole('row', { name: /^name/ }).innerText()).toMatch(
        /Contested\s+Contested by another\s+Contested/,
      );
      expect(await form.getByRole('row', { name: /budget total/ }).innerText()).toMatch(
        /100000000\s+100000000\s+300000000/,
      );
      expect(await get(`/v1/campaigns/${id}`)).toMatchObject({ revision: 2, budget_total_micros: '100000000' });
      await form.getByRole('button', { name: 'Put mine on top of theirs' }).click();
      expect(await form.getByLabel('Name').inputValue()).toBe('Contested by another');
      await form.getByRole('button', { name: 'Save as revision 3' }).click();
      await page.getByRole('heading', { name: 'Contested by another' }).waitFor();
      await page.getByText('revision 3').waitFor();
      expect(await get(`/v1/campaigns/${id}`)).toMatchObject({
        revision: 3,
        name: 'Contested by another',
        budget_total_micros: '300000000',
      });
      await page.context().close();
    });

    test('asks before it pauses, resumes and archives, and its history says who did', { timeout: slowMs }, async () => {
      const id = await newCampaign('Short-lived');
      const page = await openView(`/catalogue/${id}`);
      const state = async () => {
        const { status, archived, revision } = await get(`/v1/campaigns/${id}`);
        return [status, archived, revision];
      };
      await page.getByRole('button', { name: 'Pause …' }).click();
      await page.getByRole('button', { name: 'Cancel' }).click();
      expect(await state()).toEqual(['active', false, 1]);
      await page.getByRole('button', { name: 'Pause …' }).click();
      await page.getByRole('button', { name: 'Pause it' }).click();
      await page.getByRole('button', { name: 'Resume …' }).click();
      expect(await state()).toEqual(['paused', false, 2]);
      await page.getByRole('button', { name: 'Resume it' }).click();
      await page.getByRole('button', { name: 'Pause …' }).waitFor();
      await page.getByRole('button', { name: 'Archive …' }).click();
      await page.getByRole('button', { name: 'Archive it' }).click();
      await page.locator('.badge', { hasText: 'archived' }).waitFor();
      expect(await state()).toEqual(['active', true, 4]);
      expect(await page.getByRole('button', { name: 'Edit' }).count()).toBe(0);
      const history = page.getByRole('table', { name: '4 revisions' }).getByRole('row');
      await expect.poll(() => history.count(), patience).toBe(5);
      const said = await history.allInnerTexts();
      expect(said[1]).toMatch(/4\s.*admin#[0-9a-f]{8}\s+archived false → true/s);
      expect(said[3]).toMatch(/2\s.*status active → paused/s);
      expect(said[4]).toContain('created');
      await page.context().close();
    });

    test('exports a list, and takes the same file again without a change', { timeout: slowMs }, async () => {
      const page = await openView('/catalogue?kind=campaigns&archived=any');
      const before = await list('/v1/campaigns?archived=any');
      const file = async (button: string) => {
        const download = page.waitForEvent('download');
        await page.getByRole('button', { name: button }).click();
        return (await download).path();
      };
      const lines = readFileSync(await file('Export as JSON lines'), 'utf8');
      expect(
        lines
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Row),
      ).toEqual(before);
      const csv = readFileSync(await file('CSV'), 'utf8');
      const [columns = [], ...rows] = parseCsv(csv);
      expect(rows.map((row) => row[columns.indexOf('campaign_id')])).toEqual(before.map((row) => row['campaign_id']));
      for (const [name, text] of [
        ['campaigns.jsonl', lines],
        ['campaigns.csv', csv],
      ] as const) {
        const path = join(folder.path, name);
        writeFileSync(path, text);
        await page.getByLabel('File of campaigns').setInputFiles(path);
        await page.locator('#import-outcome').waitFor();
        expect(await page.locator('#import-outcome').innerText()).toContain(
          `0 new campaigns, 0 changed, ${before.length} the same, 0 refused`,
        );
        expect(await page.getByRole('button', { name: /^Take / }).count()).toBe(0);
        await page.getByRole('button', { name: 'Cancel' }).click();
      }
      expect(await list('/v1/campaigns?archived=any')).toEqual(before);
      await page.context().close();
    });

    test('says what would become of each row of a file, and does it once it is told to', {
      timeout: slowMs,
    }, async () => {
      const campaign = await named('/v1/campaigns', 'Winter rides');
      const { campaign_id: id, ...fresh } = campaign;
      const made = Object.fromEntries(
        Object.entries(fresh).filter(
          ([name]) => !['revision', 'archived', 'changed_by', 'changed_at', 'currency'].includes(name),
        ),
      );
      const rows = [
        { ...campaign, name: 'Winter rides, renamed' },
        { ...made, name: 'From a file' },
        { ...made, name: 'Without money', budget_total_micros: '0' },
      ];
      const path = join(folder.path, 'changes.jsonl');
      writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      const page = await openView('/catalogue?kind=campaigns');
      const outcome = page.locator('#import-outcome');
      await page.getByLabel('File of campaigns').setInputFiles(path);
      await expect
        .poll(() => outcome.innerText(), patience)
        .toContain('1 new campaign, 1 changed, 0 the same, 1 refused');
      const refused = page.getByRole('dialog').getByRole('row', { name: /refused/ });
      expect(await refused.innerText()).toContain('VALIDATION_FAILED');
      expect(await refused.innerText()).toContain('budget_total_micros must be more than 0');
      expect(await named('/v1/campaigns', 'From a file')).toEqual({});
      await page.getByRole('button', { name: 'Take 2 rows' }).click();
      await page.getByRole('heading', { name: 'Imported changes.jsonl' }).waitFor();
      await page.getByRole('button', { name: 'Close' }).click();
      await page.getByRole('link', { name: 'From a file' }).waitFor();
      expect(await get(`/v1/campaigns/${String(id)}`)).toMatchObject({ name: 'Winter rides, renamed', revision: 2 });
      await page.getByLabel('File of campaigns').setInputFiles(path);
      await expect
        .poll(() => outcome.innerText(), patience)
        .toContain('0 new campaigns, 0 changed, 2 the same, 1 refused');
      await page.context().close();
    });

    test('finds by name, by owner and by state, and the link says so', { timeout: slowMs }, async () => {
      const page = await openView('/catalogue?kind=campaigns');
      await page.getByLabel('Name or id').fill('RENAMED');
      await page.getByRole('table', { name: '1 campaign' }).waitFor();
      await expect.poll(() => new URL(page.url()).searchParams.get('search'), patience).toBe('RENAMED');
      await page.getByLabel('Status').selectOption('paused');
      await page.getByText('No campaign here').waitFor();
      await page.context().close();
    });

    test('lets a key that may only read, read', { timeout: slowMs }, async () => {
      const page = await openView(`/catalogue/${ids.campaign}`, 'auditor');
      await page.getByRole('table', { name: /revision/ }).waitFor();
      expect(await page.getByRole('button', { name: /Edit|Pause|Archive/ }).count()).toBe(0);
      await page.getByRole('link', { name: 'Campaigns' }).click();
      await page.getByRole('table', { name: /campaigns/ }).waitFor();
      expect(await page.getByRole('button', { name: /New|Import/ }).count()).toBe(0);
      await page.context().close();
    });

    test('is used by keyboard alone: a dialog takes the focus, Escape leaves everything as it was', {
      timeout: slowMs,
    }, async () => {
      const page = await openView(`/catalogue/${ids.campaign}`);
      await page.getByRole('button', { name: 'Edit' }).focus();
      await page.keyboard.press('Enter');
      const form = page.getByRole('dialog');
      await form.waitFor();
      expect(await page.evaluate('document.activeElement.closest("dialog") !== null')).toBe(true);
      await page.keyboard.type('x');
      await page.keyboard.press('Escape');
      await form.waitFor({ state: 'detached' });
      expect(await get(`/v1/campaigns/${ids.campaign}`)).toMatchObject({ name: 'In flight', revision: 1 });
      await page.context().close();
    });
  });

  describe('The preview of a creative', () => {
    const creative = (name: string, more: object) =>
      create('/v1/creatives', 'creative_id', {
        line_item_id: ids.lineItem,
        name,
        landing_url: 'https://bicycles.example/',
        status: 'paused',
        ...more,
      });

    test('keeps a hostile one in a frame of its own, whether its scripts run or not', { timeout: slowMs }, async () => {
      const console = platform.consoleUrl;
      const markup = `<base href="${console}/"><meta http-equiv="refresh" content="1;url=${console}/overview">
        <p id="said">Harmless</p><img src="${console}/v1/session" onerror="document.title = 'taken'">
        <form action="${console}/v1/campaigns" method="post" target="_top"><button>Send</button></form>
        <script>
          const said = [];
          const attempt = (name, act) => { try { act(); said.push(name); } catch { /* refused */ } };
          attempt('top', () => { top.document.title = 'taken'; });
          attempt('parent', () => { parent.document.title = 'taken'; });
          attempt('storage', () => sessionStorage.getItem('adtally-key'));
          attempt('cookie', () => { document.cookie = 'a=b'; });
          attempt('leave', () => { top.location = 'https://evil.invalid/'; });
          parent.postMessage({ markup: '<h1>taken</h1>', width: 1, height: 1, runsScripts: true }, '*');
          top.postMessage({ markup: '<h1>taken</h1>', width: 1, height: 1, runsScripts: true }, '*');
          fetch('${console}/v1/session').then(() => said.push('fetch'), () => {});
          open('${console}/overview');
          setTimeout(() => { document.getElementById('said').textContent = 'Ran in ' + self.origin + ': ' + said.join(); document.forms[0].submit(); }, 500);
        </script></iframe></body></html>`;
      const id = await creative('Hostile', { format: 'banner', width: 300, height: 250, markup });
      const page = await openView('/catalogue?kind=creatives', 'admin', false);
      /** What frames were answered; what their policy refuses is never sent. */
      const answered: string[] = [];
      page.on('response', (response) => {
        const request = response.request();
        const isOfPage = !request.isNavigationRequest() && request.frame() === page.mainFrame();
        if (!isOfPage) answered.push(new URL(response.url()).pathname);
      });
      const opened: string[] = [];
      page.context().on('page', (other) => opened.push(other.url()));
      await page.getByRole('link', { name: 'Hostile' }).click();
      const inner = page.frameLocator('.preview iframe').frameLocator('iframe');
      await inner.getByText('Harmless').waitFor();
      const address = page.url();
      await page.waitForTimeout(1_500);
      expect(await inner.locator('#said').innerText()).toBe('Harmless');
      await page.getByRole('button', { name: 'Let them run in the frame' }).click();
      await inner.getByText(/^Ran in/).waitFor();
      expect(await inner.locator('#said').innerText()).toBe('Ran in null:');
      await page.waitForTimeout(1_500);
      expect(page.url()).toBe(address);
      expect(await page.title()).toBe('Catalogue · Adtally');
      expect(await page.evaluate('sessionStorage.getItem("adtally-key")')).toBe(keys.admin);
      expect(opened).toEqual([]);
      expect(new Set(answered)).toEqual(new Set(['/preview', '/assets/preview.ts']));
      expect(await page.frameLocator('.preview iframe').locator('h1').count()).toBe(0);
      expect((await get(`/v1/creatives/${id}`))['revision']).toBe(1);
      await page.context().close();
    });

    test('is a card for a native ad, and a summary with a player for a video', { timeout: slowMs }, async () => {
      const assets = [{ title: { text: 'Blue <b>Bicycles</b>' } }, { data: { type: 12, value: 'Find out more' } }];
      const native = await creative('Card', { format: 'native', markup: JSON.stringify({ assets }) });
      const media = [{ url: '{asset_url}/spot.webm', type: 'video/webm', width: 640, height: 360, bitrate_kbps: 800 }];
      const video = await creative('Spot', {
        format: 'video',
        width: 640,
        height: 360,
        duration_ms: 15_000,
        markup: JSON.stringify({ media, skip_after_ms: 5_000 }),
        trackers: [{ event: 'complete', url: 'https://track.example/c' }],
      });
      const page = await openView(`/catalogue/${native}`);
      const inner = page.frameLocator('.preview iframe').frameLocator('iframe');
      await inner.getByText('Blue <b>Bicycles</b>').waitFor();
      await page.goto(`${platform.consoleUrl}/catalogue/${video}`);
      await inner.locator('video[controls][preload=none]').waitFor();
      expect(await page.getByRole('table', { name: '1 media file' }).innerText()).toMatch(
        /video\/webm\s+640 × 360\s+800\s+progressive/,
      );
      await page.getByText('after 5.0 s').waitFor();
      await page.getByRole('table', { name: '1 tracker' }).waitFor();
      await page.context().close();
    });
  });

  describe('Pacing', () => {
    async function visit(): Promise<void> {
      const answer = await fetch(`${platform.serveUrl}/v1/decisions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': userAgent },
        body: JSON.stringify({ slots: [{ id: 'a', placement_id: ids.placement }] }),
      });
      const { decisions } = (await answer.json()) as { decisions: readonly Decision[] };
      for (const { beacons } of decisions)
        await fetch(beacons['impression'] ?? '', { headers: { 'user-agent': userAgent } });
    }

    const pacingOf = () => get<Pacing>(`/v1/pacing/campaigns/${ids.campaign}`);

    /** What the entries of the ledger say of the campaign: debits less credits, by account. */
    async function ledger(): Promise<ReadonlyMap<string, bigint>> {
      const sums = new Map<string, bigint>();
      const add = (account: unknown, amount: bigint) =>
        sums.set(String(account), (sums.get(String(account)) ?? 0n) + amount);
      for (const entry of await list(`/v1/ledger/entries?truth=tentative&campaign_id=${ids.campaign}&limit=500`)) {
        add(entry['debit_account'], BigInt(String(entry['amount_micros'])));
        add(entry['credit_account'], -BigInt(String(entry['amount_micros'])));
      }
      return sums;
    }

    test('of a campaign in flight equals the ledger to the micro, and its windows and leases add up', {
      timeout: 2 * slowMs,
    }, async () => {
      await vi.waitUntil(
        async () => {
          await visit();
          return Number((await pacingOf()).spend['drawn_micros']) >= ads * 9_567;
        },
        { timeout: slowMs, interval: 200 },
      );
      const compared = async () => {
        const [{ spend }, sums] = [await pacingOf(), await ledger()];
        const of = (account: string) => String(sums.get(account) ?? 0n);
        return {
          pacing: [
            spend['open_micros'],
            spend['pending_micros'],
            spend['certified_micros'],
            `-${spend['drawn_micros'] ?? ''}`,
          ],
          ledger: [
            of('campaign:reserved'),
            of('campaign:incurred'),
            of('advertiser:unbilled'),
            of('campaign:authority'),
          ],
          isSettled: Number(spend['certified_micros']) > 0 && spend['pending_micros'] === '0',
        };
      };
      // Both fold the same log, each in its own time; nothing is chosen any more.
      await vi.waitUntil(
        async () => {
          const { pacing, ledger: entries, isSettled } = await compared();
          return isSettled && pacing.join() === entries.join();
        },
        { timeout: slowMs, interval: 500 },
      );
      const { spend, leases, windows, actual_micros: actual } = await pacingOf();
      expect(BigInt(actual)).toBe(BigInt(spend['pending_micros'] ?? 0) + BigInt(spend['certified_micros'] ?? 0));
      expect(windows.reduce((sum, window) => sum + BigInt(window.actual_micros), 0n)).toBe(BigInt(actual));
      for (const lease of leases) {
        const part = (name: string) => BigInt(lease[`${name}_micros`] ?? 0);
        expect(part('granted')).toBe(part('returned') + part('drawn') + part('outstanding'));
      }
      expect(leases.reduce((sum, lease) => sum + BigInt(lease['drawn_micros'] ?? 0), 0n)).toBe(
        BigInt(spend['drawn_micros'] ?? 0),
      );
    });

    test('shows what the ledger says, the windows, the leases and an outlook', { timeout: 2 * slowMs }, async () => {
      await vi.waitUntil(
        async () => {
          const { windows, at } = await pacingOf();
          return windows.some(({ to }) => to <= at);
        },
        { timeout: slowMs, interval: 1_000 },
      );
      const page = await openView(`/pacing?campaign=${ids.campaign}`);
      const spent = String((await ledger()).get('advertiser:unbilled'));
      const shown = page.locator('.figures > div', { hasText: 'Where it is' }).locator('data');
      await expect
        .poll(async () => Math.round(Number(await shown.getAttribute('value')) * 1_000_000), patience)
        .toBe(Number(spent));
      expect(await page.locator('#outlook').innerText()).toMatch(
        /will have spent .* of its budget, €.*, when its flight ends at/,
      );
      await page.getByText('The windows as a table').click();
      await page.getByRole('table', { name: 'Windows, newest first' }).waitFor();
      await page.getByRole('table', { name: 'Leases by node, boot and budget day' }).waitFor();
      const row = page.getByRole('table', { name: /campaigns/ }).getByRole('row', { name: 'In flight' });
      expect(await row.innerText()).toContain('in flight');
      const others = page.getByRole('row', { name: /Winter rides, renamed/ });
      expect(await others.innerText()).toContain('not begun');
      await others.getByRole('link').click();
      await page.getByText(/Its flight begins at 2035-06-30 22:00:00 UTC/).waitFor();
      await page.context().close();
    });
  });

  describe.each(['light', 'dark'] as const)('In %s colours', (scheme) => {
    test.each([
      ['a list', '/catalogue?kind=line-items', null],
      ['an entity', '', null],
      ['a form', '', 'Edit'],
      ['pacing', '/pacing', null],
    ])(
      '%s is accessible by the rules of axe, and no wider than a phone',
      { timeout: slowMs },
      async (_name, path, button) => {
        const page = await openView(path === '' ? `/catalogue/${ids.lineItem}` : path);
        await page.emulateMedia({ colorScheme: scheme });
        await page
          .locator('main .sheet')
          .nth(path === '/catalogue?kind=line-items' ? 0 : 1)
          .waitFor();
        await expect.poll(() => page.locator('.waiting').count(), patience).toBe(0);
        if (button !== null) await page.getByRole('button', { name: button }).click();
        await expectAccessible(page, patience.timeout);
        await page.setViewportSize({ width: 390, height: 844 });
        expect(await page.evaluate('pageChecks.isTooWide()')).toBe(false);
        await page.context().close();
      },
    );
  });

  test('no page broke its own policy or threw', () => {
    expect(complaints).toEqual([]);
  });
});
