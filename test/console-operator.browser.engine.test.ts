import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Platform, startPlatform } from '../apps/platform.ts';
import { publishDemo } from '../apps/publish-demo.ts';
import { signToken, type TokenClaims, type TokenKey, verifyToken } from '../domain/token.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const executablePath = '/usr/bin/chromium';
const isHere = existsSync(executablePath);
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const keys = { admin: 'operator-test-admin-key-012345678', auditor: 'operator-test-auditor-key-0123456' } as const;
const axe = readFileSync(fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8');
const pageChecks = fileURLToPath(new URL('browser/page-checks.js', import.meta.url));
/** On a slow machine everything takes long, and nothing here depends on how long. */
const slowMs = 180_000;
const waitMs = 90_000;

test.runIf(process.env['ENGINES_REQUIRED'] === '1')('Chromium is installed where engines are required', () => {
  expect(isHere, `${executablePath} is missing`).toBe(true);
});

interface KeptKey {
  readonly id: string;
  readonly secret: string;
  readonly created_at: number;
}

interface Aside {
  readonly offset: number;
  readonly code: string;
  readonly kept: string;
  readonly notes: readonly { readonly code: string; readonly sentence: string; readonly by: string }[];
}

describe.skipIf(!isHere)(`The operator's console in a real browser (skipped without ${executablePath})`, () => {
  const folder = makeTemporaryFolder();
  let platform: Platform;
  let browser: Browser;

  beforeAll(async () => {
    const { PATH = '', HOME = '' } = process.env;
    const given = Object.entries(keys).map(([role, key]) => `${role}=${key}`);
    const ports = { SERVE_PORT: '0', CONSOLE_PORT: '0' };
    const env = { PATH, HOME, DATA_DIR: folder.path, ...ports, HOLD_MS: '6s', ADTALLY_KEYS: given.join() };
    platform = await startPlatform({ env, onLine: () => undefined, onRestart: () => undefined });
    await publishDemo(platform);
    browser = await chromium.launch({ executablePath, args: flags });
  }, slowMs);

  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
    folder.remove();
  }, slowMs);

  async function openView(path: string, role: keyof typeof keys = 'admin'): Promise<Page> {
    const context = await browser.newContext({ userAgent, viewport: { width: 1280, height: 900 } });
    await context.addInitScript({ path: pageChecks });
    const page = await context.newPage();
    page.setDefaultTimeout(waitMs);
    await page.goto(`${platform.consoleUrl}${path}`);
    await page.getByLabel('Key').fill(keys[role]);
    await page.getByRole('button', { name: 'Open the console' }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    return page;
  }

  async function get<T>(path: string): Promise<T> {
    const headers = { authorization: `Bearer ${keys.admin}` };
    return (await (await fetch(`${platform.consoleUrl}${path}`, { headers })).json()) as T;
  }

  async function post<T>(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    const all = { 'content-type': 'application/json', 'user-agent': userAgent, ...headers };
    return (await (await fetch(url, { method: 'POST', headers: all, body: JSON.stringify(body) })).json()) as T;
  }

  /** An ad that is paid by the impression, and the token of that. */
  async function showAd(
    live: KeptKey,
  ): Promise<{ readonly selectionId: string; readonly token: string; readonly claims: TokenClaims }> {
    const { items } = await get<{ items: { placement_id: string }[] }>('/v1/placements');
    const until = Date.now() + waitMs;
    for (let nth = 0; ; nth += 1) {
      const placement_id = items[nth % items.length]?.placement_id;
      const { decisions } = await post<{
        decisions: { selection_id: string; beacons: { impression: string } }[];
      }>(`${platform.serveUrl}/v1/decisions`, { slots: [{ id: 'top', placement_id }], device: { ua: userAgent } });
      const [ad] = decisions;
      const token = ad?.beacons.impression.split('/').at(-1) ?? '';
      if (ad !== undefined) {
        const claims = verifyToken(token, new Map([[live.id, tokenKey(live)]]), Date.now());
        if (claims.billing.pricing_model === 'CPM') return { selectionId: ad.selection_id, token, claims };
      }
      if (Date.now() > until) throw new Error('no placement gets an ad');
      if (nth > items.length) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  const beacon = (token: string) =>
    post<{ accepted: number; rejected: { code: string }[] }>(`${platform.serveUrl}/v1/beacons`, {
      beacons: [{ event: 'impression', token }],
    });

  const secrets = () => join(folder.path, 'secrets');
  function liveKey(): KeptKey {
    const name = readdirSync(secrets()).find((one) => one.startsWith('token-key-')) ?? '';
    return JSON.parse(readFileSync(join(secrets(), name), 'utf8')) as KeptKey;
  }
  const tokenKey = ({ id, secret }: KeptKey): TokenKey => ({
    id,
    secret: Buffer.from(secret, 'base64'),
    verifiesUntil: Number.MAX_SAFE_INTEGER,
  });

  test('A truth lags: the alert leads to the shard that nobody works on; the process is ended, starts again, and the truth is current', {
    timeout: 2 * slowMs,
  }, async () => {
    const pid = platform.supervisor.pids().get('streams') ?? 0;
    const page = await openView('/overview', 'admin');
    process.kill(pid, 'SIGSTOP');
    try {
      const alerts = page.getByRole('region', { name: 'Alerts' });
      await alerts.getByText('streams does not answer since').waitFor();
      await alerts.getByRole('listitem').filter({ hasText: 'pacing is' }).getByRole('link').click();
      await page.waitForURL(/\/operations\?truth=pacing/);
      const why = page.locator('[data-truth=pacing]');
      await why.getByText('pacing lags').waitFor();
      await why.getByText('streams does not answer').waitFor();
      await why.getByText('Nobody works on shard 0, 1, 2, 3').waitFor();
      await page.getByRole('row', { name: /^streams\b.*away since/ }).waitFor();
    } finally {
      // What the runbook says of a process that hangs: its supervisor starts it again.
      process.kill(pid, 'SIGKILL');
    }
    const why = page.locator('[data-truth=pacing]');
    await why.getByText('pacing is current').waitFor();
    const first = page.getByRole('table', { name: 'Shards by processor' }).getByRole('row').nth(1);
    await expect
      .poll(() => first.innerText(), { timeout: waitMs })
      .toMatch(/^pacing-allocator.*\s0\s+running\s+streams/s);
    expect(platform.supervisor.pids().get('streams')).not.toBe(pid);
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('region', { name: 'Alerts' }).getByText('Nothing to look at').waitFor();
    await page.context().close();
  });

  test('A beacon whose key was not known is replayed once it is, counts once, and what is forged says why not', {
    timeout: 2 * slowMs,
  }, async () => {
    const live = liveKey();
    const { selectionId, token, claims } = await showAd(live);
    // A key of another node that has not come here yet; older than ours, so that it never signs here.
    const other: KeptKey = { ...live, id: 'feedbeef', secret: Buffer.alloc(32, 7).toString('base64') };
    const early = signToken(claims.billing, claims.grants, tokenKey(other));
    expect((await beacon(early)).rejected).toEqual([{ index: 0, code: 'TOKEN_UNKNOWN_KEY' }]);
    const forged = signToken(claims.billing, claims.grants, { ...tokenKey(live), secret: Buffer.alloc(32, 9) });
    expect((await beacon(forged)).rejected).toEqual([{ index: 0, code: 'TOKEN_FORGED' }]);

    // The oldest: a replay that is not believed puts aside one more.
    const aside = async (kept: string): Promise<Aside | undefined> =>
      (await get<{ items: readonly Aside[] }>('/v1/quarantine')).items.findLast((one) => one.kept === kept);
    await expect.poll(() => aside(early), { timeout: waitMs }).toBeDefined();
    await expect.poll(() => aside(forged), { timeout: waitMs }).toBeDefined();
    const [unknown, bad] = [(await aside(early))?.offset ?? -1, (await aside(forged))?.offset ?? -1];
    const page = await openView('/operations');
    const replay = async (offset: number, reason: string) => {
      await page.getByRole('button', { name: `Replay ${offset}`, exact: true }).click();
      await page.getByLabel('Reason, for the auditor').fill(reason);
      await page.getByRole('button', { name: 'Replay it' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      return page.locator('[data-outcome]').innerText();
    };
    expect(await replay(unknown, 'is the key there?')).toContain('TOKEN_UNKNOWN_KEY');
    writeFileSync(
      join(secrets(), `token-key-${other.id}.json`),
      JSON.stringify({ ...other, created_at: live.created_at - 1_000 }),
    );
    await expect
      .poll(() => replay(unknown, 'the key of the other node was copied'), { timeout: waitMs, interval: 1_500 })
      .toContain('believed');
    expect(await replay(bad, 'just to see')).toContain('TOKEN_FORGED');
    await page.locator(`[data-state-of="${unknown}"]`).getByText('replayed').waitFor();
    await page.locator(`[data-state-of="${bad}"]`).getByText('still bad').waitFor();

    const again = await post<{ outcome: string }>(
      `${platform.consoleUrl}/v1/quarantine/${unknown}/replays`,
      { reason: 'once more' },
      { authorization: `Bearer ${keys.admin}` },
    );
    expect(again.outcome).toBe('replayed_before');
    expect((await beacon(token)).accepted, 'and its browser sends it as well').toBe(1);
    const events = async (name: string) =>
      (await get<{ items: readonly { name: string }[] }>(`/v1/audit/events?selection_id=${selectionId}`)).items.filter(
        (one) => one.name === name,
      ).length;
    await expect.poll(() => events('ImpressionRendered'), { timeout: waitMs }).toBe(2);
    expect(await events('SpendIncurred'), 'seen twice, charged once').toBe(1);
    const { notes } = (await aside(early)) ?? { notes: [] };
    expect(notes.map(({ code }) => code).slice(0, 2)).toEqual(['REPLAY_ASKED', 'STILL_BAD']);
    expect(notes.filter(({ code }) => code === 'REPLAYED')).toHaveLength(1);
    expect(notes[0]).toMatchObject({ sentence: 'is the key there?', by: expect.stringContaining('admin') });
    await page.context().close();
  });

  test('An auditor sees the quarantine, but replays nothing', { timeout: slowMs }, async () => {
    const page = await openView('/operations', 'auditor');
    await page.getByRole('table', { name: 'Records that were put aside' }).waitFor();
    expect(await page.getByRole('button', { name: /^Replay \d/ }).count()).toBe(0);
    await page.context().close();
  });

  test.each(['/overview', '/operations?truth=final'])(
    'axe finds nothing serious on %s',
    { timeout: slowMs },
    async (path) => {
      const page = await openView(path);
      await page.getByRole('table').first().waitFor();
      await page.addScriptTag({ content: axe }).catch(() => page.evaluate(axe));
      const serious = async () => {
        const found = await page.evaluate<{ id: string; impact: string }[]>(
          `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, impact }) => ({ id, impact })))`,
        );
        return found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      };
      // A view may be reading anew, and is paler meanwhile.
      await expect.poll(serious, { timeout: waitMs, interval: 500 }).toEqual([]);
      await page.context().close();
    },
  );
});
