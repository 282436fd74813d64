import type { EntriesBooked } from '../../domain/records.ts';
import { batchEvent, ledgerStream, readBatch, type StreamTail } from '../../ledger/batch.ts';
import { genesis } from '../../ledger/chain.ts';
import type { LedgerTruth } from '../../ports/ledger-index.ts';
import type { ExpectedRevision, LedgerStore } from '../../ports/ledger-store.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';

export interface LedgerWriterPorts {
  readonly ledger: LedgerStore;
  readonly registry: SchemaRegistry;
}

const emptyTail: StreamTail = { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 };

/** The one writer of a ledger stream, for as long as its expected revision holds. */
export class LedgerWriter {
  readonly stream: string;
  readonly tail: StreamTail;
  readonly #ports: LedgerWriterPorts;
  #revision: ExpectedRevision;

  private constructor(stream: string, ports: LedgerWriterPorts, tail: StreamTail, revision: ExpectedRevision) {
    this.stream = stream;
    this.tail = tail;
    this.#ports = ports;
    this.#revision = revision;
  }

  /** Reads the tail as the leader has it. Errors: `LEDGER_UNAVAILABLE`, `UNKNOWN_SCHEMA`. */
  static async open(truth: LedgerTruth, shard: number, ports: LedgerWriterPorts): Promise<LedgerWriter> {
    const stream = ledgerStream(truth, shard);
    const event = await ports.ledger.tail(stream);
    if (event === null) return new LedgerWriter(stream, ports, emptyTail, 'no_stream');
    const { next, chain_head: chainHead, entry_count: entryCount } = readBatch(event, ports.registry);
    return new LedgerWriter(stream, ports, { next, chainHead, entryCount }, event.revision);
  }

  /** Last revision that this writer knows of; -1 if the stream is empty. */
  get revision(): number {
    return this.#revision === 'no_stream' ? -1 : this.#revision;
  }

  /**
   * Appends batches one after the other. Errors: `WRONG_EXPECTED_REVISION` (somebody else writes), `LEDGER_UNAVAILABLE` (the outcome is
   * unknown): after either this writer is of no use any more.
   */
  async append(batches: readonly EntriesBooked[]): Promise<void> {
    const { ledger, registry } = this.#ports;
    for (const batch of batches) {
      const event = batchEvent(batch, this.stream, registry);
      const { revision } = await ledger.append(this.stream, this.#revision, [event]);
      this.#revision = revision;
    }
  }
}
