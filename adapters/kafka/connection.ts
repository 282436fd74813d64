import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { asLogFailure, isAnswer } from './failures.ts';
import { type BrokerAccess, type Cluster, createCluster } from './protocol.ts';

export interface ConnectionTimes {
  readonly connectMs: number;
  /** How long one request may take. */
  readonly requestMs: number;
  /** How long a failed request is tried again before the failure is told. */
  readonly retryMs: number;
}

export const defaultConnectionTimes: ConnectionTimes = { connectMs: 3000, requestMs: 10_000, retryMs: 1000 };

export interface ConnectionOptions {
  readonly access: BrokerAccess;
  /** Topics, by Kafka's names, whose leaders are needed. */
  readonly topics: readonly string[];
  readonly clock: Clock;
  readonly times: ConnectionTimes;
}

interface Session {
  readonly ready: Promise<Cluster>;
  /** Rejects when the session is given up. */
  readonly ended: Promise<never>;
  end(error: Error): void;
}

/**
 * A line to the brokers for one request at a time: a broker answers the requests of a connection in their order anyway, and so nothing
 * overtakes a request that is being repeated. After a failure it starts afresh, with new connections and metadata.
 */
export class KafkaConnection {
  readonly #options: ConnectionOptions;
  readonly #closing = new AbortController();
  #session: Session | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /**
   * Asks when all that was asked before is answered; the same again after a failure that may pass.
   * @param withinMs how long one attempt may take, connecting not counted
   * Errors: `LOG_UNAVAILABLE`, `BAD_SETTING`, and Kafka's answers (`isAnswer`) as they are.
   */
  run<T>(ask: (cluster: Cluster) => Promise<T>, withinMs = this.#options.times.requestMs): Promise<T> {
    const asked = this.#turn.then(() => this.#persist(ask, withinMs));
    // What becomes of it is its asker's business; the next one's turn comes in any case.
    this.#turn = asked.then(
      () => {},
      () => {},
    );
    return asked;
  }

  /** What is being asked fails at once. */
  close(): void {
    this.#closing.abort();
    this.#end(new AdtallyError('LOG_UNAVAILABLE', 'is closed'));
  }

  async #persist<T>(ask: (cluster: Cluster) => Promise<T>, withinMs: number): Promise<T> {
    const { clock, times } = this.#options;
    const untilUs = clock.monotonicUs() + times.retryMs * 1000;
    for (let pauseMs = 30; ; pauseMs = Math.min(2 * pauseMs, 300)) {
      try {
        return await this.#attempt(ask, withinMs);
      } catch (error) {
        const failure = asLogFailure(error);
        const mayPass = isAdtallyError(failure) && failure.retriable;
        if (!mayPass || this.#closing.signal.aborted || clock.monotonicUs() > untilUs) throw failure;
      }
      await clock.sleep(pauseMs, this.#closing.signal);
    }
  }

  async #attempt<T>(ask: (cluster: Cluster) => Promise<T>, withinMs: number): Promise<T> {
    if (this.#closing.signal.aborted) throw new AdtallyError('LOG_UNAVAILABLE', 'is closed');
    const { clock, times } = this.#options;
    this.#session ??= this.#open();
    const { ready, ended } = this.#session;
    const late = new AdtallyError('LOG_UNAVAILABLE', `Kafka did not answer within ${withinMs} ms`);
    const timer = clock.after(withinMs + times.connectMs, () => this.#end(late));
    try {
      return await Promise.race([ready.then(ask), ended]);
    } catch (error) {
      if (!isAnswer(error)) this.#end(error instanceof Error ? error : late);
      throw error;
    } finally {
      timer.cancel();
    }
  }

  #open(): Session {
    const { access, topics, times } = this.#options;
    const { cluster, drop } = createCluster(access, times);
    const { promise: ended, reject } = Promise.withResolvers<never>();
    ended.catch(() => {});
    const connect = async () => {
      await cluster.connect();
      await cluster.addMultipleTargetTopics(topics);
      return cluster;
    };
    return {
      ready: connect(),
      ended,
      end: (error) => {
        reject(error);
        drop();
        // Resolves or not: its sockets are gone, and what it still has is forgotten with it.
        cluster.disconnect().catch(() => {});
      },
    };
  }

  #end(error: Error): void {
    this.#session?.end(error);
    this.#session = null;
  }
}
