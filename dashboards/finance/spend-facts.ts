import type { Adjusted, AnyRecord, PolicySet, TrafficInvalidated } from '../../domain/records.ts';
import type { EventLog, LogRecord } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { StateStore } from '../../ports/state-store.ts';
import { readableRecord, writtenSchema } from '../readable.ts';

/** Where one shard of `spend` stands, as far as whoever writes policies, corrections and closes must know it. */
export interface ShardFacts {
  /** Next offset to be read. */
  readonly next: number;
  /** Highest tick so far, ms. */
  readonly foldTime: number;
  /** Number of the last adjustment that held. */
  readonly adjustments: number;
  readonly policy: PolicySet | null;
  /** Last period closed, by calendar. */
  readonly closedThrough: Readonly<Record<number, string>>;
}

/** A record with its place in `spend`. */
export interface Placed<T> {
  readonly shard: number;
  readonly offset: number;
  readonly value: T;
}

export interface SpendFactsDeps {
  readonly log: Pick<EventLog, 'shards' | 'read'>;
  readonly registry: SchemaRegistry;
  readonly states: StateStore;
}

/** The rule of a verdict that a person gave. */
export const manualRule = 'manual';

const fold = 'console-spend-facts';
/** Changes with every change of what is kept; facts of another format are folded again from the log. */
const format = '1';
const formatKey = 'format';
const readRecords = 2_000;
/** After so many records the facts are kept, so that the next start need not read them again. */
const keepEvery = 20_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const empty: ShardFacts = { next: 0, foldTime: 0, adjustments: 0, policy: null, closedThrough: {} };

/**
 * The few facts of `spend` that a person's decisions rest on: policies, ticks, corrections, closes, verdicts given by hand. A fold of the topic
 * that decodes little of the rest; its state is kept as a cache. Errors: those of the log and of the states, `UNKNOWN_SCHEMA`.
 */
export class SpendFacts {
  readonly #deps: SpendFactsDeps;
  readonly #shards: ShardFacts[];
  readonly #adjusted = new Map<string, Placed<Adjusted>>();
  readonly #verdicts = new Map<string, Placed<TrafficInvalidated>>();
  readonly #skipped: ReadonlySet<number>;
  readonly #unkept = new Map<string, Uint8Array>();
  #unkeptRecords = 0;
  #reading: Promise<void> = Promise.resolve();

  private constructor(deps: SpendFactsDeps) {
    this.#deps = deps;
    this.#shards = Array.from({ length: deps.log.shards('spend') }, () => empty);
    const skipped = ['SpendReserved', 'SpendIncurred', 'NodeFenced'] as const;
    this.#skipped = new Set(skipped.map((name) => deps.registry.schemaId(name)));
  }

  /** Restores what was kept and reads on to the end. */
  static async open(deps: SpendFactsDeps): Promise<SpendFacts> {
    const facts = new SpendFacts(deps);
    if ((await deps.states.position(fold)) !== null) await facts.#restore();
    await facts.refresh();
    return facts;
  }

  shard(shard: number): ShardFacts {
    return this.#shards[shard] ?? empty;
  }

  /** All shards in order. */
  shards(): readonly ShardFacts[] {
    return this.#shards;
  }

  /** The adjustment under an event id that took its number. */
  adjustment(eventId: string): Placed<Adjusted> | undefined {
    return this.#adjusted.get(eventId);
  }

  /** The first verdict that a person gave on a selection. */
  manualVerdict(selectionId: string): Placed<TrafficInvalidated> | undefined {
    return this.#verdicts.get(selectionId);
  }

  /** Reads every shard to its present end. */
  refresh(): Promise<void> {
    // One after the other: two readers of one shard would take records twice.
    const reading = this.#reading.then(() => this.#readAll());
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #readAll(): Promise<void> {
    for (const shard of this.#shards.keys()) {
      let records: readonly LogRecord[];
      do {
        records = await this.#deps.log.read('spend', shard, this.shard(shard).next, readRecords);
        for (const record of records) this.#take(shard, record);
      } while (records.length === readRecords);
    }
    if (this.#unkeptRecords >= keepEvery) await this.#keep();
  }

  #take(shard: number, { offset, value }: LogRecord): void {
    const record = this.#skipped.has(writtenSchema(value)) ? null : readableRecord(this.#deps.registry, value);
    const change = record === null ? {} : this.#apply({ shard, offset }, record);
    this.#shards[shard] = { ...this.shard(shard), ...change, next: offset + 1 };
    this.#unkeptRecords += 1;
  }

  #apply(place: { readonly shard: number; readonly offset: number }, record: AnyRecord): Partial<ShardFacts> {
    const facts = this.shard(place.shard);
    switch (record.name) {
      case 'TimeAdvanced':
        return { foldTime: Math.max(facts.foldTime, record.value.advanced_to) };
      case 'PolicySet':
        return record.value.revision > (facts.policy?.revision ?? 0) ? { policy: record.value } : {};
      case 'PeriodClosed': {
        const { calendar, period } = record.value;
        if (nextToClose(facts, calendar)?.period !== period) return {};
        return { closedThrough: { ...facts.closedThrough, [calendar]: period } };
      }
      case 'Adjusted':
        // Of two with the same number the first holds; the other is void and may be written again.
        if (record.value.adjustment_number !== facts.adjustments + 1) return {};
        this.#remember(this.#adjusted, `adjusted/${record.value.event_id}`, { ...place, value: record.value });
        return { adjustments: facts.adjustments + 1 };
      case 'TrafficInvalidated':
        if (record.value.rule === manualRule) {
          this.#remember(this.#verdicts, `verdict/${record.value.selection_id}`, { ...place, value: record.value });
        }
        return {};
      default:
        return {};
    }
  }

  #remember<T>(known: Map<string, Placed<T>>, key: string, placed: Placed<T>): void {
    const id = key.slice(key.indexOf('/') + 1);
    if (known.has(id)) return;
    known.set(id, placed);
    this.#unkept.set(key, encoder.encode(JSON.stringify(placed)));
  }

  async #keep(): Promise<void> {
    const shards = this.#shards.map(
      (facts, shard) => [`shard/${shard}`, encoder.encode(JSON.stringify(facts))] as const,
    );
    const position = this.#shards.map(({ next }) => next).join(',');
    const puts = [[formatKey, encoder.encode(format)] as const, ...shards, ...this.#unkept];
    await this.#deps.states.commit(fold, { position, puts, deletes: [] });
    this.#unkept.clear();
    this.#unkeptRecords = 0;
  }

  async #restore(): Promise<void> {
    const { states } = this.#deps;
    const known = states.get(fold, formatKey);
    if (known === null || decoder.decode(known) !== format) return states.drop(fold);
    for (const [key, bytes] of states.entries(fold)) {
      if (key === formatKey) continue;
      const id = key.slice(key.indexOf('/') + 1);
      const value: unknown = JSON.parse(decoder.decode(bytes));
      if (key.startsWith('shard/')) this.#shards[Number(id)] = value as ShardFacts;
      else if (key.startsWith('adjusted/')) this.#adjusted.set(id, value as Placed<Adjusted>);
      else this.#verdicts.set(id, value as Placed<TrafficInvalidated>);
    }
  }
}

/**
 * The period that a shard may close next, in the calendar as its newest policy lists it; null if it may close none: not before its end in the time
 * of the fold, in sequence, and never the last month listed, because later entries need a month to be posted in.
 */
export function nextToClose(
  { policy, closedThrough, foldTime }: ShardFacts,
  calendar: number,
): { readonly period: string; readonly ends_at: number } | null {
  const months = policy?.calendars.find((known) => known.calendar === calendar)?.months ?? [];
  const index = months.findIndex(({ period }) => period > (closedThrough[calendar] ?? ''));
  const next = months[index];
  return next === undefined || index + 1 === months.length || next.ends_at > foldTime ? null : next;
}
