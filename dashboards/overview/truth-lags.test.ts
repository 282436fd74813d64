import { describe, expect, it } from 'vitest';
import { createSimulatedClock } from '../../adapters/simulated/clock.ts';
import { createSimulatedLog } from '../../adapters/simulated/event-log.ts';
import type { IndexedStream } from '../../ports/ledger-index.ts';
import { topicShards } from '../../test/topic-shards.ts';
import { readTruthLags, type TruthLagDeps, truthReaders } from './truth-lags.ts';

const startMs = Date.UTC(2026, 10, 22, 8);

/** A log with one record of `spend` a second in shard 0, read a second after the last. */
async function world(indexed: readonly (readonly ['tentative' | 'final', number])[], foldTime = startMs) {
  const clock = createSimulatedClock({ startMs });
  const log = createSimulatedLog({ shards: topicShards(2) }).open({ clock, name: 'test' });
  for (let at = 0; at < 3; at += 1) {
    await log.append('spend', [{ shard: 0, key: 'one', value: new Uint8Array([at]) }]);
    await clock.advance(1_000);
  }
  const streams = indexed.map(
    ([truth, offset]) =>
      ({ stream: `${truth}-0`, truth, shard: 0, next: { offset, ordinal: 0 }, foldTime }) as unknown as IndexedStream,
  );
  const deps = {
    clock,
    log,
    index: { indexedStreams: async () => streams },
    judge: { group: 'judge', topics: ['spend', 'click'] as const },
    sinkLag: async () => [],
    pacingViewedAt: async () => [],
  } satisfies TruthLagDeps;
  return deps;
}

describe('How far a truth lies behind the evidence', () => {
  it('is the age of the oldest record that it lacks, whatever it says of itself', async () => {
    const { truths, time } = await readTruthLags(
      await world([
        ['tentative', 3],
        ['final', 1],
      ]),
    );
    const of = (name: string) => truths.find(({ truth }) => truth === name);
    expect(of('tentative')).toMatchObject({ lag_ms: 0, records: 0, worst: '' });
    expect(of('final')).toMatchObject({ lag_ms: 2_000, records: 2, worst: 'final-0' });
    expect(time).toMatchObject({ at: startMs, age_ms: 3_000 });
  });

  it('of pacing is that of the oldest view of a running campaign, and of reporting that of its worst topic', async () => {
    const deps = await world([]);
    const { truths, time } = await readTruthLags({
      ...deps,
      sinkLag: async () => [
        { topic: 'spend', offsets: 2, ms: 700 },
        { topic: 'click', offsets: 1, ms: 900 },
        { topic: 'nodes', offsets: 0, ms: 0 },
      ],
      pacingViewedAt: async () => [
        { campaignId: 'cmp_1', at: startMs + 2_500 },
        { campaignId: 'cmp_2', at: startMs + 1_000 },
      ],
    });
    expect(truths.find(({ truth }) => truth === 'pacing')).toMatchObject({ lag_ms: 2_000, worst: 'cmp_2' });
    expect(truths.find(({ truth }) => truth === 'reporting')).toMatchObject({
      lag_ms: 900,
      records: 3,
      worst: 'click',
    });
    expect(time).toMatchObject({ at: null, age_ms: null });
  });

  it('of verdicts is that of the oldest record that whoever judges has not put out, from the beginning if it never ran', async () => {
    const deps = await world([]);
    const ofFraud = async () => (await readTruthLags(deps)).truths.find(({ truth }) => truth === 'fraud');
    expect(await ofFraud()).toMatchObject({ lag_ms: 3_000, records: 3, worst: 'spend/0' });
    await deps.log.commit('judge', 'spend', 0, 2);
    await deps.log.commit('someone else', 'spend', 0, 3);
    expect(await ofFraud()).toMatchObject({ lag_ms: 1_000, records: 1, worst: 'spend/0' });
  });

  it("is read for each truth alone: what one can not be asked is no other one's failure", async () => {
    const away = new Error('the views are away');
    const readers = truthReaders({ ...(await world([])), pacingViewedAt: () => Promise.reject(away) });
    await expect(readers.pacing()).rejects.toBe(away);
    expect(await readers.final()).toMatchObject({ lag_ms: 0 });
  });

  it('can not be said where nothing runs or nothing is sunk', async () => {
    const { truths } = await readTruthLags(await world([]));
    const unsaid = truths.filter(({ lag_ms }) => lag_ms === null).map(({ truth }) => truth);
    expect(unsaid).toEqual(['pacing', 'reporting']);
  });
});
