import { isUuid } from '../domain/identity.ts';
import type { AnyRecord, Topic } from '../domain/records.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import { CatalogHistory } from './catalog-history.ts';
import { FactBook } from './facts.ts';
import { type LedgerStream, readLedgerStream } from './ledger-reading.ts';
import { type Damage, inner, isNamed, type Placed, type Range, readShard, refText } from './log-reading.ts';
import { BufferProgress } from './nodes.ts';
import { adjustmentsThatHold } from './outcome.ts';
import type { Reporting } from './reporting-reading.ts';
import { Timeline } from './timeline.ts';

/** Told what is being done, in a sentence; whoever waits for it lets others work meanwhile. */
export type Progress = (sentence: string) => Promise<void>;

/** What a run reads from. It writes to none of them. */
export interface Sources {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly ledger: LedgerStore;
  /** Null: reporting is left out, and the report says so. */
  readonly reporting: Reporting | null;
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
  /** Records that are lost, or that can't be read and of which nothing in quarantine says so. */
  readonly damages: readonly Damage[];
  /** How many records can't be read and are known of. */
  readonly quarantinedRecords: number;
}

/** Records after which others get a turn. */
const breathEvery = 1_000;
const evidenceTopics = ['selected', 'impression', 'engagement', 'click'] as const satisfies readonly Topic[];

/**
 * Reads the truths in the order that makes them comparable while everything goes on: whatever follows from a record is read before it. Pacing follows
 * from the ledgers' folds; what the marks of `nodes` call drained is in the evidence read after them; and evidence is drained after its `spend`.
 */
export async function readAll(sources: Sources, progress: Progress): Promise<Reading> {
  const reading = new ReadingInProgress(sources, progress);
  await reading.topic('pacing', (placed) => reading.pacing.push(placed));
  const ledgers: LedgerStream[] = [];
  for (let shard = 0; shard < sources.log.shards('spend'); shard += 1) {
    for (const truth of ['final', 'tentative'] as const) {
      await progress(`reading ledger ${truth}-${shard}`);
      ledgers.push(await readLedgerStream(sources, truth, shard));
    }
  }
  await reading.topic('nodes', (placed) => reading.buffers.add(placed));
  for (const topic of evidenceTopics) await reading.topic(topic, (placed) => reading.book.add(placed));
  await reading.topic('catalog', (placed) => reading.catalog.add(placed));
  await reading.topic('spend', (placed) => reading.addSpend(placed));
  await reading.topic('quarantine', (placed) => reading.addQuarantined(placed));
  return { ...reading.result(), ledgers };
}

class ReadingInProgress {
  readonly positions: Record<string, Range> = {};
  readonly catalog = new CatalogHistory();
  readonly buffers = new BufferProgress();
  readonly book = new FactBook();
  readonly pacing: Placed<AnyRecord>[] = [];
  private readonly timelines = new Map<number, Timeline>();
  private readonly damages: Damage[] = [];
  private readonly quarantined = new Set<string>();
  private readonly sources: Sources;
  private readonly progress: Progress;

  constructor(sources: Sources, progress: Progress) {
    this.sources = sources;
    this.progress = progress;
  }

  async topic(topic: Topic, add: (placed: Placed<AnyRecord>) => void): Promise<void> {
    const onDamage = (damage: Damage): void => void this.damages.push(damage);
    for (let shard = 0; shard < this.sources.log.shards(topic); shard += 1) {
      await this.progress(`reading ${topic}/${shard}`);
      const range = await this.sources.log.bounds(topic, shard);
      this.positions[`${topic}/${shard}`] = range;
      if (range.first > 0) onDamage(forgotten(topic, shard, range.first));
      for await (const placed of readShard(this.sources, { topic, shard }, range, onDamage)) {
        add(placed);
        if (placed.offset % breathEvery === 0) await this.progress(`reading ${topic}/${shard} at ${placed.offset}`);
      }
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

  addQuarantined({ value: { name, value } }: Placed<AnyRecord>): void {
    if (name === 'Quarantined')
      this.quarantined.add(`${value.source_topic}/${value.source_shard}@${value.source_offset}`);
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
    const isKnown = (damage: Damage): boolean =>
      damage.code === 'unreadable_record' && this.quarantined.has(refText(damage));
    const known = this.damages.filter(isKnown);
    for (const { topic, shard, offset, key } of known)
      if (isUuid(key)) this.book.of(key).unreadable.push({ topic, shard, offset });
    const { positions, catalog, buffers, book, pacing, timelines } = this;
    const damages = this.damages.filter((damage) => !isKnown(damage));
    const quarantinedRecords = known.length;
    return { positions, catalog, buffers, book, pacing, timelines, damages, quarantinedRecords, holdingAdjustments };
  }
}

/** Evidence never expires: a first offset above 0 is a loss. */
function forgotten(topic: Topic, shard: number, first: number): Damage {
  return {
    topic,
    shard,
    offset: 0,
    code: 'missing_record',
    key: '',
    detail: `and all up to ${first - 1} are not in the log`,
  };
}
