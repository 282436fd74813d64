import type { Quarantined } from '../../domain/records.ts';
import type { EventLog, LogRecord } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { readableRecord } from '../readable.ts';

/** What was done about a record of quarantine, in the order of the log. */
export interface ReplayNote {
  /** Its own place in `quarantine`. */
  readonly offset: number;
  /** REPLAY_ASKED: with the reason that was given; REPLAYED: it was handed on; STILL_BAD: it was not believed again. */
  readonly code: 'REPLAY_ASKED' | 'REPLAYED' | 'STILL_BAD';
  readonly sentence: string;
  /** Where a record of the log was appended again, as `spend/2@17`; empty for a beacon. */
  readonly place: string;
  readonly by: string;
  readonly atMs: number;
}

export type NewNote = Pick<ReplayNote, 'code' | 'sentence' | 'place' | 'by' | 'atMs'>;

/** Notes lie in `quarantine` itself, beside what they are about: this is their source topic. */
const noteTopic = 'quarantine';
const pageRecords = 500;
const backRecords = 100_000;

/** Whether a record of quarantine is a note about another one. */
export function isNote({ source_topic }: Pick<Quarantined, 'source_topic'>): boolean {
  return source_topic === noteTopic;
}

/** `spend/2@17`. */
export function placeOf(topic: string, shard: number, offset: number): string {
  return `${topic}/${shard}@${offset}`;
}

/** Follows `quarantine`: what was replayed, and what was refused again. */
export class QuarantineNotes {
  readonly #log: Pick<EventLog, 'bounds' | 'read' | 'append'>;
  readonly #registry: SchemaRegistry;
  readonly #notes = new Map<number, ReplayNote[]>();
  /** Where a refused record of the log lies, and its place in quarantine. */
  readonly #refused = new Map<string, number>();
  #next: number | null = null;

  constructor(parts: {
    readonly log: Pick<EventLog, 'bounds' | 'read' | 'append'>;
    readonly registry: SchemaRegistry;
  }) {
    this.#log = parts.log;
    this.#registry = parts.registry;
  }

  of(offset: number): readonly ReplayNote[] {
    return this.#notes.get(offset) ?? [];
  }

  /** The place in quarantine of what was refused at a place of the log; null: nothing was. */
  refusedAt(place: string): number | null {
    return this.#refused.get(place) ?? null;
  }

  /** Reads to the end of the log. */
  async catchUp(): Promise<void> {
    const { first, next } = await this.#log.bounds('quarantine', 0);
    for (let at = this.#next ?? Math.max(first, next - backRecords); at < next; ) {
      const records = await this.#log.read('quarantine', 0, at, pageRecords);
      if (records.length === 0) return;
      // Somebody else may have read them meanwhile.
      for (const record of records) if (record.offset >= (this.#next ?? 0)) this.#apply(record);
      at += records.length;
      this.#next = Math.max(at, this.#next ?? 0);
    }
  }

  async write(offset: number, note: NewNote): Promise<void> {
    const value: Quarantined = {
      source_topic: noteTopic,
      source_shard: 0,
      source_offset: offset,
      source_key: note.place,
      code: note.code,
      reason: note.sentence,
      processor: note.by,
      bytes: Buffer.alloc(0),
      origin: null,
      quarantined_at: note.atMs,
    };
    const bytes = this.#registry.encode('Quarantined', value);
    await this.#log.append('quarantine', [{ shard: 0, key: note.code, value: bytes }]);
    await this.catchUp();
  }

  #apply({ value, offset }: LogRecord): void {
    const record = readableRecord(this.#registry, value);
    if (record?.name !== 'Quarantined') return;
    const { source_topic, source_shard, source_offset, source_key, code, reason, processor, quarantined_at } =
      record.value;
    if (source_shard >= 0) this.#refused.set(placeOf(source_topic, source_shard, source_offset), offset);
    if (!isNote(record.value)) return;
    const note = { offset, sentence: reason, place: source_key, by: processor, atMs: quarantined_at };
    const about = this.#notes.get(source_offset) ?? [];
    this.#notes.set(source_offset, [...about, { ...note, code: code as ReplayNote['code'] }]);
  }
}
