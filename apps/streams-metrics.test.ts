import { expect, test } from 'vitest';
import type { ProcessorHandle } from '../streams/runtime/run-processor.ts';
import { streamsMetrics } from './streams-metrics.ts';

/** Some handles are objects of a class: their functions are asked as theirs. */
class Handle {
  readonly name = 'persons';
  readonly #lag = { shard: 2, offsets: 7, ms: 90, p95Ms: 120, processed: 500, checkpoints: 3 };
  readonly #failed = { shard: 3, status: 'failed', code: 'OFFSET_GONE', reason: 'gone' };

  lag(): readonly unknown[] {
    return [this.#lag];
  }

  health(): readonly unknown[] {
    return [{ shard: 2, status: 'running', code: '', reason: '' }, this.#failed];
  }
}

const handle = new Handle() as unknown as ProcessorHandle;
const notices = { counts: () => [{ kind: 'win', outcome: 'delivered', count: 4 }], waiting: () => 1 } as never;

test('A streams process says of every shard that it owns how far it is, and which has stopped', async () => {
  const text = await streamsMetrics([handle], notices).metrics();
  const lines = text.split('\n').filter((line) => /^adtally_(lag|processed|check|shard|bidder)/.test(line));
  expect(lines.toSorted()).toEqual([
    'adtally_bidder_notices_total{kind="win",outcome="delivered"} 4',
    'adtally_bidder_notices_waiting 1',
    'adtally_checkpoints_total{processor="persons",shard="2"} 3',
    'adtally_lag_ms{processor="persons",shard="2"} 90',
    'adtally_lag_offsets{processor="persons",shard="2"} 7',
    'adtally_lag_p95_ms{processor="persons",shard="2"} 120',
    'adtally_processed_records_total{processor="persons",shard="2"} 500',
    'adtally_shard_failed{processor="persons",shard="2"} 0',
    'adtally_shard_failed{processor="persons",shard="3"} 1',
  ]);
});

test('Every metric has its type and its meaning beside it', async () => {
  const text = await streamsMetrics([handle], notices).metrics();
  expect(text).toMatch(/^# HELP adtally_lag_ms .{10,}\n# TYPE adtally_lag_ms gauge$/m);
});
