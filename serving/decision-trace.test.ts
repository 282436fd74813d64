import { describe, expect, it } from 'vitest';
import { createSimulatedClock } from '../adapters/simulated/clock.ts';
import { createSimulatedDisk } from '../adapters/simulated/disk.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { readTraceparent, rootSpanOf, traceIdOf } from '../domain/trace-context.ts';
import { inventory, supply } from '../test/decision-world.ts';
import { openDeskWorld } from '../test/desk-world.ts';
import { RecordingTracer } from '../test/recording-tracer.ts';
import { MemoryBuffer, boot, node, registry, sampleBilling, sampleToken, selectedAt } from '../test/serving-world.ts';
import { BeaconDesk } from './beacons.ts';
import type { Answered } from './decision-desk.ts';
import { readDecisionRequest } from './decision-request.ts';
import { createDrainer } from './drainer.ts';
import { Group } from './buffer-frames.ts';
import { LeaseFold } from './lease-book.ts';
import { NodeClock } from './node-clock.ts';
import { Rejections } from './rejections.ts';
import { TokenKeys } from './token-keys.ts';

const userAgent = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36';
const incoming = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

function openDesk(tracer: RecordingTracer | null) {
  const world = openDeskWorld([...inventory(1), ...supply(1), ...supply(2)], null, tracer);
  const decide = (slots: number): Answered => {
    const request = readDecisionRequest({
      slots: Array.from({ length: slots }, (_, index) => ({ id: `s${index}`, placement_id: 'pl_1' })),
    });
    const answered = world.desk.decide(request, {
      channel: 'api',
      userAgent,
      address: '203.0.113.9',
      truncate: () => '203.0.113.0/24',
      trusted: false,
      arrivedUs: world.clock.monotonicUs(),
      traceparent: `00-${incoming.traceId}-${incoming.spanId}-01`,
    });
    if (answered instanceof Promise) throw new Error('nothing is read here');
    return answered;
  };
  return { ...world, decide };
}

describe('A traced decision', () => {
  it('is the root of the trace that is the selection itself, with its stages under it and a link to the trace of who asked', async () => {
    const tracer = new RecordingTracer();
    const { decide, desk } = openDesk(tracer);
    const answered = decide(1);
    desk.markReturned(answered);
    await Promise.resolve();
    const id = answered.ads[0]?.billing.selection_id ?? '';
    const [root] = tracer.named('decision');
    expect(root).toMatchObject({ traceId: traceIdOf(id), spanId: rootSpanOf(id), parentId: null, kind: 'server' });
    expect(root?.links).toEqual([incoming]);
    expect(tracer.all().every(({ traceId }) => traceId === traceIdOf(id))).toBe(true);
    expect(tracer.named('respond').map((span) => tracer.pathOf(span))).toEqual([['respond', 'decision', 'root']]);
    for (const span of tracer.all()) expect(span.endUs).toBeGreaterThanOrEqual(span.startUs);
    expect(tracer.contradictions).toEqual([]);
  });

  it('of several ads lies in the trace of the first, and the others link to it', () => {
    const tracer = new RecordingTracer();
    const { ads } = openDesk(tracer).decide(2);
    expect(ads).toHaveLength(2);
    const [first, second] = ads.map(({ billing }) => billing.selection_id) as [string, string];
    expect(tracer.named('decision').map(({ traceId }) => traceId)).toEqual([traceIdOf(first)]);
    const [other] = tracer.named('selection');
    expect(other).toMatchObject({ traceId: traceIdOf(second), spanId: rootSpanOf(second), parentId: null });
    expect(other?.links).toEqual([{ traceId: traceIdOf(first), spanId: rootSpanOf(first) }]);
  });

  it('puts a header on every record of its selection, and on none of an ad that is not sampled', () => {
    const headersOf = (tracer: RecordingTracer | null) => {
      const { decide, desk, buffer } = openDesk(tracer);
      const answered = decide(1);
      desk.markReturned(answered);
      expect(answered.ads).toHaveLength(1);
      return buffer.entries.flatMap(({ records }) => records.map(({ key, traceparent }) => ({ key, traceparent })));
    };
    const headers = headersOf(new RecordingTracer());
    expect(headers.length).toBeGreaterThan(1);
    for (const { key, traceparent } of headers)
      expect(readTraceparent(traceparent ?? '')).toEqual({ traceId: traceIdOf(key), spanId: rootSpanOf(key) });
    const none = new RecordingTracer(0);
    expect(headersOf(none).some((record) => record.traceparent !== undefined)).toBe(false);
    expect(headersOf(null).some((record) => record.traceparent !== undefined)).toBe(false);
    expect(none.all()).toEqual([]);
  });

  it('tells nothing of a person, a network, a key or a token', () => {
    const tracer = new RecordingTracer();
    openDesk(tracer).decide(1);
    const told = JSON.stringify(tracer.all());
    for (const secret of ['203.0.113', 'Mozilla', 'Chrome', 'user']) expect(told).not.toContain(secret);
  });
});

async function openBeacons(tracer: RecordingTracer | null) {
  const clock = createSimulatedClock({ startMs: selectedAt + 1_000 });
  const random = createSeededRandom(3);
  const disk = createSimulatedDisk({ random });
  const keys = await TokenKeys.open({ disk, clock, random, folder: '/secrets', verifiesMs: 90_000_000 });
  const [buffer, nodeClock] = [new MemoryBuffer(), new NodeClock(clock, 0)];
  const leases = new LeaseFold({ node, boot, shards: 4, idleMs: 30_000 });
  const rejections = new Rejections({ buffer, clock: nodeClock, registry });
  const options = { buffer, keys, clock: nodeClock, random, registry, leases, rejections, longestTokenMs: 86_400_000 };
  const desk = new BeaconDesk({ ...options, tracer });
  return { desk, buffer, token: sampleToken(sampleBilling(), keys.current()) };
}

describe('A beacon of a traced ad', () => {
  it('goes on with the trace of its selection, which its token names, and its records lead to it', async () => {
    const tracer = new RecordingTracer();
    const { desk, buffer, token } = await openBeacons(tracer);
    const sender = { transport: 'PIXEL' as const, network: '203.0.113.0/24', userAgent, occurredAt: null, ordinal: 0 };
    const result = await desk.take({ event: 'impression', token, ...sender });
    if (!result.taken) throw new Error(result.code);
    await result.stored;
    const { selection_id: id } = sampleBilling();
    const [span] = tracer.named('beacon impression');
    expect(span).toMatchObject({ traceId: traceIdOf(id), parentId: rootSpanOf(id), kind: 'server' });
    const headers = buffer.entries.flatMap(({ records }) => records.map(({ traceparent }) => traceparent));
    expect(headers).toHaveLength(2);
    for (const header of headers)
      expect(readTraceparent(header ?? '')).toEqual({ traceId: traceIdOf(id), spanId: span?.spanId });
    const [fsync] = tracer.named('buffer fsync');
    expect(fsync?.parentId).toBe(span?.spanId);
    expect(JSON.stringify(tracer.all())).not.toMatch(/203\.0\.113|Mozilla/);
    expect(JSON.stringify(tracer.all())).not.toContain(token);
  });
});

describe('A drainer that traces', () => {
  it('tells of the append of every record with a header, and hands the header to the log', async () => {
    const traceparent = `00-${incoming.traceId}-${incoming.spanId}-03`;
    const value = new Uint8Array(3);
    const group = new Group();
    group.add(1, [{ topic: 'selected', shard: 2, key: 'a', value, traceparent }]);
    group.add(2, [{ topic: 'selected', shard: 3, key: 'b', value }]);
    const clock = createSimulatedClock({ startMs: 5_000 });
    const [told, appended]: [unknown[], unknown[]] = [[], []];
    const log = {
      append: async (_topic: unknown, records: readonly { readonly traceparent?: string }[]) => {
        appended.push(...records.map((record) => record.traceparent));
        return records.map((_, index) => 40 + index);
      },
    };
    const drainer = createDrainer(log, { clock, record: (spans) => told.push(...spans) });
    await drainer.drain({ chunks: [group.take()], from: 1, through: 2 });
    expect(appended).toEqual([traceparent, undefined]);
    expect(told).toMatchObject([
      {
        traceId: incoming.traceId,
        parentId: incoming.spanId,
        name: 'append selected',
        kind: 'producer',
        attributes: { 'adtally.topic': 'selected', 'adtally.shard': 2, 'adtally.offset': 40 },
      },
    ]);
  });
});
