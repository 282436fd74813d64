import type { AnyRecord, Topic } from '../domain/records.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { Warehouse } from '../ports/warehouse.ts';
import { CatalogHistory } from './catalog-history.ts';
import { FactBook } from './facts.ts';
import { type LedgerStream, readLedgerStream } from './ledger-reading.ts';
import { inner, isNamed, type Placed, type Range, type RecordRef, readShard } from './log-reading.ts';
import { BufferProgress } from './nodes.ts';
import { adjustmentsThatHold } from './outcome.ts';
import { Timeline } from './timeline.ts';

/** What a run reads from. It writes to none of them. */
export interface Sources {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly ledger: LedgerStore;
  /** Null: reporting is left out, and the report says so. */
  readonly warehouse: Warehouse | null;
}

/** Everything that a run has read, before anything is compared. */
export interface Reading {
  readonly positions: Readonly<Record<string, Range>>;
  readonly catalog: CatalogHistory;
  readonly buffers: BufferProgress;
  readonly book: FactBook;
  readonly timelines: ReadonlyMap<number, Timeline>;
  readonly holdingAdjustments: ReadonlyMap<number, ReadonlySet<number>>;
  readonly pacing: readonly Placed<AnyRecord>[];
  readonly ledgers: readonly LedgerStream[];
  readonly unreadable: readonly RecordRef[];
}

const evidenceTopics = ['selected', 'impression', 'engagement', 'click'] as const satisfies readonly Topic[];

/** Reads the truths in the order that makes them comparable: evidence positions are fixed first, `spend` is read to its end after them. */
export async function readAll(sources: Sources, onProgress: (sentence: string) => void): Promise<Reading> {
  const reading = new ReadingInProgress(sources);
  // The ledgers first, then evidence, then spend: what a ledger holds is surely in spend by then.
  const shards = sources.log.shards('spend');
  const ledgers: LedgerStream[] = [];
  for (let shard = 0; shard < shards; shard += 1) {
    for (const truth of ['final', 'tentative'] as const) {
      onProgress(`reading ledger ${truth}-${shard}`);
      ledgers.push(await readLedgerStream(sources.ledger, sources.registry, truth, shard));
    }
  }
  onProgress('reading pacing');
  await reading.topic('pacing', (placed) => reading.pacing.push(placed));
  for (const topic of evidenceTopics) {
    onProgress(`reading ${topic}`);
    await reading.topic(topic, (placed) => reading.book.add(placed));
  }
  await reading.topic('catalog', (placed) => reading.catalog.add(placed));
  await reading.topic('nodes', (placed) => reading.buffers.add(placed));
  onProgress('reading spend');
  await reading.topic('spend', (placed) => reading.addSpend(placed));
  return { ...reading.result(), ledgers };
}

class ReadingInProgress {
  readonly positions: Record<string, Range> = {};
  readonly catalog = new CatalogHistory();
  readonly buffers = new BufferProgress();
  readonly book = new FactBook();
  readonly pacing: Placed<AnyRecord>[] = [];
  private readonly timelines = new Map<number, Timeline>();
  private readonly unreadable: RecordRef[] = [];
  private readonly sources: Sources;

  constructor(sources: Sources) {
    this.sources = sources;
  }

  async topic(topic: Topic, add: (placed: Placed<AnyRecord>) => void): Promise<void> {
    for (let shard = 0; shard < this.sources.log.shards(topic); shard += 1) {
      const range = await this.sources.log.bounds(topic, shard);
      this.positions[`${topic}/${shard}`] = range;
      for await (const placed of readShard(this.sources, { topic, shard }, range, (ref) => this.unreadable.push(ref)))
        add(placed);
    }
  }

  addSpend(placed: Placed<AnyRecord>): void {
    const timeline = this.timeline(placed.shard);
    if (isNamed(placed, 'TimeAdvanced')) timeline.addTick(placed.offset, placed.value.value.advanced_to);
    else if (isNamed(placed, 'NodeFenced'))
      timeline.addFence(placed.offset, placed.value.value.node, placed.value.value.boot);
    else if (isNamed(placed, 'PolicySet')) timeline.addPolicy(inner(placed));
    else if (isNamed(placed, 'PeriodClosed')) timeline.addClose(inner(placed));
    else this.book.add(placed);
  }

  private timeline(shard: number): Timeline {
    const known = this.timelines.get(shard) ?? new Timeline(shard);
    this.timelines.set(shard, known);
    return known;
  }

  result() {
    const byShard = new Map<number, Placed<{ adjustment_number: number }>[]>();
    for (const { adjustments } of this.book.selections.values()) {
      for (const at of adjustments) byShard.set(at.shard, [...(byShard.get(at.shard) ?? []), at]);
    }
    const holdingAdjustments = new Map([...byShard].map(([shard, list]) => [shard, adjustmentsThatHold(list)]));
    const { positions, catalog, buffers, book, pacing, timelines, unreadable } = this;
    return { positions, catalog, buffers, book, pacing, timelines, unreadable, holdingAdjustments };
  }
}
