import { isAdtallyError } from '../../domain/errors.ts';
import { uuidV5 } from '../../domain/identity.ts';
import type { ExpectedRevision, LedgerEvent, NewLedgerEvent } from '../../ports/ledger-store.ts';

export interface StreamListPorts {
  read(): Promise<readonly LedgerEvent[]>;
  append(expected: ExpectedRevision, events: readonly NewLedgerEvent[]): Promise<unknown>;
}

/**
 * Names of the streams, kept in a stream of their own: EventStoreDB tells names only by a projection that may be off, or by a read of all that it holds.
 * A stream is listed before its first event is written.
 */
export class StreamList {
  /** Name of the list's own stream; no stream of a ledger has a colon. */
  static readonly stream = ':streams';
  readonly #ports: StreamListPorts;
  readonly #known = new Set<string>();

  constructor(ports: StreamListPorts) {
    this.#ports = ports;
  }

  async names(): Promise<readonly string[]> {
    await this.#read();
    return [...this.#known].toSorted();
  }

  /** Lists a stream if it is not listed. Errors: those of reads and appends. */
  async add(stream: string): Promise<void> {
    while (!this.#known.has(stream)) {
      const last = await this.#read();
      if (this.#known.has(stream)) return;
      const event = { id: uuidV5(`ledger stream/${stream}`), type: 'StreamListed', data: Buffer.from(stream) };
      try {
        await this.#ports.append(last < 0 ? 'no_stream' : last, [event]);
        this.#known.add(stream);
      } catch (error) {
        // Somebody else has listed one in the meantime: what they wrote is read, and if it is another stream, ours goes after it.
        if (!isAdtallyError(error, 'WRONG_EXPECTED_REVISION')) throw error;
      }
    }
  }

  /** @returns last revision of the list, -1 if it is empty */
  async #read(): Promise<number> {
    const events = await this.#ports.read();
    for (const { data } of events) this.#known.add(Buffer.from(data).toString('utf8'));
    return events.at(-1)?.revision ?? -1;
  }
}
