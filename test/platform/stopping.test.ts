import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddedEventLog, openEmbeddedEventLog } from '../../adapters/embedded/event-log.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { banner, flightFrom, placement } from '../../simulate/catalog-parts.ts';
import type { PublishedCatalog } from '../../simulate/publish-catalog.ts';
import { registry } from '../console-world.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { topicShards } from '../topic-shards.ts';
import { type Processes, startProcesses } from './processes.ts';
import { browser, eventually } from './running-platform.ts';

const nodes = ['node-a', 'node-b'] as const;
type Node = (typeof nodes)[number];
/** What the platform promises. */
const withinMs = 1_000;
/** Each node is asked this often, whether it has answered or not. */
const askEveryMs = 20;
const watchedMs = 2_500;
/** A timer of this very process or an answer came later than this: the machine had no time for anybody, and no promise holds on it. */
const stalledMs = 200;
const attempts = 6;

interface Selection {
  readonly node: string;
  readonly campaignId: string;
  readonly selectedAt: number;
}

/** What one node selected around a change. */
interface Seen {
  readonly node: Node;
  /** Selections of the watched campaign in the half second before it was asked for. */
  readonly before: number;
  /** Its last one, ms after the answer. */
  readonly lastMs: number;
  /** Selections of the other campaign after it must have stopped: proof that there still were requests. */
  readonly others: number;
}

describe('Two serving nodes on one data directory', () => {
  const folder = makeTemporaryFolder();
  const dataDir = join(folder.path, 'data');
  const clock = createSystemClock();
  const traffic = { stopped: false, under: new Set<Promise<unknown>>(), troubles: [] as string[], slowestMs: 0 };
  let platform: Processes;
  let log: EmbeddedEventLog;
  let published: PublishedCatalog;
  let watched = '';
  let other = '';

  beforeAll(async () => {
    platform = await startProcesses({ dataDir, nodes });
    const budget = { budget_total_micros: '4000000000', flight: flightFrom(Date.now(), 30), pacing: 'asap' };
    // The watched campaign outbids the other one, which gets what it leaves.
    const advertisers = [5_000_000, 2_000_000].map((bidMicros) => ({
      body: { name: `Bids ${bidMicros}`, currency: 'EUR', time_zone: 'UTC' },
      campaigns: [
        {
          body: { name: 'Campaign', ...budget },
          lineItems: [
            {
              name: 'Line item',
              pricingModel: 'CPM' as const,
              bidMicros,
              targeting: {},
              creatives: [banner('Banner', [300, 250], ['#000000', '#222222'])],
            },
          ],
        },
      ],
    }));
    const shares = [{ effective_from: '2020-01-01T00:00:00Z', share_ppm: 700_000 }];
    const publisher = {
      body: { name: 'Daily', shares },
      placements: [placement('Top', ['banner'], ['300x250'], '500000')],
    };
    published = await platform.publish({ name: 'stopping', publishers: [publisher], advertisers });
    [watched = '', other = ''] = published.campaignIds;
    log = await openEmbeddedEventLog({ folder: join(dataDir, 'log'), shards: topicShards(4), clock });
    for (const url of platform.serveUrls.values()) void keepAsking(`${url}/v1/decisions`);
  });

  afterAll(async () => {
    traffic.stopped = true;
    await Promise.all(traffic.under);
    await log.close();
    await platform.stop();
    folder.remove();
    if (traffic.troubles.length > 0) throw new Error(traffic.troubles.join('\n'));
  });

  async function keepAsking(url: string): Promise<void> {
    const slots = [{ id: 'top', placement_id: published.placements[0]?.placementId }];
    const body = JSON.stringify({ slots, device: { ua: browser }, tmax: 5_000 });
    while (!traffic.stopped) {
      const askedMs = performance.now();
      const asked = fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
        .then(async (answer) => {
          const text = await answer.text();
          if (answer.status !== 200) traffic.troubles.push(`${answer.status} ${text}`);
        })
        .catch((error: unknown) => void traffic.troubles.push(String(error)))
        .then(() => (traffic.slowestMs = Math.max(traffic.slowestMs, performance.now() - askedMs)));
      traffic.under.add(asked);
      void asked.finally(() => traffic.under.delete(asked));
      await clock.sleep(askEveryMs);
    }
  }

  /** Selections since an instant, as the log has them. */
  async function selectionsSince(sinceMs: number): Promise<Selection[]> {
    const found: Selection[] = [];
    for (let shard = 0; shard < log.shards('selected'); shard += 1) {
      const { next } = await log.bounds('selected', shard);
      const first = Math.max(0, next - 5_000);
      for (const { value } of await log.read('selected', shard, first, 5_000)) {
        const { name, value: record } = registry.decode(value);
        if (name !== 'AdSelected') continue;
        const { node, campaign_id: campaignId, selected_at: selectedAt } = record.billing;
        if (selectedAt >= sinceMs) found.push({ node, campaignId, selectedAt });
      }
    }
    return found;
  }

  /** Both nodes select ads of the campaign. However late they come into the log: those that were made from now on count. */
  async function untilBothSelect(): Promise<void> {
    const sinceMs = Date.now();
    await eventually(async () => {
      const lately = await selectionsSince(sinceMs);
      const isSelected = (node: Node) =>
        lately.filter((one) => one.node === node && one.campaignId === watched).length > 4;
      return nodes.every(isSelected) ? true : null;
    });
  }

  async function patch(path: string, body: object): Promise<number> {
    const { status, json } = await platform.ask('PATCH', path, { body });
    const answeredAt = Date.now();
    expect([status, json]).toMatchObject([200, {}]);
    return answeredAt;
  }

  /** Makes a change that must stop the campaign and looks at what the nodes selected after its answer. */
  async function stopBy(path: string, body: object): Promise<{ readonly seen: readonly Seen[]; stallMs: number }> {
    await untilBothSelect();
    const delays = monitorEventLoopDelay({ resolution: 10 });
    delays.enable();
    traffic.slowestMs = 0;
    const askedAt = Date.now();
    const answeredAt = await patch(path, body);
    await clock.sleep(watchedMs);
    delays.disable();
    const until = answeredAt + watchedMs;
    // What was selected by then has left the buffers once something later has.
    await eventually(async () => {
      const later = await selectionsSince(until + 1);
      return nodes.every((node) => later.some((one) => one.node === node)) ? true : null;
    });
    const selections = (await selectionsSince(askedAt - 500)).filter(({ selectedAt }) => selectedAt <= until);
    const seen = nodes.map((node) => {
      const own = selections.filter((one) => one.node === node);
      const times = own.filter(({ campaignId }) => campaignId === watched).map(({ selectedAt }) => selectedAt);
      const isLate = (one: Selection) => one.campaignId === other && one.selectedAt > answeredAt + withinMs;
      return {
        node,
        before: times.filter((at) => at < askedAt).length,
        lastMs: Math.max(...times) - answeredAt,
        others: own.filter(isLate).length,
      };
    });
    return { seen, stallMs: Math.max(delays.max / 1e6, traffic.slowestMs) };
  }

  test.each([
    ['a pause of the campaign', 'campaign', { status: 'paused' }, { status: 'active' }],
    ['a pause of the line item', 'line item', { status: 'paused' }, { status: 'active' }],
    [
      'a total budget below what is committed',
      'campaign',
      { budget_total_micros: '5000' },
      { budget_total_micros: '4000000000' },
    ],
    [
      'a daily budget below what is committed',
      'campaign',
      { budget_daily_micros: '5000' },
      { budget_daily_micros: null },
    ],
  ] as const)('select nothing of a campaign 1 s after the answer to %s', async (what, target, stop, resume) => {
    const lineItemId = published.lineItems[0]?.lineItemId;
    const path = target === 'campaign' ? `/v1/campaigns/${watched}` : `/v1/line-items/${lineItemId}`;
    for (let attempt = 1; ; attempt += 1) {
      const { seen, stallMs } = await stopBy(path, stop);
      await patch(path, resume);
      for (const { node, before, lastMs, others } of seen) {
        const counts = `${before} just before, ${others} of the other campaign later than 1 s after`;
        process.stdout.write(`  ${what}, ${node}: last selection ${lastMs} ms after the answer (${counts})\n`);
      }
      const holds = seen.every(({ before, lastMs, others }) => before > 0 && lastMs <= withinMs && others > 0);
      const nothingSeen = seen.some(({ before, others }) => before === 0 || others === 0);
      if (!holds && (nothingSeen || stallMs > stalledMs) && attempt < attempts) continue; // it measured nothing but the machine
      for (const { before, lastMs, others } of seen) {
        expect(before).toBeGreaterThan(0);
        expect(lastMs).toBeLessThanOrEqual(withinMs);
        expect(others).toBeGreaterThan(0);
      }
      break;
    }
    await untilBothSelect();
  });
});
