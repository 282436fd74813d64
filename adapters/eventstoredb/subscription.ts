import { once } from 'node:events';
import {
  type AllStreamSubscription,
  END,
  type EventStoreDBClient,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import { AdtallyError } from '../../domain/errors.ts';
import type { LedgerCheckpoint, LedgerEvent, LedgerSubscription } from '../../ports/ledger-store.ts';
import { ledgerFailure } from './failures.ts';
import { ledgerEvent } from './ledger-event.ts';

export interface SubscriptionOptions {
  readonly from: LedgerCheckpoint | 'start' | 'end';
  readonly prefix: string;
  /** Stream behind the prefix that is none of a ledger. */
  readonly listed: string;
}

const what = 'the subscription to the ledgers';
/** Events that may wait here; the server waits when they do. */
const bufferedEvents = 256;
/** A checkpoint after this many times 32 events of other streams. */
const checkpointInterval = 32;

/** A catch-up subscription to $all, filtered by the prefix of our streams. */
export class EventStoreDbSubscription implements LedgerSubscription {
  /** Resolves when the server has taken it. */
  readonly confirmed: Promise<unknown>;
  readonly #stream: AllStreamSubscription;
  readonly #options: SubscriptionOptions;
  #failure: AdtallyError | undefined;
  #taken = 0;
  /** Checkpoints that hold once so many events have been taken: the server's come past events that still wait here. */
  #marks: { readonly after: number; readonly checkpoint: LedgerCheckpoint }[] = [];

  constructor(client: EventStoreDBClient, options: SubscriptionOptions) {
    const { from, prefix } = options;
    this.#options = options;
    const checkpointReached = async (_: unknown, { commit, prepare }: LedgerCheckpoint) => {
      this.#marks.push({ after: this.#taken + this.#stream.readableLength, checkpoint: { commit, prepare } });
    };
    const filter = streamNameFilter({ prefixes: [prefix], checkpointInterval, checkpointReached });
    const fromPosition = from === 'start' ? START : from === 'end' ? END : from;
    this.#stream = client.subscribeToAll({ fromPosition, filter }, { highWaterMark: bufferedEvents });
    this.#stream.on('error', (error) => (this.#failure ??= ledgerFailure(what, error)));
    this.#stream.on('end', () => (this.#failure ??= new AdtallyError('LEDGER_UNAVAILABLE', `${what} has ended`)));
    this.confirmed = once(this.#stream, 'confirmation');
  }

  async next(max: number) {
    const events: LedgerEvent[] = [];
    let checkpoint: LedgerCheckpoint | null = null;
    while (events.length < max) {
      const resolved = this.#stream.read();
      if (resolved === null) break;
      this.#taken += 1;
      const { event } = resolved;
      if (event === undefined) continue;
      checkpoint = event.position ?? checkpoint;
      const stream = event.streamId.slice(this.#options.prefix.length);
      if (stream !== this.#options.listed) events.push(ledgerEvent(stream, event));
    }
    if (events.length === 0 && this.#failure !== undefined) throw this.#failure;
    return { events, checkpoint: this.#passedMark() ?? checkpoint };
  }

  async close(): Promise<void> {
    this.#failure ??= new AdtallyError('LEDGER_UNAVAILABLE', `${what} is closed`);
    // Not awaited: a call that never began never ends, and one that is over can't be cancelled.
    this.#stream.unsubscribe().catch(() => {});
    this.#stream.destroy();
  }

  /** The last of the server's checkpoints if it lies after all that was taken. */
  #passedMark(): LedgerCheckpoint | undefined {
    const passed = this.#marks.filter(({ after }) => after <= this.#taken);
    this.#marks = this.#marks.filter(({ after }) => after > this.#taken);
    const last = passed.at(-1);
    return last?.after === this.#taken ? last.checkpoint : undefined;
  }
}
