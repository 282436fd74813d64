import { expect, it } from 'vitest';
import { createSimulatedClock } from '../../adapters/simulated/clock.ts';
import { freshnessOf } from './freshness.ts';

const startMs = Date.UTC(2026, 10, 22, 12);

function begin(lags: readonly number[]) {
  const clock = createSimulatedClock({ startMs });
  const asked: number[] = [];
  const fresh = freshnessOf({
    clock,
    sinkLag: async () => {
      asked.push(clock.now());
      return lags.map((ms) => ({ ms }));
    },
  });
  return { clock, asked, fresh };
}

it('an answer is as fresh as the topic that lags most, and an analyst sees it later', async () => {
  const { fresh } = begin([0, 1_500, 300]);
  expect(await fresh()).toEqual({ as_of: '2026-11-22T11:59:58.500Z', behind_ms: 1_500 });
  expect(await fresh(1_000)).toEqual({ as_of: '2026-11-22T11:59:57.500Z', behind_ms: 2_500 });
});

it('the log is asked once a second, and meanwhile an answer says no more than is known', async () => {
  const { clock, asked, fresh } = begin([0]);
  await fresh();
  await clock.advance(900);
  expect(await fresh()).toEqual({ as_of: '2026-11-22T12:00:00.000Z', behind_ms: 900 });
  await clock.advance(100);
  expect(await fresh()).toEqual({ as_of: '2026-11-22T12:00:01.000Z', behind_ms: 0 });
  expect(asked).toEqual([startMs, startMs + 1_000]);
});

it('nothing is said before the warehouse was compared with the log', async () => {
  expect(await begin([]).fresh()).toEqual({ as_of: null, behind_ms: null });
});

it('a log that did not answer is asked again', async () => {
  let failures = 1;
  const fresh = freshnessOf({
    clock: createSimulatedClock({ startMs }),
    sinkLag: async () => {
      if (failures-- > 0) throw new Error('away');
      return [{ ms: 0 }];
    },
  });
  await expect(fresh()).rejects.toThrow('away');
  expect((await fresh()).behind_ms).toBe(0);
});
