import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openEmbeddedEventLog } from '../../adapters/embedded/event-log.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import type { Topic } from '../../domain/records.ts';
import { readTraceparent, rootSpanOf, traceIdOf } from '../../domain/trace-context.ts';
import { banner, flightFrom, placement } from '../../simulate/catalog-parts.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { topicShards } from '../topic-shards.ts';
import { CollectorDouble } from './collector-double.ts';
import { type Processes, startProcesses } from './processes.ts';
import { browser, eventually } from './running-platform.ts';

interface Decision {
  readonly selection_id: string;
  readonly click_url: string;
  readonly beacons: { readonly impression: string };
}

const topics: readonly Topic[] = ['selected', 'spend', 'impression', 'click'];

describe('The trace of an ad', () => {
  const folder = makeTemporaryFolder();
  const dataDir = join(folder.path, 'data');
  let collector: CollectorDouble;
  let platform: Processes | null = null;
  let placementId = '';

  const start = async (sampling: string) => {
    const env = { TRACE_SAMPLING: sampling, TRACE_ENDPOINT: collector.endpoint, HOLD_MS: '1s', TICK_MS: '200' };
    platform = await startProcesses({ dataDir, nodes: ['node-1'], env });
    return platform;
  };
  const stop = async () => {
    await platform?.stop();
    platform = null;
  };

  beforeAll(async () => {
    collector = await CollectorDouble.open();
  });

  afterEach(stop);

  afterAll(async () => {
    await collector.close();
    folder.remove();
  });

  async function publish(): Promise<void> {
    const lineItem = { name: 'l', pricingModel: 'CPM' as const, bidMicros: 5_000_000, targeting: {}, more: {} };
    const published = await platform?.publish({
      name: 'tracing',
      publishers: [
        {
          body: { name: 'Daily', shares: [{ effective_from: '2020-01-01T00:00:00Z', share_ppm: 700_000 }] },
          placements: [placement('Top', ['banner'], ['300x250'], '500000')],
        },
      ],
      advertisers: [
        {
          body: { name: 'Advertiser', currency: 'EUR', time_zone: 'UTC' },
          campaigns: [
            {
              body: {
                name: 'Campaign',
                budget_total_micros: '1000000000',
                flight: flightFrom(Date.now(), 30),
                pacing: 'asap',
              },
              lineItems: [{ ...lineItem, creatives: [banner('c', [300, 250], ['#000000', '#222222'])] }],
            },
          ],
        },
      ],
    });
    placementId = published?.placements[0]?.placementId ?? '';
  }

  /** An ad that is chosen, seen and clicked. */
  async function oneAd(headers: Record<string, string> = {}): Promise<Decision> {
    const url = platform?.serveUrls.get('node-1') ?? '';
    const decision = await eventually(async () => {
      const answer = await fetch(`${url}/v1/decisions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': browser, ...headers },
        body: JSON.stringify({ slots: [{ id: 's', placement_id: placementId }], tmax: 5_000 }),
      });
      return ((await answer.json()) as { decisions: readonly Decision[] }).decisions[0] ?? null;
    });
    const seen = { headers: { 'user-agent': browser }, redirect: 'manual' } as const;
    expect((await fetch(decision.beacons.impression, seen)).status).toBe(200);
    expect((await fetch(decision.click_url, seen)).status).toBe(302);
    return decision;
  }

  async function isCertified(selectionId: string): Promise<true | null> {
    const story = await platform?.ask('GET', `/v1/ledger/selections/${selectionId}`);
    const final: unknown = story?.json['final'];
    return (Array.isArray(final) && final.some(({ kind }) => kind === 'certify')) || null;
  }

  /** Headers of all records of a selection, by topic. */
  async function headersOf(selectionId: string): Promise<readonly (readonly [Topic, string | undefined])[]> {
    const log = await openEmbeddedEventLog({
      folder: join(dataDir, 'log'),
      shards: topicShards(4),
      clock: createSystemClock(),
    });
    const found: [Topic, string | undefined][] = [];
    for (const topic of topics) {
      for (let shard = 0; shard < log.shards(topic); shard += 1) {
        for (const { key, traceparent } of await log.read(topic, shard, 0, 100_000))
          if (key === selectionId) found.push([topic, traceparent]);
      }
    }
    await log.close();
    return found;
  }

  test('is not there where nothing is sampled: no request to a collector, and no header in the log', async () => {
    await start('0');
    await publish();
    const { selection_id: id } = await oneAd({
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    await eventually(() => isCertified(id));
    await stop();
    expect(collector.requests).toBe(0);
    const headers = await headersOf(id);
    expect(new Set(headers.map(([topic]) => topic))).toEqual(new Set(topics));
    expect(headers.filter(([, traceparent]) => traceparent !== undefined)).toEqual([]);
  });

  test('leads through three processes from the request to its entries in both ledgers, and is the selection', async () => {
    await start('1');
    const { selection_id: id } = await oneAd();
    const traceId = traceIdOf(id);
    const own = () => collector.spans.filter((span) => span.traceId === traceId);
    await eventually(async () => own().some(({ name }) => name === 'final certify') || null);
    await eventually(async () => own().some(({ name }) => name === 'append click') || null);
    // What waits in a queue is sent as its process ends.
    await stop();

    const paths = own().map((span) => collector.pathOf(span).join(' < '));
    expect(paths).toContain('decision');
    expect(paths.filter((path) => path.endsWith('unknown'))).toEqual([]);
    expect(
      own()
        .filter(({ parentSpanId }) => parentSpanId === undefined)
        .map(({ spanId }) => spanId),
    ).toEqual([rootSpanOf(id)]);
    for (const expected of [
      'targeting < decision',
      'buffer fsync < decision',
      'respond < decision',
      'append spend < decision',
      'append impression < beacon impression < decision',
      'append click < beacon click < decision',
      'tentative draw < fold SpendReserved < decision',
      'tentative incur < fold SpendIncurred < beacon impression < decision',
      'final certify < fold SpendIncurred < beacon impression < decision',
    ])
      expect(paths).toContain(expected);
    expect(new Set(own().map(({ spanId }) => spanId)).size).toBe(own().length);
    expect(new Set(own().map(({ service }) => service))).toEqual(new Set(['adtally-serve', 'adtally-streams']));

    const headers = await headersOf(id);
    for (const [, header] of headers) expect(readTraceparent(header ?? '')?.traceId).toBe(traceId);
    const told = JSON.stringify(collector.spans);
    for (const secret of ['127.0.0.1', 'Firefox', 'Mozilla']) expect(told).not.toContain(secret);
  });
});
