/**
 * What there is to compare with: kafkajs's own consumer, which counts the records of a topic from its first to its last and does nothing else with them, by
 * batch or by message; or our event log, which does the same.
 */
import { Kafka, logLevel } from 'kafkajs';
import { createSystemClock } from '../adapters/system/clock.ts';
import { openLog } from '../apps/engines.ts';
import { readSettings } from '../config/settings.ts';

export interface CountingTask {
  readonly logUrl: string;
  readonly prefix: string;
  readonly shards: number;
  /** Of the topic `spend`. */
  readonly records: number;
  readonly by: 'batch' | 'message' | 'event_log';
}

const pageRecords = 2_000;

/** @returns ms from the first record to the last */
function countByKafkajs({ logUrl, prefix, records, by }: CountingTask): Promise<number> {
  const kafka = new Kafka({ brokers: [new URL(logUrl).host], clientId: 'bench', logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `bench-${process.pid}-${Date.now()}` });
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  let [count, startedMs] = [0, 0];
  const take = (taken: number): void => {
    if (count === 0) startedMs = performance.now();
    count += taken;
    if (count >= records) resolve(performance.now() - startedMs);
  };
  const run = async (): Promise<number> => {
    await consumer.connect();
    await consumer.subscribe({ topic: `${prefix}.spend`, fromBeginning: true });
    await consumer.run(
      by === 'message'
        ? { eachMessage: async () => take(1) }
        : { eachBatch: async ({ batch }) => take(batch.messages.length) },
    );
    return ended;
  };
  return run();
}

async function countByEventLog({ logUrl, prefix, shards }: CountingTask): Promise<number> {
  const url = logUrl.replace('?', `/${prefix}?`);
  const log = await openLog(readSettings({ LOG_URL: url, SHARDS: String(shards) }), createSystemClock());
  const bounds = await Promise.all(Array.from({ length: shards }, (_, shard) => log.bounds('spend', shard)));
  const startedMs = performance.now();
  await Promise.all(
    bounds.map(async ({ next: end }, shard) => {
      for (let from = 0; from < end; ) from += (await log.read('spend', shard, from, pageRecords)).length;
    }),
  );
  return performance.now() - startedMs;
}

if (import.meta.main) {
  const task = JSON.parse(process.argv[2] ?? '') as CountingTask;
  const tookMs = await (task.by === 'event_log' ? countByEventLog(task) : countByKafkajs(task));
  process.stdout.write(JSON.stringify({ tookMs }));
  process.exit(0);
}
