import { type Topic, topicRecords } from '../domain/records.ts';

const single: readonly Topic[] = ['catalog', 'nodes', 'conversion', 'accounts', 'quarantine', 'models'];

/** Every topic with the number of shards that it has when the platform runs with `shards`. */
export function topicShards(shards: number): Record<Topic, number> {
  const topics = Object.keys(topicRecords).filter((topic) => topic !== 'ledger') as Topic[];
  return Object.fromEntries(topics.map((topic) => [topic, single.includes(topic) ? 1 : shards])) as Record<
    Topic,
    number
  >;
}
