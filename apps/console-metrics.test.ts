import { expect, test } from 'vitest';
import { createSimulatedClock } from '../adapters/simulated/clock.ts';
import { AdtallyError } from '../domain/errors.ts';
import { consoleMetrics, type MetricsParts } from './console-metrics.ts';

const now = Date.UTC(2026, 10, 22, 8);

/** What the console stands on, as far as metrics look at it: two shards of spend with 100 records each. */
function parts(changes: Partial<Record<keyof MetricsParts, unknown>> = {}): MetricsParts {
  const none = { list: async () => [] };
  return {
    clock: createSimulatedClock({ startMs: now }),
    log: { shards: () => 2, bounds: async (topic: string) => ({ first: 0, next: topic === 'spend' ? 100 : 3 }) },
    index: { indexedStreams: async () => [] },
    sink: { lag: async () => [{ topic: 'spend', offsets: 7, ms: 1_500 }] },
    ledgers: { failures: () => new Map() },
    audits: { reconciliations: none, replays: none },
    truths: { truths: new Map([['final', { lagMs: 700, counts: { within: 9, behind: 1, unknown: 0 } }]]) },
    ...changes,
  } as unknown as MetricsParts;
}

/** Lines of the platform's own metrics, without what Node tells of itself. */
async function lines(given: MetricsParts): Promise<string[]> {
  const text = await consoleMetrics(given)();
  return text.split('\n').filter((line) => line.startsWith('adtally_'));
}

test('says how far reporting is behind, by topic, and how much is in quarantine', async () => {
  expect(await lines(parts())).toEqual(
    expect.arrayContaining([
      'adtally_sink_lag_records{topic="spend"} 7',
      'adtally_sink_lag_ms{topic="spend"} 1500',
      'adtally_quarantine_records{topic="quarantine"} 3',
    ]),
  );
});

test('says of every ledger stream how many records it lacks and how old its time is', async () => {
  const index = {
    indexedStreams: async () => [
      { stream: 'final-1', shard: 1, next: { offset: 98, ordinal: 0 }, foldTime: now - 700 },
    ],
  };
  const found = (await lines(parts({ index }))).filter((line) => /ledger_(lag|time)/.test(line));
  expect(found).toEqual([
    'adtally_ledger_lag_records{stream="tentative-0"} 100',
    'adtally_ledger_lag_records{stream="tentative-1"} 100',
    'adtally_ledger_lag_records{stream="final-0"} 100',
    'adtally_ledger_lag_records{stream="final-1"} 2',
    'adtally_ledger_time_age_ms{stream="final-1"} 700',
  ]);
});

test('no longer shows a figure that there is no more', async () => {
  const lags = [{ topic: 'spend', offsets: 7, ms: 1_500 }];
  const metrics = consoleMetrics(parts({ sink: { lag: async () => lags } }));
  expect(await metrics()).toContain('adtally_sink_lag_ms{topic="spend"}');
  lags.pop();
  expect(await metrics()).not.toContain('adtally_sink_lag_ms{topic="spend"}');
});

test('names a damaged ledger stream', async () => {
  const failures = new Map([['tentative-1', new AdtallyError('CHAIN_BROKEN', 'no')]]);
  const found = await lines(parts({ ledgers: { failures: () => failures } }));
  expect(found.filter((line) => /damaged.* 1$/.test(line))).toEqual(['adtally_ledger_damaged{stream="tentative-1"} 1']);
});

test('says how the last audit that came to its end went', async () => {
  const runs: object[] = [
    { status: 'running', finished_at: null },
    { status: 'finished', finished_at: '2026-11-22T07:59:00Z', result: 'differs' },
    { status: 'finished', finished_at: '2026-11-22T06:00:00Z', result: 'tallies' },
  ];
  const audits = { reconciliations: { list: async () => runs }, replays: { list: async () => [] } };
  const metrics = consoleMetrics(parts({ audits }));
  expect(await metrics()).toContain('adtally_audit_tallies{kind="reconciliations"} 0\n');
  expect(await metrics()).toContain('adtally_audit_age_ms{kind="reconciliations"} 60000\n');
  runs.unshift({ status: 'finished', finished_at: '2026-11-22T08:00:00Z', result: 'tallies' });
  expect(await metrics()).toContain('adtally_audit_tallies{kind="reconciliations"} 1\n');
});

test('says how far each truth is behind, what it may be, and how often it was within that', async () => {
  const found = (await lines(parts())).filter((line) => line.startsWith('adtally_truth_'));
  expect(found).toEqual([
    'adtally_truth_lag_ms{truth="final"} 700',
    'adtally_truth_tolerance_ms{truth="final"} 2000',
    'adtally_truth_checks_total{truth="final",outcome="within"} 9',
    'adtally_truth_checks_total{truth="final",outcome="behind"} 1',
    'adtally_truth_checks_total{truth="final",outcome="unknown"} 0',
  ]);
});
