import type { ClickHouseClient } from '@clickhouse/client';
import { AdtallyError } from '../../domain/errors.ts';
import { Turnstile } from './turnstile.ts';

/**
 * Sessions that are used by one statement at a time, and not again after a failure: in chDB 26.7 the part of a result that was there when a query
 * failed stands before the result of the session's next query.
 */
export class SessionPool {
  readonly #open: () => Promise<ClickHouseClient>;
  readonly #turnstile: Turnstile;
  readonly #idle: ClickHouseClient[] = [];
  #closed = false;

  /** @param places statements that run at once; any number waits */
  constructor(open: () => Promise<ClickHouseClient>, places: number) {
    this.#open = open;
    this.#turnstile = new Turnstile(places, Number.POSITIVE_INFINITY);
  }

  run<T>(work: (session: ClickHouseClient) => Promise<T>): Promise<T> {
    return this.#turnstile.run(async () => {
      if (this.#closed) throw new AdtallyError('WAREHOUSE_UNAVAILABLE', 'the warehouse is closed');
      const session = this.#idle.pop() ?? (await this.#open());
      try {
        const result = await work(session);
        if (this.#closed) await session.close();
        else this.#idle.push(session);
        return result;
      } catch (error) {
        await session.close();
        throw error;
      }
    });
  }

  /** Statements under way end; none begins. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const session of this.#idle.splice(0)) await session.close();
  }
}
