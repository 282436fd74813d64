/** What there is to compare with: kafkajs's own consumer, which counts the records of a topic from its first to its last and does nothing else with them. */
import { Kafka, logLevel } from 'kafkajs';

interface Task {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly records: number;
  readonly mode: 'message' | 'batch';
}

const { brokers, topic, records, mode } = JSON.parse(process.argv[2] ?? '') as Task;
const kafka = new Kafka({ brokers: [...brokers], clientId: 'bench', logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: `bench-${process.pid}-${Date.now()}` });
let [count, bytes, startedMs] = [0, 0, 0];

const { promise: ended, resolve: end } = Promise.withResolvers<number>();

function take(value: Buffer | null): void {
  if (count === 0) startedMs = performance.now();
  count += 1;
  bytes += value?.length ?? 0;
  if (count === records) end(performance.now() - startedMs);
}

await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run(
  mode === 'message'
    ? { eachMessage: async ({ message }) => take(message.value) }
    : { eachBatch: async ({ batch }) => batch.messages.forEach(({ value }) => take(value)) },
);
const tookMs = await ended;
process.stdout.write(JSON.stringify({ records, bytes, tookMs }));
process.exit(0);
