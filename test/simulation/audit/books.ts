import type { AnyRecord, Beacon, SpendIncurred, SpendReserved, TrafficInvalidated } from '../../../domain/records.ts';
import type { LogRecord } from '../../../ports/event-log.ts';
import type { LedgerEvent } from '../../../ports/ledger-store.ts';
import { registry } from '../releases.ts';
import type { Story } from '../story.ts';
import { BudgetBooks } from './budget-books.ts';
import { LedgerBooks } from './ledger-books.ts';
import { TimeBooks } from './time-books.ts';

/** A record in its place in a shard of `spend`. */
export interface PlacedSpend<T> {
  readonly offset: number;
  readonly value: T;
  /** Highest tick before it, ms. */
  readonly foldTime: number;
}

/** What `spend` says of one selection. */
export interface SpendFacts {
  readonly reserved: PlacedSpend<SpendReserved>[];
  readonly incurred: PlacedSpend<SpendIncurred>[];
  readonly verdicts: PlacedSpend<TrafficInvalidated>[];
  adjusted: number;
}

interface SpendShard {
  next: number;
  foldTime: number;
  readonly fences: Map<string, number>;
}

/** Everything that is written to log and ledgers, read by the auditor as it is written. */
export class Books {
  readonly ledgers: LedgerBooks;
  readonly budgets: BudgetBooks;
  /** Receipts in the evidence topics. */
  readonly receipts = new Map<string, Beacon>();
  /** The same by selection. */
  readonly receiptsOf = new Map<string, Beacon[]>();
  /** Records of evidence by selection and kind, repetitions too. */
  readonly arrivals = new Map<string, number>();
  /** By selection, whom it was selected for. */
  readonly userKeys = new Map<string, string | null>();
  /** By selection, who was exposed to it. */
  readonly exposures = new Map<string, string>();
  readonly time: TimeBooks;
  readonly journal = new Map<string, string>();
  readonly spend = new Map<string, SpendFacts>();
  readonly shards: readonly SpendShard[];
  /** Ends of boots: why the first decision says so. */
  readonly ends = new Map<string, string>();
  records = 0;
  /** Records by their name, '' for what nobody can read. */
  readonly written = new Map<string, number>();
  readonly #story: Story;

  constructor(story: Story, shards: number) {
    this.#story = story;
    this.ledgers = new LedgerBooks(story);
    const onBudget = (id: string, total: number): void => {
      this.ledgers.highest.set(id, Math.max(total, this.ledgers.highest.get(id) ?? 0));
    };
    this.time = new TimeBooks(story);
    this.budgets = new BudgetBooks({ story, shards, onBudget });
    this.shards = Array.from({ length: shards }, () => ({ next: 0, foldTime: 0, fences: new Map() }));
  }

  factsOf(selectionId: string): SpendFacts {
    const known = this.spend.get(selectionId) ?? { reserved: [], incurred: [], verdicts: [], adjusted: 0 };
    this.spend.set(selectionId, known);
    return known;
  }

  event(event: LedgerEvent): void {
    this.records += 1;
    this.#story.digest(event.data);
    const record = registry.decode(event.data);
    if (record.name === 'EntriesBooked') this.ledgers.book(record.value);
  }

  record(record: LogRecord): void {
    this.records += 1;
    this.#story.digest(`${record.topic}/${record.shard}`);
    this.#story.digest(record.value);
    if (record.topic === 'spend') (this.shards[record.shard] as SpendShard).next = record.offset + 1;
    const decoded = decode(record.value);
    const name = decoded?.name ?? '';
    this.written.set(name, (this.written.get(name) ?? 0) + 1);
    if (decoded !== null) this.#take(decoded, record);
  }

  #take(record: AnyRecord, { topic, shard, offset, appendedAt }: LogRecord): void {
    if (topic === 'pacing') return this.budgets.take(record, `pacing/${shard}@${offset}`, shard);
    if (topic === 'nodes') this.time.node(record, appendedAt);
    if (topic === 'spend') return this.#takeSpend(record, shard, offset);
    switch (record.name) {
      case 'AdSelected':
        this.userKeys.set(record.value.billing.selection_id, record.value.user_key);
        return;
      case 'ImpressionRendered':
      case 'AdViewable':
      case 'AdClicked':
        this.#arrive(record.value.beacon);
        return;
      case 'EntryBooked': {
        const { truth, shard: of, entry } = record.value;
        this.journal.set(
          `${truth}-${of}@${entry.source_offset}.${entry.ordinal}`,
          Buffer.from(entry.chain_hash).toString('hex'),
        );
        return;
      }
      case 'UserExposed': {
        const { selection_id: id, user_key: userKey } = record.value;
        const known = this.exposures.get(id) ?? userKey;
        if (known !== userKey) this.#story.complain(`${id} exposed ${known} and ${userKey}`);
        this.exposures.set(id, userKey);
        return;
      }
      case 'NodeFenceDecided': {
        const boot = `${record.value.node}/${record.value.boot}`;
        if (!this.ends.has(boot)) this.ends.set(boot, record.value.reason);
        return;
      }
      default:
    }
  }

  #arrive(beacon: Beacon): void {
    const id = beacon.billing.selection_id;
    if (!this.receipts.has(beacon.receipt_id)) this.receiptsOf.set(id, [...(this.receiptsOf.get(id) ?? []), beacon]);
    this.receipts.set(beacon.receipt_id, beacon);
    const key = `${id} ${beacon.kind}`;
    this.arrivals.set(key, (this.arrivals.get(key) ?? 0) + 1);
  }

  #takeSpend(record: AnyRecord, shard: number, offset: number): void {
    const at = this.shards[shard] as SpendShard;
    this.time.spend(record, shard);
    const place = { offset, foldTime: at.foldTime };
    if (record.name === 'TimeAdvanced') at.foldTime = Math.max(at.foldTime, record.value.advanced_to);
    if (record.name === 'NodeFenced') {
      const boot = `${record.value.node}/${record.value.boot}`;
      if (!at.fences.has(boot)) at.fences.set(boot, offset);
    }
    if (record.name === 'SpendReserved')
      this.factsOf(record.value.billing.selection_id).reserved.push({ ...place, value: record.value });
    if (record.name === 'SpendIncurred')
      this.factsOf(record.value.billing.selection_id).incurred.push({ ...place, value: record.value });
    if (record.name === 'TrafficInvalidated')
      this.factsOf(record.value.selection_id).verdicts.push({ ...place, value: record.value });
    if (record.name === 'Adjusted') this.factsOf(record.value.selection_id).adjusted += 1;
  }
}

/** Name of a record, or null. */
export function nameOf(bytes: Uint8Array): string | null {
  return decode(bytes)?.name ?? null;
}

/** Null for bytes that nobody can read. */
function decode(bytes: Uint8Array): AnyRecord | null {
  try {
    return registry.decode(bytes);
  } catch {
    return null;
  }
}
