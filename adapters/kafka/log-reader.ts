import { AdtallyError } from '../../domain/errors.ts';
import type { Bounds, LogRecord, TopicShard } from '../../ports/event-log.ts';
import type { KafkaConnection } from './connection.ts';
import { kafkaType } from './failures.ts';
import type { Cluster } from './protocol.ts';
import type { ReadAhead } from './read-ahead.ts';
import { type Fetched, fetchBounds, fetchShards } from './shard-fetch.ts';

/** A guess, so that one record asked for does not bring a thousand. */
const recordBytes = 1024;
export const mostShardBytes = 1_048_576;

export interface LogReaderOptions {
  readonly connection: KafkaConnection;
  readonly ahead: ReadAhead;
  readonly names: (place: TopicShard) => string;
}

/** Reads by offset. An offset that is gone is an error, never another offset. */
export class LogReader {
  readonly #options: LogReaderOptions;

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  /** All there are from `from` on, at most `max`. Errors: `OFFSET_GONE`, `LOG_UNAVAILABLE`. */
  async read(place: TopicShard, from: number, max: number): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    for (let isEnd = false; records.length < max && !isEnd; ) {
      const next = from + records.length;
      const wanted = max - records.length;
      let run = this.#options.ahead.take(place, next, wanted);
      if (run.length === 0) {
        const fetched = await this.#fetch(place, next, wanted);
        run = fetched.records.slice(0, wanted);
        this.#options.ahead.offer(fetched.records.slice(wanted));
        isEnd = next + fetched.records.length >= fetched.end;
        if (run.length === 0 && !isEnd) throw hole(place, next, fetched.end);
      }
      for (const record of run) records.push(record);
    }
    return records;
  }

  bounds(place: TopicShard): Promise<Bounds> {
    const { connection, names } = this.#options;
    return connection.run((cluster) => fetchBounds(cluster, names(place), place.shard));
  }

  async #fetch(place: TopicShard, offset: number, max: number): Promise<Fetched> {
    const { connection, names } = this.#options;
    const shardBytes = Math.min(mostShardBytes, max * recordBytes);
    const ask = async (cluster: Cluster) => {
      const places = [{ ...place, offset }];
      const [fetched] = await fetchShards(cluster, { places, names, limits: { shardBytes, waitMs: 0 } });
      if (fetched) return fetched;
      throw new AdtallyError('LOG_UNAVAILABLE', `Kafka: no answer for ${place.topic}/${place.shard}`);
    };
    try {
      return await connection.run(ask);
    } catch (error) {
      if (kafkaType(error) !== 'OFFSET_OUT_OF_RANGE') throw error;
      throw await this.#gone(place, offset, error);
    }
  }

  /** A replica that has just become the leader may not know yet up to where readers may read: that passes. */
  async #gone(place: TopicShard, offset: number, cause: unknown): Promise<AdtallyError> {
    const { first, next } = await this.bounds(place);
    const isThere = first <= offset && offset <= next;
    const detail = `${place.topic}/${place.shard}: offset ${offset} is outside ${first}..${next}`;
    return new AdtallyError(isThere ? 'LOG_UNAVAILABLE' : 'OFFSET_GONE', detail, { cause });
  }
}

function hole({ topic, shard }: TopicShard, offset: number, end: number): AdtallyError {
  return new AdtallyError('OFFSET_GONE', `${topic}/${shard}: nothing at ${offset}, though ${end} is the next offset`);
}
