import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { ShardLag } from '../streams/runtime/lag.ts';
import type { ProcessorHandle } from '../streams/runtime/run-processor.ts';
import { addNoticeMetrics, type NoticeSource } from './bidder-notices.ts';
import { engineMeter } from './engines.ts';
import { addProcessInfo } from './process-info.ts';

const gauges = [
  ['adtally_lag_offsets', 'Records of the log that a processor has not processed', 'offsets'],
  [
    'adtally_lag_ms',
    'Age of the oldest record of the last batch when its outputs were written; 0 when nothing is left',
    'ms',
  ],
  ['adtally_lag_p95_ms', '95th percentile since the start of the time from append to written outputs', 'p95Ms'],
] as const satisfies readonly (readonly [string, string, keyof ShardLag])[];

const counters = [
  ['adtally_processed_records_total', 'Records that a processor has processed', 'processed'],
  ['adtally_checkpoints_total', 'How often the state of a processor was written down', 'checkpoints'],
] as const satisfies readonly (readonly [string, string, keyof ShardLag])[];

const labelNames = ['processor', 'shard'] as const;

/** The metrics of a streams process: how far each processor is, shard by shard, and whether one has stopped. Only of shards that it owns. */
export function streamsMetrics(handles: readonly ProcessorHandle[], notices: NoticeSource): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addProcessInfo(registry);
  engineMeter.addTo(registry);
  addNoticeMetrics(registry, notices);
  const registers = [registry];
  for (const [name, help, field] of gauges) {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const handle of handles) {
          const processor = handle.name;
          for (const one of handle.lag()) this.set({ processor, shard: one.shard }, one[field]);
        }
      },
    });
  }
  for (const [name, help, field] of counters) {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const handle of handles) {
          const processor = handle.name;
          for (const one of handle.lag()) this.inc({ processor, shard: one.shard }, one[field]);
        }
      },
    });
  }
  new Gauge({
    name: 'adtally_shard_failed',
    help: '1 for a shard that has stopped and wants a person',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const handle of handles) {
        const processor = handle.name;
        for (const { shard, status } of handle.health()) this.set({ processor, shard }, status === 'failed' ? 1 : 0);
      }
    },
  });
  return registry;
}
