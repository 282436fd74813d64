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
import { PacingBook } from './pacing-book.ts';
import { adjustmentsThatHold } from './outcome.ts';
import type { Reporting } from './reporting-reading.ts';
import { Texts } from './texts.ts';
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

/** What selections are recounted on. */
export interface Ground {
  readonly positions: Readonly<Record<string, Range>>;
  readonly catalog: CatalogHistory;
  readonly buffers: BufferProgress;
  readonly timelines: ReadonlyMap<number, Timeline>;
  readonly holdingAdjustments: ReadonlyMap<number, ReadonlySet<number>>;
  /** Longest life of a token and of what may be held back after it, of the selections read so far, ms. */
  readonly longestTokenMs: number;
}

/** One shard of everything that is keyed by selection, before anything of it is compared. */
export interface ShardReading {
  readonly shard: number;
  readonly book: FactBook;
  readonly timeline: Timeline;
  readonly ledgers: readonly LedgerStream[];
  /** Offset of this shard of `spend` that pacing was told of. */
  readonly heardOf: number;
}

/** Records after which others get a turn. */
const breathEvery = 1_000;
const evidenceTopics = ['selected', 'impression', 'engagement', 'click'] as const satisfies readonly Topic[];
type SharedTopic = 'pacing' | 'nodes' | 'catalog' | 'quarantine';

/**
 * Reads the truths shard by shard, so that a run holds one of them in memory, in the order that makes them comparable while everything goes on: whatever
 * follows from a record is read before it. Pacing follows from the ledgers' folds; what the marks of `nodes` call drained is in the evidence read
 * after them; and evidence is drained after its `spend`. What is shared by the shards is read on at its place in that order, each time.
 */
export class LogReader implements Ground {
  readonly positions: Record<string, Range> = {};
  readonly catalog = new CatalogHistory();
  readonly buffers = new BufferProgress();
  readonly pacing = new PacingBook();
  readonly timelines = new Map<number, Timeline>();
  readonly holdingAdjustments = new Map<number, ReadonlySet<number>>();
  longestTokenMs = 0;
  private readonly damages: Damage[] = [];
  private readonly quarantined = new Set<string>();
  private readonly sources: Sources;
  private readonly progress: Progress;

  constructor(sources: Sources, progress: Progress) {
    this.sources = sources;
    this.progress = progress;
  }

  /** Reads one shard, each once. */
  async readShard(shard: number): Promise<ShardReading> {
    await this.readShared('pacing');
    const heardOf = this.pacing.heardOf(shard);
    const texts = new Texts();
    const ledgers: LedgerStream[] = [];
    for (const truth of ['final', 'tentative'] as const) {
      await this.progress(`reading ledger ${truth}-${shard}`);
      ledgers.push(await readLedgerStream(this.sources, { truth, shard }, texts));
    }
    await this.readShared('nodes');
    const book = new FactBook();
    const timeline = new Timeline(shard);
    for (const topic of evidenceTopics) await this.read(topic, shard, (placed) => book.add(placed));
    await this.readShared('catalog');
    await this.read('spend', shard, (placed) => addSpend(placed, timeline, book));
    await this.readShared('quarantine');
    this.longestTokenMs = Math.max(this.longestTokenMs, book.longestTokenMs);
    this.timelines.set(shard, timeline);
    const adjustments = [...book.selections.values()].flatMap((facts) => facts.adjustments);
    this.holdingAdjustments.set(shard, adjustmentsThatHold(adjustments));
    for (const { topic, shard: at, offset, key } of this.knownDamages())
      if (at === shard && isUuid(key) && shardTopics.has(topic)) book.of(key).unreadable.push({ topic, shard, offset });
    return { shard, book, timeline, ledgers, heardOf };
  }

  /** Records that are lost, or that can't be read and of which nothing in quarantine says so. */
  unknownDamages(): readonly Damage[] {
    return this.damages.filter((damage) => !this.isKnown(damage));
  }

  /** Records that can't be read and are known of. */
  knownDamages(): readonly Damage[] {
    return this.damages.filter((damage) => this.isKnown(damage));
  }

  private isKnown(damage: Damage): boolean {
    return damage.code === 'unreadable_record' && this.quarantined.has(refText(damage));
  }

  private async readShared(topic: SharedTopic): Promise<void> {
    const add = {
      pacing: (placed: Placed<AnyRecord>) => this.pacing.add(placed),
      nodes: (placed: Placed<AnyRecord>) => this.buffers.add(placed),
      catalog: (placed: Placed<AnyRecord>) => this.catalog.add(placed),
      quarantine: (placed: Placed<AnyRecord>) => this.addQuarantined(placed),
    }[topic];
    for (let shard = 0; shard < this.sources.log.shards(topic); shard += 1) await this.read(topic, shard, add);
  }

  /** From where it was read to before, to its present end. */
  private async read(topic: Topic, shard: number, add: (placed: Placed<AnyRecord>) => void): Promise<void> {
    const onDamage = (damage: Damage): void => void this.damages.push(damage);
    const place = `${topic}/${shard}`;
    await this.progress(`reading ${place}`);
    const { first, next } = await this.sources.log.bounds(topic, shard);
    const known = this.positions[place];
    if (known === undefined && first > 0) onDamage(forgotten(topic, shard, first));
    const from = known?.next ?? first;
    this.positions[place] = { first: known?.first ?? first, next: Math.max(from, next) };
    for await (const placed of readShard(this.sources, { topic, shard }, { first: from, next }, onDamage)) {
      add(placed);
      if (placed.offset % breathEvery === 0) await this.progress(`reading ${place} at ${placed.offset}`);
    }
  }

  private addQuarantined({ value: { name, value } }: Placed<AnyRecord>): void {
    if (name === 'Quarantined')
      this.quarantined.add(`${value.source_topic}/${value.source_shard}@${value.source_offset}`);
  }
}

const shardTopics: ReadonlySet<Topic> = new Set([...evidenceTopics, 'spend']);

function addSpend(placed: Placed<AnyRecord>, timeline: Timeline, book: FactBook): void {
  if (isNamed(placed, 'TimeAdvanced')) timeline.addTick(placed.offset, placed.value.value.advanced_to);
  else if (isNamed(placed, 'NodeFenced'))
    timeline.addFence(placed.offset, placed.value.value.node, placed.value.value.boot);
  else if (isNamed(placed, 'PolicySet')) timeline.addPolicy(inner(placed));
  else if (isNamed(placed, 'PeriodClosed')) timeline.addClose(inner(placed));
  else book.add(placed);
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
