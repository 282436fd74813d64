import { AdtallyError } from '../../domain/errors.ts';
import type { Topic } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Bounds, EventLog, GroupOptions, LogRecord, Membership, NewRecord } from '../../ports/event-log.ts';

/** A log in memory with one member per group: for tests of what stands on the log, not of logs. `faults` is asked before every append and read. */
export function memoryEventLog(options: { shards: number; clock: Clock; faults?: () => void }): EventLog {
  const noted = new Map<string, string>();
  const committed = new Map<string, number>();
  const lists = new Map<string, LogRecord[]>();
  const single: readonly Topic[] = ['catalog', 'nodes', 'conversion', 'accounts', 'quarantine', 'models'];
  const shardsOf = (topic: Topic): number => (single.includes(topic) ? 1 : options.shards);
  const list = (topic: Topic, shard: number): LogRecord[] => {
    if (shard < 0 || shard >= shardsOf(topic)) throw new AdtallyError('UNKNOWN_SHARD', `${topic}/${shard}`);
    const key = `${topic}/${shard}`;
    const known = lists.get(key) ?? [];
    lists.set(key, known);
    return known;
  };
  const bounds = (topic: Topic, shard: number): Bounds => ({ first: 0, next: list(topic, shard).length });
  return {
    shards: shardsOf,
    append: async (topic, records: readonly NewRecord[]) => {
      options.faults?.();
      return records.map((record) => {
        const target = list(topic, record.shard);
        target.push({ ...record, topic, offset: target.length, appendedAt: options.clock.now() });
        return target.length - 1;
      });
    },
    read: async (topic, shard, from, max) => {
      options.faults?.();
      const target = list(topic, shard);
      if (from > target.length) throw new AdtallyError('OFFSET_GONE', `${topic}/${shard}/${from}`);
      return target.slice(from, from + max);
    },
    bounds: async (topic, shard) => bounds(topic, shard),
    beginAt: async (topic, shard, first) => {
      throw new AdtallyError('STATE_CONFLICT', `${topic}/${shard} begins at 0, not at ${first}`);
    },
    note: async (notes) => {
      for (const [name, text] of notes) noted.set(name, noted.get(name) ?? text);
      return new Map(noted);
    },
    wait: async (from, timeoutMs) => {
      const ready = (): boolean => from.some(({ topic, shard, offset }) => bounds(topic, shard).next > offset);
      if (!ready()) await options.clock.sleep(Math.min(timeoutMs, 2));
      return ready();
    },
    commits: async () =>
      [...committed].map(([place, next]) => {
        const [group = '', topic, shard] = place.split('/');
        return { group, topic: topic as Topic, shard: Number(shard), next };
      }),
    committed: async (...place) => committed.get(place.join('/')) ?? null,
    commit: async (group, topic, shard, next) => {
      committed.set([group, topic, shard].join('/'), next);
    },
    join: async (group, groupOptions: GroupOptions): Promise<Membership> => {
      const owned = Array.from({ length: shardsOf(groupOptions.topics[0] as Topic) }, (_, shard) => shard);
      await groupOptions.onAssigned(owned);
      return {
        memberId: group,
        owned: () => owned,
        leave: async () => groupOptions.onRevoked(owned),
      };
    },
    close: async () => {},
  };
}
