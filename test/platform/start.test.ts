import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { browser, end, eventually, type Running, runProgram } from './running-platform.ts';

interface Decision {
  readonly selection_id: string;
  readonly campaign_id: string;
  readonly click_url: string;
  readonly beacons: { readonly impression: string };
}

/** What `npm start` prints: where to go, and with which keys. */
interface Greeting {
  readonly consoleUrl: string;
  readonly serveUrl: string;
  readonly placementId: string;
  readonly adminKey: string | null;
}

async function greeting(running: Running): Promise<Greeting> {
  await running.until(/Ctrl-C stops it/);
  const [, consoleUrl = ''] = await running.until(/(http:\/\/127\.0\.0\.1:\d+)\/demo/);
  const [, serveUrl = '', placementId = ''] = await running.until(/curl -s (http:\S+)\/v1\/decisions .*"(pl_\w+)"/);
  const adminKey = /^ {2}admin +(\S+)$/m.exec(running.output())?.[1] ?? null;
  return { consoleUrl, serveUrl, placementId, adminKey };
}

/** An ad of a campaign; null while another one is shown because the budget of this one has not reached the node. */
async function decide({ serveUrl, placementId }: Greeting, campaignId: string): Promise<Decision | null> {
  const answer = await fetch(`${serveUrl}/v1/decisions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ slots: [{ id: 'top', placement_id: placementId }], device: { ua: browser }, tmax: 5_000 }),
  });
  expect(answer.status).toBe(200);
  const { decisions } = (await answer.json()) as { decisions: Decision[] };
  return decisions.find(({ campaign_id: id }) => id === campaignId) ?? null;
}

describe('npm start', () => {
  const folder = makeTemporaryFolder();
  const settings = { DATA_DIR: join(folder.path, 'data'), HOLD_MS: '2s' };
  let running: Running;
  let first: Greeting;
  let shown: Decision;

  beforeAll(async () => {
    running = runProgram('apps/start.ts', [], settings);
    first = await greeting(running);
  });

  afterAll(async () => {
    await end(running);
    folder.remove();
  });

  async function incurred({ consoleUrl }: Greeting, campaignId: string): Promise<string> {
    const answer = await fetch(`${consoleUrl}/v1/ledger/balances?truth=tentative&campaign_id=${campaignId}`, {
      headers: { authorization: `Bearer ${first.adminKey}` },
    });
    expect(answer.status).toBe(200);
    const { balances } = (await answer.json()) as { balances: { account: string; debit_micros: string }[] };
    return balances.find(({ account }) => account === 'campaign:incurred')?.debit_micros ?? '0';
  }

  /** The campaign of the bicycles, which are worth most in this place. */
  async function bicycles({ consoleUrl, adminKey }: Greeting): Promise<string> {
    const answer = await fetch(`${consoleUrl}/v1/campaigns`, { headers: { authorization: `Bearer ${adminKey}` } });
    const { items } = (await answer.json()) as { items: { campaign_id: string; name: string }[] };
    return items.find(({ name }) => name === 'Spring rides')?.campaign_id ?? '';
  }

  test('prints one URL to open, the keys of the roles and three commands to try', async () => {
    expect(first.adminKey).not.toBeNull();
    for (const role of ['admin', 'trafficker', 'finance', 'analyst', 'auditor']) {
      expect(running.output()).toMatch(new RegExp(`^ {2}${role} +\\S{20,}$`, 'm'));
    }
    for (const line of [/ curl -s /, /npx adtally ledger balances/, /CONSOLE_KEY=\S+ npx adtally reconcile/]) {
      expect(running.output()).toMatch(line);
    }
    expect((await fetch(`${first.consoleUrl}/demo`)).status).toBe(200);
  });

  test('answers a decision, takes its pixel and its click, and shows the charge in the ledger', async () => {
    const campaignId = await bicycles(first);
    shown = await eventually(() => decide(first, campaignId));
    const pixel = await fetch(shown.beacons.impression, { headers: { 'user-agent': browser } });
    expect([pixel.status, pixel.headers.get('content-type')]).toEqual([200, 'image/gif']);
    const click = await fetch(shown.click_url, { redirect: 'manual', headers: { 'user-agent': browser } });
    expect(click.status).toBe(302);
    expect(click.headers.get('location')).toContain(shown.selection_id);
    // 4,567,890 micros for a thousand, rounded down.
    await eventually(async () => ((await incurred(first, shown.campaign_id)) === '4567' ? true : null));
  });

  test('refuses a second platform on the same data', async () => {
    const second = runProgram('apps/start.ts', [], settings);
    expect(await second.ended).toBe(2);
    expect(second.output()).toMatch(/NODE_NAME_TAKEN/);
  });

  test('stops at Ctrl-C, and started again carries on where it was', async () => {
    running.child.kill('SIGINT');
    expect(await running.ended).toBe(0);
    expect(running.output()).toMatch(/Stopped\./);
    running = runProgram('apps/start.ts', [], settings);
    const again = await greeting(running);
    expect(again.adminKey).toBeNull();
    expect(running.output()).not.toMatch(/The catalogue was empty/);
    expect(again.placementId).toBe(first.placementId);
    await eventually(async () => ((await incurred(again, shown.campaign_id)) === '4567' ? true : null));
    const next = await eventually(() => decide(again, shown.campaign_id));
    await fetch(next.beacons.impression, { headers: { 'user-agent': browser } });
    await eventually(async () => ((await incurred(again, next.campaign_id)) === '9134' ? true : null));
  });

  test('leaves no process behind when it is killed itself', async () => {
    const pids = JSON.parse(readFileSync(join(settings.DATA_DIR, 'run', 'pids.json'), 'utf8')) as Record<
      string,
      number
    >;
    expect(Object.keys(pids).toSorted()).toEqual(['console', 'serve', 'streams']);
    running.child.kill('SIGKILL');
    await running.ended;
    const isGone = (pid: number) => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true; // ESRCH: there is no such process
      }
    };
    await eventually(async () => (Object.values(pids).every(isGone) ? true : null));
  });
});
