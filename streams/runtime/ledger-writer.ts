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

interface FoundTail {
  readonly position: StreamTail;
  readonly batch: EntriesBooked | null;
  readonly revision: ExpectedRevision;
}

const noTail: FoundTail = {
  position: { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 },
  batch: null,
  revision: 'no_stream',
};

/** The one writer of a ledger stream, for as long as its expected revision holds. */
export class LedgerWriter {
  readonly stream: string;
  readonly tail: StreamTail;
  /** The batch at the tail when it was read, which may be one whose append had an unknown outcome. */
  readonly found: EntriesBooked | null;
  readonly #ports: LedgerWriterPorts;
  #revision: ExpectedRevision;

  private constructor(stream: string, ports: LedgerWriterPorts, tail: FoundTail) {
    this.stream = stream;
    this.#ports = ports;
    this.tail = tail.position;
    this.found = tail.batch;
    this.#revision = tail.revision;
  }

  /** Reads the tail as the leader has it. Errors: `LEDGER_UNAVAILABLE`, `UNKNOWN_SCHEMA`. */
  static async open(truth: LedgerTruth, shard: number, ports: LedgerWriterPorts): Promise<LedgerWriter> {
    const stream = ledgerStream(truth, shard);
    const event = await ports.ledger.tail(stream);
    if (event === null) return new LedgerWriter(stream, ports, noTail);
    const batch = readBatch(event, ports.registry);
    const { next, chain_head: chainHead, entry_count: entryCount } = batch;
    return new LedgerWriter(stream, ports, {
      position: { next, chainHead, entryCount },
      batch,
      revision: event.revision,
    });
  }

  /** Last revision that this writer knows of; -1 if the stream is empty. */
  get revision(): number {
    return this.#revision === 'no_stream' ? -1 : this.#revision;
  }

  /**
   * Appends batches one after the other, and tells of each. Errors: `WRONG_EXPECTED_REVISION` (somebody else writes), `LEDGER_UNAVAILABLE` (the outcome is
   * unknown): after either this writer is of no use any more.
   */
  async append(
    batches: readonly EntriesBooked[],
    onAppended?: (batch: EntriesBooked, revision: number) => void,
  ): Promise<void> {
    const { ledger, registry } = this.#ports;
    for (const batch of batches) {
      const event = batchEvent(batch, this.stream, registry);
      const { revision } = await ledger.append(this.stream, this.#revision, [event]);
      this.#revision = revision;
      onAppended?.(batch, revision);
    }
  }
}
