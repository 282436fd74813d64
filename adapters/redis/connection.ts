import { Cluster, type Redis } from 'ioredis';
import { AdtallyError, type ErrorCode } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { type RedisCall, type RedisReply, sendAll } from './pipelines.ts';
import { createRedisClient } from './redis-client.ts';
import { parseRedisUrl } from './redis-url.ts';

export interface RedisConnectionOptions {
  readonly url: string;
  /** Name of the setting that holds the URL. */
  readonly setting: string;
  readonly clock: Clock;
  /** Code of the error when Redis does not do what it is asked. */
  readonly unavailable: ErrorCode;
}

/** How long opening waits for Redis. A process starts without it, and finds it later. */
const openWaitMs = 2_000;

/** A connection to one Redis or a cluster, which comes back by itself. Everything it is asked ends by a deadline. */
export class RedisConnection {
  readonly #client: Redis | Cluster;
  readonly #clock: Clock;
  readonly #unavailable: ErrorCode;
  readonly #shown: string;
  #lastTrouble = 'not connected';
  #isClosed = false;

  /** Error: `BAD_SETTING` for a URL that is none. A Redis that is away is no error. */
  static async open({ url, setting, clock, unavailable }: RedisConnectionOptions): Promise<RedisConnection> {
    const place = parseRedisUrl(setting, url);
    const connection = new RedisConnection(createRedisClient(place), clock, unavailable, place.shown);
    await connection.#connect();
    return connection;
  }

  private constructor(client: Redis | Cluster, clock: Clock, unavailable: ErrorCode, shown: string) {
    this.#client = client;
    this.#clock = clock;
    this.#unavailable = unavailable;
    this.#shown = shown;
    const remember = (error: unknown) => {
      this.#lastTrouble = wordsOf(error);
    };
    // Somebody must listen, or the client prints; what it says is told to whoever asks next.
    client.on('error', remember);
    client.on('node error', remember);
  }

  /**
   * All calls in one round trip, or one for each node of a cluster; replies in order.
   * Error: the connection's `unavailable` code, if any call got no answer by the deadline or was refused by Redis.
   */
  async ask(calls: readonly RedisCall[], deadlineMs: number): Promise<readonly Exclude<RedisReply, Error>[]> {
    return this.answers(await this.askOpenly(calls, deadlineMs));
  }

  /** Error: the `unavailable` code for the first refusal. */
  answers(replies: readonly RedisReply[]): readonly Exclude<RedisReply, Error>[] {
    return replies.map((reply) => {
      if (reply instanceof Error) throw this.#failure(this.#explain(reply));
      return reply;
    });
  }

  /** As `ask`, with what Redis refused among the replies. Error: the `unavailable` code at the deadline. */
  async askOpenly(calls: readonly RedisCall[], deadlineMs: number): Promise<readonly RedisReply[]> {
    if (this.#isClosed) throw this.#failure('is closed');
    return calls.length === 0 ? [] : this.#within(deadlineMs, sendAll(this.#client, calls));
  }

  /** The same command to every master, keyless. @returns texts. Error: the `unavailable` code. */
  async askMasters(
    command: readonly [name: string, ...args: string[]],
    deadlineMs: number,
  ): Promise<readonly string[]> {
    if (this.#isClosed) throw this.#failure('is closed');
    const [name, ...args] = command;
    const answers = Promise.all(this.#masters().map((master) => master.call(name, ...args)));
    return (await this.#within(deadlineMs, answers)).map(String);
  }

  /** Names of keys that match a pattern, on every master; each at least once. Error: the `unavailable` code. */
  async *scan(pattern: string, deadlineMs: number): AsyncGenerator<readonly string[]> {
    if (this.#isClosed) throw this.#failure('is closed');
    for (const master of this.#masters()) {
      let cursor = '0';
      do {
        const step = master.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000');
        const [next, names] = (await this.#within(deadlineMs, step)) as [string, string[]];
        cursor = next;
        yield names;
      } while (cursor !== '0');
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#client.disconnect();
  }

  #masters(): readonly Redis[] {
    return this.#client instanceof Cluster ? this.#client.nodes('master') : [this.#client];
  }

  async #connect(): Promise<void> {
    const connected = this.#client.connect().then(
      () => this.askMasters(['PING'], openWaitMs),
      () => [], // the first try failed: the reason came as an event, and the client goes on trying
    );
    const waiting = new AbortController();
    const opened = connected.then(
      () => waiting.abort(),
      () => waiting.abort(), // as any later question would: its asker would be told
    );
    await Promise.race([opened, this.#clock.sleep(openWaitMs, waiting.signal)]);
  }

  #within<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = () => reject(this.#failure(`no answer within ${deadlineMs} ms`));
      const timer = this.#clock.after(deadlineMs, late);
      const settle = (then: () => void) => {
        timer.cancel();
        then();
      };
      work.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(this.#failure(this.#explain(error)))),
      );
    });
  }

  /** A refusal for want of a connection says nothing by itself: the reason is what the connection last suffered. */
  #explain(error: unknown): string {
    if (isReply(error)) return wordsOf(error);
    const words = wordsOf(error);
    return `${words.includes('enableOfflineQueue') ? 'no connection' : words}; last trouble: ${this.#lastTrouble}`;
  }

  /** Without the client's error as cause: that carries the command with its arguments, a password or a person's key among them. */
  #failure(sentence: string): AdtallyError {
    return new AdtallyError(this.#unavailable, `Redis ${this.#shown}: ${sentence}`);
  }
}

function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** What an error says, less the arguments that Redis repeats of a command it does not know. */
function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split(', with args')[0] ?? '').slice(0, 300);
}
