import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Platform, startPlatform } from '../apps/platform.ts';
import { publishDemo } from '../apps/publish-demo.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const executablePath = '/usr/bin/chromium';
const isHere = existsSync(executablePath);
const isRequired = process.env['ENGINES_REQUIRED'] === '1';
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** A headless Chromium says that it is one, and robots get no ad. */
const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const key = 'browser-test-admin-key-0123456789';
const slowMs = 120_000;
const pageChecks = fileURLToPath(new URL('browser/page-checks.js', import.meta.url));

test.runIf(isRequired)('Chromium is installed where engines are required', () => {
  expect(isHere, `${executablePath} is missing`).toBe(true);
});

describe.skipIf(!isHere)(`The console in a real browser (skipped without ${executablePath})`, () => {
  const folder = makeTemporaryFolder();
  let platform: Platform;
  let browser: Browser;
  const lines: string[] = [];
  /** What pages complained of: script errors, and what their policy refused. */
  const complaints: string[] = [];

  beforeAll(async () => {
    const { PATH = '', HOME = '' } = process.env;
    const env = {
      PATH,
      HOME,
      DATA_DIR: folder.path,
      SERVE_PORT: '0',
      CONSOLE_PORT: '0',
      HOLD_MS: '6s',
      ADTALLY_KEYS: `admin=${key}`,
    };
    const onLine = (name: string, line: string) => lines.push(`${name}: ${line}`);
    platform = await startPlatform({
      env,
      onLine,
      onRestart: (name, reason) => lines.push(`${name} ended: ${reason}`),
    });
    await publishDemo(platform);
    browser = await chromium.launch({ executablePath, args: flags });
  }, slowMs);

  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
    folder.remove();
  }, slowMs);

  async function openPage(path: string, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
    const context = await browser.newContext({ userAgent, colorScheme, viewport: { width: 1280, height: 900 } });
    await context.addInitScript({ path: pageChecks });
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) complaints.push(message.text());
    });
    await page.goto(`${platform.consoleUrl}${path}`);
    return page;
  }

  async function openConsole(colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
    const page = await openPage('/', colorScheme);
    await page.getByLabel('Key').fill(key);
    await page.getByRole('button', { name: 'Open the console' }).click();
    await page.getByRole('heading', { name: 'Truth funnel' }).waitFor();
    return page;
  }

  describe('The playground', () => {
    let page: Page;
    beforeAll(async () => {
      page = await openPage('/demo');
    }, slowMs);

    test('shows an ad in a frame without scripts, and its story up to the charge, without a key', {
      timeout: slowMs,
    }, async () => {
      const frame = page.locator('#slot iframe');
      await frame.waitFor();
      expect(await frame.getAttribute('sandbox')).not.toMatch(/allow-scripts|allow-same-origin/);
      await expect.poll(() => frame.contentFrame().locator('a').innerText()).toContain('Find out more');
      for (const step of ['selected', 'returned', 'impression', 'viewable', 'billable', 'final']) {
        await page.locator(`[data-step=${step}].reached`).waitFor({ timeout: 30_000 });
      }
      expect(await page.locator('#story').innerText()).toContain('campaign:authority');
    });

    test.each(['repeat', 'forge', 'late', 'fraud-before', 'fraud-after', 'kill'])(
      'the cheat %s moves what it says and nothing else',
      { timeout: slowMs },
      async (cheat) => {
        const card = page.locator(`[data-cheat=${cheat}]`);
        await card.getByRole('button').click();
        await expect
          .poll(() => card.getAttribute('data-outcome'), { timeout: slowMs, interval: 200 })
          .not.toBe('running');
        const outcome = await card.getAttribute('data-outcome');
        const said = outcome === 'holds' ? '' : await card.innerText();
        expect({ outcome, said }).toEqual({ outcome: 'holds', said: '' });
      },
    );

    test('serve was killed by it, and by nothing else', () => {
      expect(lines.filter((line) => line.includes(' ended: '))).toEqual(['serve ended: SIGKILL']);
    });

    test('answers neither another site nor a name that leads to this machine', async () => {
      const path = `${platform.consoleUrl}/demo/api/setup`;
      expect((await fetch(path)).status).toBe(200);
      expect((await fetch(path, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
      expect((await fetch(path, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status).toBe(403);
      const killed = await fetch(`${platform.consoleUrl}/demo/api/kill`, { method: 'POST', body: '{}' });
      expect(killed.status, 'a form of another site can only send what is no JSON').toBe(415);
    });
  });

  describe('The console', () => {
    test('refuses a key that is not known, and forgets it', { timeout: slowMs }, async () => {
      const page = await openPage('/');
      await page.getByLabel('Key').fill('not-a-key-of-anybody');
      await page.getByRole('button', { name: 'Open the console' }).click();
      await page.getByText('This key is not known here.').waitFor();
      expect(await page.evaluate('sessionStorage.length')).toBe(0);
      await page.context().close();
    });

    test('shows the funnel and the spend of what the playground did', { timeout: slowMs }, async () => {
      const page = await openConsole();
      const cell = (stage: string) => page.locator(`[data-stage=${stage}] td`).nth(1).innerText();
      await expect.poll(async () => Number(await cell('selected')), { timeout: 30_000 }).toBeGreaterThan(3);
      await expect.poll(async () => Number(await cell('reversed')), { timeout: 30_000 }).toBe(1);
      expect(await page.locator('[data-state=voided] b').innerText()).toBe('0.004567 EUR');
      await page.context().close();
    });

    test('tells the whole story of a selection', { timeout: slowMs }, async () => {
      const page = await openConsole();
      await page.locator('#recent button').first().click();
      const story = page.locator('#story');
      for (const title of ['What happened', 'In the ledgers', 'Why it was chosen']) {
        await story.getByRole('heading', { name: title }).waitFor();
      }
      expect(await story.innerText()).toMatch(/AdSelected[\s\S]*SpendReserved[\s\S]*first price[\s\S]*outbid/);
      await page.getByLabel('Selection id').fill('01900000-0000-7000-8000-000000000000');
      await page.getByRole('button', { name: 'Show', exact: true }).click();
      await story.getByText('NOT_FOUND').waitFor();
      await page.context().close();
    });

    test('reconciles, and every number tallies after all that cheating', { timeout: slowMs }, async () => {
      const page = await openConsole();
      await page.getByRole('button', { name: 'Reconcile now' }).click();
      await page.locator('#reconciliation-result').waitFor({ timeout: 60_000 });
      expect(await page.locator('#reconciliation').innerText()).toContain('It tallies');
      expect(await page.locator('#unexplained').innerText()).toBe('0.00');
      await page.context().close();
    });
  });

  describe.each(['light', 'dark'] as const)('In %s colours', (scheme) => {
    test.each(['/', '/demo'])('%s has names for its controls and readable text', { timeout: slowMs }, async (path) => {
      const page = path === '/' ? await openConsole(scheme) : await openPage(path, scheme);
      await page.waitForTimeout(2_000);
      expect(await page.evaluate('pageChecks.unnamedControls()')).toEqual([]);
      expect(await page.evaluate('pageChecks.paleTexts()')).toEqual([]);
      expect(await page.evaluate('pageChecks.isTooWide()')).toBe(false);
      await page.context().close();
    });
  });

  test('no page broke its own policy or threw', () => {
    expect(complaints).toEqual([]);
  });
});
