import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namedSpanId, rootSpanOf, samplerOf, traceIdOf, traceparentOf } from '../../domain/trace-context.ts';
import type { NewRecord } from '../../ports/event-log.ts';
import { ledgerTruths } from '../../ports/ledger-index.ts';
import { RecordingTracer } from '../../test/recording-tracer.ts';
import { history } from '../../test/spend-histories.ts';
import { SpendPlatform, steadyLife, type WriterLife } from '../../test/spend-platform.ts';
import { content, holdMs, incurred, policy, reservationMs, reserved, tick, verdict } from '../../test/spend-story.ts';
import type { SpendRecord } from '../processors/spend-lifecycle.ts';

const life: fc.Arbitrary<WriterLife> = fc.record({
  batchRecords: fc.integer({ min: 1, max: 12 }),
  diesAt: fc.option(fc.integer({ min: 1, max: 20 })),
  diesAfter: fc.boolean(),
  cold: fc.integer({ min: 0, max: 4 }).map((die) => die === 0),
  eager: fc.boolean(),
  stopsAfterReads: fc.option(fc.integer({ min: 1, max: 8 })),
});

function selectionOf({ name, value }: SpendRecord): string | null {
  if (name === 'SpendReserved' || name === 'SpendIncurred') return value.billing.selection_id;
  return name === 'TrafficInvalidated' || name === 'Adjusted' ? value.selection_id : null;
}

/** Puts records into the log as serving does: each of a selection from a request of its own, all under the one that the ad was chosen for. */
async function appendTraced(platform: SpendPlatform, tracer: RecordingTracer, records: readonly SpendRecord[]) {
  const common = { kind: 'server', startUs: 0, endUs: 0, attributes: {} } as const;
  const withHeaders = records.map((record, index): NewRecord => {
    const value = platform.registry.encode(record.name, record.value);
    const id = selectionOf(record);
    if (id === null || !tracer.samples(id)) return { shard: 0, key: 'k', value };
    const [traceId, root] = [traceIdOf(id), rootSpanOf(id)];
    tracer.record({ ...common, traceId, spanId: root, parentId: null, name: 'decision' });
    if (record.name === 'SpendReserved') return { shard: 0, key: id, value, traceparent: traceparentOf(id, root) };
    const spanId = namedSpanId(`request ${index}`);
    tracer.record({ ...common, traceId, spanId, parentId: root, name: 'beacon' });
    return { shard: 0, key: id, value, traceparent: traceparentOf(id, spanId) };
  });
  await platform.log.append('spend', withHeaders);
}

async function entriesOf(platform: SpendPlatform) {
  const all = await Promise.all(ledgerTruths.map((truth) => platform.batches(truth)));
  return all.flat().flatMap(({ truth, entries }) => entries.map((entry) => ({ truth, entry })));
}

describe('The trace of an ad in the ledgers', () => {
  it('leads from every entry to the request that the ad was chosen for, in any number of lives that crash or lose their state, and is the same trace', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.array(life, { maxLength: 8 }), async (records, lives) => {
        const [platform, tracer] = [new SpendPlatform(), new RecordingTracer()];
        await appendTraced(platform, tracer, records);
        for (const one of lives) await platform.live(one, { keepMs: 0, tracer });
        expect(await platform.live(steadyLife, { tracer })).toMatchObject({ status: 'stopped', code: '' });
        for (const { truth, entry } of await entriesOf(platform)) {
          if (entry.selection_id === '') continue;
          const spanId = namedSpanId(`${truth}-0/${entry.source_offset}.${entry.ordinal}`);
          const path = tracer.pathOf({ traceId: traceIdOf(entry.selection_id), spanId });
          expect(path[0]).toBe(`${truth} ${entry.kind}`);
          expect(path.slice(-2)).toEqual(['decision', 'root']);
        }
        expect(tracer.contradictions).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('goes by request, record and entry, and what time brings hangs under what it had waited since', async () => {
    const [platform, tracer] = [new SpendPlatform(), new RecordingTracer()];
    const [paid, left, bad] = [content(0), content(1), content(2)];
    const records = [policy(), tick(0), reserved(paid), reserved(left), reserved(bad), incurred(paid), incurred(bad)];
    await appendTraced(platform, tracer, [...records, tick(2 * reservationMs), tick(2 * holdMs), verdict(bad)]);
    await platform.live(steadyLife, { tracer });
    const paths = (id: string) =>
      tracer
        .all()
        .filter(({ traceId, name }) => traceId === traceIdOf(id) && /^(tentative|final) /.test(name))
        .map((span) => tracer.pathOf(span).join(' < '))
        .sort();
    const reservedPath = 'fold SpendReserved < decision < root';
    const incurredPath = 'fold SpendIncurred < beacon < decision < root';
    expect(new Set(paths(left.selection_id))).toEqual(
      new Set([`tentative draw < ${reservedPath}`, `tentative release < ${reservedPath}`]),
    );
    expect(paths(paid.selection_id)).toContain(`final certify < ${incurredPath}`);
    expect(paths(paid.selection_id)).toContain(`tentative incur < ${incurredPath}`);
    expect(paths(bad.selection_id)).toContain('final reverse < fold TrafficInvalidated < beacon < decision < root');
    const [certified] = tracer.named('final certify');
    expect(certified?.attributes).toMatchObject({ 'adtally.stream': 'final-0', 'adtally.currency': 'EUR' });
  });

  it('stops nothing where the records behind the last batch are corrupt, or of another topic', async () => {
    const [platform, tracer] = [new SpendPlatform(), new RecordingTracer()];
    await appendTraced(platform, tracer, [policy(), tick(0), reserved(content(0))]);
    const foreign = platform.registry.encode('PersonSeen', { person_hash: 'h', segments: [], seen_at: 1 });
    await platform.append([foreign, Uint8Array.of(1, 2, 3), reserved(content(1))]);
    await platform.live(steadyLife, { tracer });
    expect(await platform.live({ ...steadyLife, cold: true }, { tracer })).toMatchObject({
      status: 'stopped',
      code: '',
    });
    expect(tracer.named('tentative draw')).toHaveLength(2);
  });

  it('is told of sampled ads alone, and of none without a tracer', async () => {
    const sampled = samplerOf(0.88);
    const some = Array.from({ length: 40 }, (_, index) => content(index));
    const [platform, tracer] = [new SpendPlatform(), new RecordingTracer(0.88)];
    await appendTraced(platform, tracer, [policy(), tick(0), ...some.map((billing) => reserved(billing))]);
    await platform.live(steadyLife, { tracer });
    const told = new Set(tracer.named('tentative draw').map(({ traceId }) => traceId));
    const wanted = some.map(({ selection_id }) => selection_id).filter((id) => sampled(id));
    expect(told).toEqual(new Set(wanted.map(traceIdOf)));
    expect(wanted.length).toBeGreaterThan(10);
    expect(wanted.length).toBeLessThan(30);
  });
});
