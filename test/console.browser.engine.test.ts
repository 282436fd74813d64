import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Platform, startPlatform } from '../apps/platform.ts';
import { publishDemo } from '../apps/publish-demo.ts';
import { viewPaths, viewsOf } from '../dashboards/web/views.ts';
import { expectAccessible } from './axe-faults.ts';
import { parseCsv } from './csv-reader.ts';
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
const keys = {
  admin: 'browser-test-admin-key-0123456789',
  finance: 'browser-test-finance-key-01234567',
  analyst: 'browser-test-analyst-key-01234567',
  auditor: 'browser-test-auditor-key-01234567',
} as const;
const slowMs = 240_000;
/** For what a busy machine does late. */
const patientMs = 90_000;

/** Micros of an amount as it is copied: `0.0014`. */
function microsOf(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

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
      ADTALLY_KEYS: Object.entries(keys)
        .map(([role, key]) => `${role}=${key}`)
        .join(','),
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
    page.setDefaultTimeout(patientMs);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) complaints.push(message.text());
    });
    await page.goto(`${platform.consoleUrl}${path}`);
    return page;
  }

  /** Opens a view with the key of a role, as a link to it that somebody has sent. */
  async function openView(
    path: string,
    role: keyof typeof keys = 'admin',
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<Page> {
    const page = await openPage(path, colorScheme);
    await page.getByLabel('Key').fill(keys[role]);
    await page.getByRole('button', { name: 'Open the console' }).click();
    await page.getByRole('navigation', { name: 'Views' }).waitFor();
    await page.getByRole('heading', { level: 1 }).waitFor();
    return page;
  }

  const get = async (path: string) => {
    const response = await fetch(`${platform.consoleUrl}${path}`, {
      headers: { authorization: `Bearer ${keys.admin}` },
    });
    return (await response.json()) as Readonly<Record<string, unknown>>;
  };

  /** Where much else runs, a query may reach its limit of time: it is then asked once more, as a person would. */
  const answered = async (page: Page, sign: string) => {
    if ((await page.getByText('QUERY_LIMIT').count()) > 0) await page.getByRole('button', { name: 'Run' }).click();
    return page.locator(sign).count();
  };

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
      await expect
        .poll(() => frame.contentFrame().locator('a').innerText(), { timeout: patientMs })
        .toContain('Find out more');
      for (const step of ['selected', 'returned', 'impression', 'viewable', 'billable', 'final']) {
        await page.locator(`[data-step=${step}].reached`).waitFor();
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

    test('offers each role its views, and says so where a link leads to another', { timeout: slowMs }, async () => {
      const page = await openView('/money', 'analyst');
      await page.getByText('This key does not open this view').waitFor();
      const offered = page.getByRole('navigation', { name: 'Views' }).getByRole('link');
      expect(await offered.allInnerTexts()).toEqual(viewsOf('analyst', false).map(({ title }) => title));
      await page.context().close();
    });

    test('shows the funnel and the spend of what the playground did, live', { timeout: slowMs }, async () => {
      const page = await openView('/overview?currency=EUR', 'finance');
      const cell = (title: string) =>
        page.getByRole('row', { name: title }).locator('[data-stage]').innerText({ timeout: 20_000 });
      await expect.poll(() => cell('Reversed'), { timeout: patientMs }).toBe('1');
      expect(Number(await cell('Selected'))).toBeGreaterThan(3);
      await page.goto(`${platform.consoleUrl}/money?currency=EUR`);
      const voided = page.locator('[data-state=voided] data');
      await expect.poll(() => voided.getAttribute('value'), { timeout: patientMs }).toBe('0.004567');
      await page.context().close();
    });

    test('hands finance a statement that equals the ledger to the micro', { timeout: slowMs }, async () => {
      const { items } = (await get('/v1/advertisers')) as { items: { advertiser_id: string; name: string }[] };
      const page = await openView('/money?tab=statement', 'finance');
      let charged = 0;
      for (const { advertiser_id: id } of items) {
        await page.getByLabel('Advertiser').selectOption(id);
        // The two are read one after the other, and a charge may become final in between.
        const compared = async () => {
          const download = page.waitForEvent('download');
          await page.getByRole('button', { name: 'Download CSV' }).click();
          const [columns = [], ...rows] = parseCsv(readFileSync(await (await download).path(), 'utf8'));
          const at = (row: readonly string[], name: string) => row[columns.indexOf(name)] ?? '';
          const closing = rows.filter((row) => at(row, 'section') === 'closing');
          const sum = (ones: readonly string[][]) =>
            ones.reduce((all, row) => all + BigInt(at(row, 'amount_micros')), 0n);
          const { balances } = (await get(`/v1/ledger/balances?truth=final&advertiser_id=${id}`)) as {
            balances: { account: string; balance_micros: string }[];
          };
          const owed = balances
            .filter(({ account }) => account === 'advertiser:unbilled' || account === 'advertiser:invoiced')
            .reduce((all, { balance_micros }) => all + BigInt(balance_micros), 0n);
          const others = rows.filter((row) => at(row, 'section') !== 'closing');
          return { off: [sum(closing) - owed, sum(others) - owed], charges: closing.length };
        };
        await expect.poll(async () => (await compared()).off, { timeout: patientMs, interval: 500 }).toEqual([0n, 0n]);
        charged += (await compared()).charges;
      }
      expect(charged).toBeGreaterThan(0);
      await page.context().close();
    });

    test('leads an auditor from a figure to the raw record', { timeout: slowMs }, async () => {
      const page = await openView('/money?tab=accounts&truth=final', 'auditor');
      await page.getByRole('row', { name: 'advertiser:unbilled' }).getByRole('link').first().click();
      const entries = page.getByRole('table', { name: /entries|entry/ });
      const first = entries.getByRole('row', { name: /certify/ }).first();
      const amount = (await first.locator('data').getAttribute('value')) ?? '';
      await first.getByRole('link').click();
      for (const title of ['What happened', 'In the ledgers', 'Why it was chosen']) {
        await page.getByRole('heading', { name: title }).waitFor();
      }
      await page.getByText('Decided again: the same').waitFor();
      // An ad that was cheated with may have been incurred twice in the log: the ledgers count one of them.
      const step = page.getByRole('listitem').filter({ hasText: 'SpendIncurred' }).first();
      await step.locator('summary').click();
      const raw = JSON.parse(await step.locator('pre').innerText()) as { billing: { price_micros: string } }[];
      const price = BigInt(raw[0]?.billing.price_micros ?? '0');
      const certified = page.getByRole('table', { name: /Final ledger/ }).getByRole('row', { name: /certify/ });
      await certified.first().waitFor();
      const parts = await certified
        .locator('data')
        .evaluateAll((all) => all.map((one) => one.getAttribute('value') ?? ''));
      expect(parts).toContain(amount);
      expect(parts.reduce((sum, part) => sum + microsOf(part), 0n)).toBe(price);
      await page.getByRole('button', { name: 'Keep this state in the link' }).click();
      await page.reload();
      await page.getByRole('button', { name: 'Show its present state' }).waitFor();
      await page.context().close();
    });

    test('says that there is no such ad where there is none', { timeout: slowMs }, async () => {
      const page = await openView('/story', 'auditor');
      await page.getByLabel('Selection id').fill('01900000-0000-7000-8000-000000000000');
      await page.getByRole('button', { name: 'Show', exact: true }).click();
      await page.getByText('NOT_FOUND').waitFor();
      await page.context().close();
    });

    test('reconciles, and every number tallies after all that cheating', { timeout: slowMs }, async () => {
      const page = await openView('/reconciliation', 'auditor');
      await page.getByRole('button', { name: 'Run one now' }).click();
      await page.locator('#reconciliation-result').waitFor({ timeout: 2 * patientMs });
      expect(await page.locator('#reconciliation-result').innerText()).toBe('It tallies');
      expect(await page.locator('#unexplained').innerText()).toBe('0');
      await page
        .getByRole('button', { name: /Selection → delivery/ })
        .first()
        .click();
      await expect
        .poll(() => new URL(page.url()).searchParams.get('cell'), { timeout: patientMs })
        .toContain('/delivery');
      await page.context().close();
    });

    test('shows a run to its end that the list of runs named while it was under way', { timeout: slowMs }, async () => {
      const page = await openView('/overview', 'auditor');
      const list = '**/v1/reconciliations?*';
      const begun = page.waitForResponse(
        (response) => response.request().method() === 'POST' && response.url().endsWith('/v1/reconciliations'),
      );
      // A list that comes later than somebody is quick.
      await page.route(list, (route) => begun.then(() => route.continue()));
      await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Reconciliation' }).click();
      await page.getByRole('button', { name: 'Run one now' }).click();
      await begun;
      await page.locator('#reconciliation-result').waitFor({ timeout: 2 * patientMs });
      await page.context().close();
    });

    test("draws an analyst's query, and its link shows the same again", { timeout: slowMs }, async () => {
      const page = await openView('/explore', 'analyst');
      await page.getByLabel('SQL').fill('SELECT tier, count() AS ads FROM selections GROUP BY tier');
      await page.getByRole('button', { name: 'Run' }).click();
      await expect.poll(() => answered(page, '#result'), { timeout: patientMs, interval: 500 }).toBe(1);
      await page.getByLabel('Show as').selectOption('bars');
      await page.locator('.bars dd').first().waitFor();
      await page.reload();
      await expect.poll(() => answered(page, '.bars'), { timeout: patientMs, interval: 500 }).toBe(1);
      await page.getByLabel('SQL').fill('SELECT * FROM file(1)');
      await page.getByRole('button', { name: 'Run' }).click();
      await page.getByText('SQL_REFUSED').waitFor();
      await page.context().close();
    });

    test('helps an analyst to write: tables to choose from, names completed, an error that leads to its place', {
      timeout: slowMs,
    }, async () => {
      const page = await openView('/explore', 'analyst');
      const sql = page.getByLabel('SQL');
      await page.getByText('Tables and columns').click();
      await page.getByLabel('Find a table or column').fill('auction_ecpm');
      await page.locator('.table-entry summary').filter({ hasText: 'selections' }).first().click();
      await sql.fill('');
      await page.getByRole('button', { name: 'auction_ecpm_micros' }).first().click();
      expect(await sql.inputValue()).toBe('auction_ecpm_micros');
      await sql.fill('');
      await sql.pressSequentially('SELECT count() AS n FROM selectio');
      await page.getByRole('option', { name: /^selections / }).waitFor();
      await sql.press('Enter');
      expect(await sql.inputValue()).toBe('SELECT count() AS n FROM selections');
      await sql.press('Control+Enter');
      await expect.poll(() => answered(page, '#result'), { timeout: patientMs, interval: 500 }).toBe(1);
      expect(await page.locator('#result + .note').innerText()).toMatch(/As of \d\d:\d\d:\d\d UTC, .+ behind/);
      await page.getByText('History of this browser').click();
      await page.getByTitle('SELECT count() AS n FROM selections').waitFor();
      await sql.fill('SELECT count() AS n\nFROM selections WHERE tir = 1');
      await page.getByRole('button', { name: 'Run' }).click();
      await page.getByRole('button', { name: 'Show me where' }).click();
      const marked = 'getSelection().toString()';
      await expect.poll(() => page.evaluate(marked)).toBe('tir');
      await page.context().close();
    });

    test('leads finance from a figure to its entries, and from an entry to its ad', { timeout: slowMs }, async () => {
      const page = await openView('/money?currency=EUR', 'finance');
      const figure = page.locator('[data-state=voided] a');
      await figure.click();
      const rows = page.getByRole('table', { name: /entries|entry/ }).getByRole('row', { name: /void/ });
      await rows.first().getByRole('link').click();
      await page.getByRole('heading', { name: 'In the ledgers' }).waitFor();
      await page.context().close();
    });

    test('asks before it takes money back, and takes nothing back when it is told not to', {
      timeout: slowMs,
    }, async () => {
      const { items } = (await get('/v1/ledger/entries?truth=final&kind=certify&limit=500')) as {
        items: { selection_id: string }[];
      };
      const states = await Promise.all(
        [...new Set(items.map(({ selection_id }) => selection_id))].map((id) => get(`/v1/ledger/selections/${id}`)),
      );
      const id = String(states.find(({ state }) => state === 'final')?.['selection_id']);
      const page = await openView(`/story/${id}`, 'finance');
      await page.getByRole('button', { name: 'Take its charge back' }).click();
      await page.getByRole('button', { name: 'Cancel' }).click();
      expect((await get(`/v1/ledger/selections/${id}`))['state']).toBe('final');
      await page.getByRole('button', { name: 'Take its charge back' }).click();
      await page.getByLabel('Reason, for the auditor').fill('The customer complained.');
      await page.getByRole('button', { name: 'Take it back', exact: true }).click();
      await page.getByText('Recorded as spend/').waitFor();
      await expect
        .poll(async () => (await get(`/v1/ledger/selections/${id}`))['state'], { timeout: patientMs })
        .toBe('reversed');
      await page.context().close();
    });
  });

  describe.each(['light', 'dark'] as const)('In %s colours', (scheme) => {
    test('the playground has names for its controls and readable text', { timeout: slowMs }, async () => {
      const page = await openPage('/demo', scheme);
      await page.waitForTimeout(2_000);
      expect(await page.evaluate('pageChecks.unnamedControls()')).toEqual([]);
      expect(await page.evaluate('pageChecks.paleTexts()')).toEqual([]);
      expect(await page.evaluate('pageChecks.isTooWide()')).toBe(false);
      await page.context().close();
    });

    test.each(['/money?tab=accounts', '/money?tab=entries', ...viewPaths.filter((path) => !path.includes(':'))])(
      '%s is accessible by the rules of axe, and no wider than a phone',
      { timeout: slowMs },
      async (path) => {
        const page = await openView(path, 'admin', scheme);
        await page.locator('main .sheet, main .empty').first().waitFor();
        await expect.poll(() => page.locator('.waiting').count(), { timeout: patientMs }).toBe(0);
        await expectAccessible(page, patientMs);
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
