import { isAdtallyError } from '../domain/errors.ts';
import type { EntriesBooked, Position } from '../domain/records.ts';
import { toCanonical } from '../domain/wire-format.ts';
import { batchEventId, isBefore, ledgerStream, readBatch, type StreamTail } from '../ledger/batch.ts';
import { digestOfCut, genesis, type StreamCut } from '../ledger/chain.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventLog, LogRecord } from '../ports/event-log.ts';
import { type LedgerTruth, ledgerTruths } from '../ports/ledger-index.ts';
import type { LedgerEvent, LedgerStore } from '../ports/ledger-store.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import { type Held, Lane, type ReplayDifference } from './replay-lane.ts';
import { classify, describe } from './runtime/failure.ts';
import { decodeBatch } from './runtime/source.ts';
import { SpendFold } from './runtime/spend-fold.ts';
import { requireNext, requireSpend } from './runtime/spend-shard.ts';

export interface ReplaySources {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly ledger: LedgerStore;
  readonly clock: Clock;
}

/** A ledger stream against its replay. Hashes in hex. */
export interface StreamReplay {
  readonly stream: string;
  readonly entries: number;
  readonly next_offset: number;
  readonly chain_head: string;
  readonly replayed_chain_head: string;
  readonly differences: number;
}

/** What a cold replay of the whole log into a fresh ledger found. */
export interface Replay {
  readonly result: 'tallies' | 'differs';
  readonly records: number;
  readonly entries: number;
  readonly records_per_s: number;
  /** Over all streams at the positions where they stand. */
  readonly digest: string;
  readonly replayed_digest: string;
  readonly streams: readonly StreamReplay[];
  readonly differences_total: number;
  /** In the order of streams, then places. */
  readonly differences: readonly ReplayDifference[];
}

const pageRecords = 2_000;
const pageEvents = 100;
const listedDifferences = 100;
const start: Position = { offset: 0, ordinal: 0 };
const nothing: StreamTail = { next: start, chainHead: genesis, entryCount: 0 };

/**
 * Folds every shard of `spend` from its first record, with nothing but the log, and holds each entry, tick and close that comes of it against the
 * real streams, up to where they stand. Neither batches nor snapshots show in it: what differs, differs in the books.
 */
export async function replayLedgers(
  sources: ReplaySources,
  progress: (sentence: string) => Promise<void>,
): Promise<Replay> {
  const startedUs = sources.clock.monotonicUs();
  const shards: ShardReplay[] = [];
  for (let shard = 0; shard < sources.log.shards('spend'); shard += 1) {
    const replay = new ShardReplay(sources, shard, progress);
    await replay.run();
    shards.push(replay);
  }
  const elapsedS = Math.max(1, sources.clock.monotonicUs() - startedUs) / 1_000_000;
  const streams = shards.flatMap((shard) => Object.values(shard.streams));
  const records = shards.reduce((sum, { fold }) => sum + fold.next, 0);
  const differences = streams.flatMap((stream) => stream.differences);
  const total = streams.reduce((sum, stream) => sum + stream.found, 0);
  return {
    result: total === 0 ? 'tallies' : 'differs',
    records,
    entries: streams.reduce((sum, { entries }) => sum + entries, 0),
    records_per_s: Math.round(records / elapsedS),
    digest: digestOfCut(streams.map((stream) => stream.cut(stream.realHead))),
    replayed_digest: digestOfCut(streams.map((stream) => stream.cut(stream.replayedHead))),
    streams: streams.map((stream) => stream.summary()),
    differences_total: total,
    differences: differences.slice(0, listedDifferences),
  };
}

class ShardReplay {
  readonly fold: SpendFold;
  readonly streams: Readonly<Record<LedgerTruth, ReplayedStream>>;
  readonly #sources: ReplaySources;
  readonly #shard: number;
  readonly #progress: (sentence: string) => Promise<void>;

  constructor(sources: ReplaySources, shard: number, progress: (sentence: string) => Promise<void>) {
    const { maxAppendBytes } = sources.ledger;
    this.#sources = sources;
    this.#shard = shard;
    this.#progress = progress;
    this.fold = new SpendFold({ shard, tails: { tentative: nothing, final: nothing }, maxAppendBytes });
    this.streams = {
      tentative: new ReplayedStream('tentative', shard, sources),
      final: new ReplayedStream('final', shard, sources),
    };
  }

  async run(): Promise<void> {
    const all = Object.values(this.streams);
    for (const stream of all) await stream.open();
    const end = Math.max(...all.map(({ next }) => next.offset + Math.min(1, next.ordinal)));
    while (this.fold.next < end) {
      await this.#progress(`replaying spend/${this.#shard}: ${this.fold.next} of ${end}`);
      const stopped = await this.#foldPage(Math.min(pageRecords, end - this.fold.next));
      for (const truth of ledgerTruths) {
        this.streams[truth].addReplayed(this.fold.take(truth, true));
        await this.streams[truth].compareBefore(this.fold.next);
      }
      if (stopped !== null) {
        for (const stream of all)
          if (stream.next.offset > this.fold.next) stream.tell(`spend@${this.fold.next}`, stopped);
        break;
      }
      this.fold.pacing.take(this.fold.next, this.fold.state.foldTime);
    }
    for (const stream of all) await stream.finish();
  }

  /** Folds some records; the reason if the fold can't go on, as the writer could not. */
  async #foldPage(records: number): Promise<string | null> {
    const { log, registry } = this.#sources;
    let page: readonly LogRecord[];
    try {
      page = await log.read('spend', this.#shard, this.fold.next, records);
    } catch (error) {
      if (!isAdtallyError(error, 'OFFSET_GONE')) throw error;
      // Up to the record that is gone, by halves.
      const half = Math.floor(records / 2);
      if (half > 0) return (await this.#foldPage(half)) ?? (await this.#foldPage(records - half));
      return `the log has lost this record: ${error.message}`;
    }
    if (page.length === 0) return `the log ends here`;
    const decoded = await decodeBatch(registry, page);
    for (const [index, one] of decoded.entries()) {
      try {
        requireNext(this.fold, page[index] as LogRecord);
        if ('error' in one) throw one.error;
        this.fold.fold(requireSpend(one.record));
      } catch (error) {
        const { code, reason } = describe(error);
        if (classify(error) !== 'quarantine') return `the fold can't go on: ${code} ${reason}`;
        this.fold.skip();
      }
    }
    return null;
  }
}

/** One real stream, read from its start, beside what the replay gives. */
class ReplayedStream {
  readonly differences: ReplayDifference[] = [];
  /** All differences, also those that are not listed. */
  found = 0;
  entries = 0;
  next: Position = start;
  realHead: Uint8Array = genesis;
  replayedHead: Uint8Array = genesis;
  readonly #name: string;
  readonly #sources: ReplaySources;
  readonly #entries: Lane;
  readonly #marks: Lane;
  #revision = 0;
  /** Revision of the last event when the replay began: what a running platform appends meanwhile is beyond the log that was read. */
  #lastRevision = -1;
  #readTo: Position = start;

  constructor(truth: LedgerTruth, shard: number, sources: ReplaySources) {
    this.#name = ledgerStream(truth, shard);
    this.#sources = sources;
    const tell = (held: Held, detail: string): void =>
      this.tell(`${held.offset}.${held.ordinal}`, detail, held.entry?.selection_id);
    this.#entries = new Lane(tell);
    this.#marks = new Lane(tell);
  }

  /** Finds out where the stream stands: by its last batch that can be read. */
  async open(): Promise<void> {
    const { ledger } = this.#sources;
    for (let from: number | 'end' = 'end'; ; ) {
      const [event] = await ledger.readBackwards(this.#name, from, 1);
      if (event === undefined) return;
      this.#lastRevision = Math.max(this.#lastRevision, event.revision);
      const batch = this.#batchOf(event, () => {});
      if (batch !== null) {
        this.next = batch.next;
        this.realHead = batch.chain_head;
        return;
      }
      if (event.revision === 0) return;
      from = event.revision - 1;
    }
  }

  tell(place: string, detail: string, selectionId = ''): void {
    this.found += 1;
    if (this.differences.length < listedDifferences)
      this.differences.push({ stream: this.#name, place, selection_id: selectionId, detail });
  }

  addReplayed(batches: readonly EntriesBooked[]): void {
    for (const { entries, ticks, closes } of batches) {
      for (const entry of entries) {
        const held = { offset: entry.source_offset, ordinal: entry.ordinal, entry };
        if (!isBefore(held, this.next)) continue;
        this.#entries.addReplayed(held);
        this.replayedHead = entry.chain_hash;
      }
      for (const mark of marksOf(ticks, closes)) if (isBefore(mark, this.next)) this.#marks.addReplayed(mark);
    }
  }

  /** Reads the stream up to a source offset and compares as far as both have come. */
  async compareBefore(offset: number): Promise<void> {
    while (this.#readTo.offset < offset && this.#revision <= this.#lastRevision) {
      const most = Math.min(pageEvents, this.#lastRevision - this.#revision + 1);
      const page = await this.#sources.ledger.readForwards(this.#name, this.#revision, most);
      if (page.length === 0) break;
      for (const event of page) this.#addEvent(event);
    }
    this.#entries.compare(false);
    this.#marks.compare(false);
  }

  async finish(): Promise<void> {
    await this.compareBefore(Number.POSITIVE_INFINITY);
    this.#entries.compare(true);
    this.#marks.compare(true);
  }

  #addEvent(event: LedgerEvent): void {
    const revision = `revision ${event.revision}`;
    if (event.revision !== this.#revision) this.tell(revision, `revision ${this.#revision} is missing before it`);
    this.#revision = event.revision + 1;
    const batch = this.#batchOf(event, (detail) => this.tell(revision, detail));
    if (batch === null) return;
    const { first, next, entries, ticks, closes } = batch;
    if (isBefore(first, this.#readTo) || isBefore(this.#readTo, first))
      this.tell(revision, `begins at ${placeText(first)}, the one before ends at ${placeText(this.#readTo)}`);
    this.#readTo = next;
    this.entries += entries.length;
    for (const entry of entries) this.#entries.addReal({ offset: entry.source_offset, ordinal: entry.ordinal, entry });
    for (const mark of marksOf(ticks, closes)) this.#marks.addReal(mark);
  }

  /** The batch of an event whose id follows from its bytes; null if it can't be read. */
  #batchOf(event: LedgerEvent, onProblem: (detail: string) => void): EntriesBooked | null {
    try {
      const batch = readBatch(event, this.#sources.registry);
      const canonical = toCanonical(event.data, this.#sources.registry);
      if (batchEventId(this.#name, batch, canonical) !== event.id)
        onProblem('the id of the event does not follow from its bytes: they were changed');
      return batch;
    } catch (error) {
      onProblem(`can't be read: ${describe(error).reason}`);
      return null;
    }
  }

  cut(chainHead: Uint8Array): StreamCut {
    return { stream: this.#name, next: this.next, chainHead };
  }

  summary(): StreamReplay {
    return {
      stream: this.#name,
      entries: this.entries,
      next_offset: this.next.offset,
      chain_head: Buffer.from(this.realHead).toString('hex'),
      replayed_chain_head: Buffer.from(this.replayedHead).toString('hex'),
      differences: this.found,
    };
  }
}

function marksOf(ticks: EntriesBooked['ticks'], closes: EntriesBooked['closes']): Held[] {
  return [...ticks, ...closes]
    .map((mark) => ({ offset: mark.offset, ordinal: 0, mark }))
    .sort((a, b) => a.offset - b.offset);
}

function placeText({ offset, ordinal }: Position): string {
  return `${offset}.${ordinal}`;
}
