import type { EntriesBooked, Position } from '../../domain/records.ts';
import { isBefore, readBatch } from '../../ledger/batch.ts';
import type { EventLog, NewRecord } from '../../ports/event-log.ts';
import { type LedgerTruth, ledgerTruths } from '../../ports/ledger-index.ts';
import type { LedgerWriter, LedgerWriterPorts } from './ledger-writer.ts';
import { decodeBatch } from './source.ts';

export interface JournalMirrorOptions extends LedgerWriterPorts {
  readonly log: EventLog;
  readonly shard: number;
  /** Most records of the source that one append to the journal stems from. */
  readonly batchRecords: number;
}

const pageEvents = 32;
const pageRecords = 1_000;
const start: Position = { offset: 0, ordinal: 0 };

/**
 * Copies ledger entries to topic `journal`, for reporting. At least once: a reader knows an entry by (truth, shard, source offset, ordinal). Every
 * append to the ledgers is mirrored whole before the next one, so that only the last one can be missing or torn after a crash.
 */
export class JournalMirror {
  readonly #options: JournalMirrorOptions;

  constructor(options: JournalMirrorOptions) {
    this.#options = options;
  }

  /** Appends the entries of batches that were just written. May be called again with the same ones. */
  async mirror(batches: readonly EntriesBooked[], from: Position = start): Promise<void> {
    const records = batches.flatMap((batch) => this.#records(batch, from));
    if (records.length > 0) await this.#options.log.append('journal', records);
  }

  /**
   * Mirrors what an earlier life left out: from the snapshot on, since it was saved after the mirror, or, without one, from what the
   * journal's tail shows.
   */
  async catchUp(writers: Readonly<Record<LedgerTruth, LedgerWriter>>, snapshot: number | null): Promise<void> {
    for (const truth of ledgerTruths) {
      const writer = writers[truth];
      if (writer.tail.entryCount === 0) continue;
      const from = snapshot === null ? await this.#mirroredThrough(truth) : { offset: snapshot, ordinal: 0 };
      if (isBefore(from, writer.tail.next)) await this.#mirrorFrom(writer, from);
    }
  }

  async #mirrorFrom(writer: LedgerWriter, from: Position): Promise<void> {
    const { ledger, registry } = this.#options;
    let revision = writer.revision;
    while (revision >= 0) {
      const page = await ledger.readBackwards(writer.stream, revision, pageEvents);
      const index = page.findIndex((event) => !isBefore(from, readBatch(event, registry).first));
      revision = revision - (index < 0 ? page.length : index);
      if (index >= 0 || page.length === 0) break;
    }
    for (let next = Math.max(0, revision); next <= writer.revision; next += pageEvents) {
      const page = await ledger.readForwards(writer.stream, next, pageEvents);
      await this.mirror(
        page.map((event) => readBatch(event, registry)),
        from,
      );
    }
  }

  /** A position below which the journal surely holds every entry of a ledger: its last entry, less what one torn append may span. */
  async #mirroredThrough(truth: LedgerTruth): Promise<Position> {
    const { log, registry, shard, batchRecords } = this.#options;
    const { first, next } = await log.bounds('journal', shard);
    for (let to = next; to > first; to -= pageRecords) {
      const from = Math.max(first, to - pageRecords);
      const page = await decodeBatch(registry, await log.read('journal', shard, from, to - from));
      const last = page.findLast(
        (one) => 'record' in one && one.record.name === 'EntryBooked' && one.record.value.truth === truth,
      );
      if (last !== undefined && 'record' in last && last.record.name === 'EntryBooked') {
        return { offset: Math.max(0, last.record.value.entry.source_offset - batchRecords), ordinal: 0 };
      }
    }
    return start;
  }

  #records(batch: EntriesBooked, from: Position): readonly NewRecord[] {
    const { registry, shard } = this.#options;
    const { truth, entries } = batch;
    return entries
      .filter((entry) => !isBefore({ offset: entry.source_offset, ordinal: entry.ordinal }, from))
      .map((entry) => ({
        shard,
        key: String(shard),
        value: registry.encode('EntryBooked', { truth, shard, entry }),
      }));
  }
}
