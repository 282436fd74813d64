import type { EntriesBooked, Entry } from '../../domain/records.ts';
import {
  namedSpanId,
  readTraceparent,
  recordSpanOf,
  rootSpanOf,
  traceIdOf,
  verdictSpanOf,
} from '../../domain/trace-context.ts';
import { ledgerStream } from '../../ledger/batch.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LogRecord } from '../../ports/event-log.ts';
import type { Tracer } from '../../ports/tracer.ts';
import type { SpendRecord } from '../processors/spend-lifecycle.ts';

/** A record of a traced ad that was folded and whose entries are not appended yet. */
interface Folded {
  readonly source: LogRecord;
  readonly name: SpendRecord['name'];
  readonly selectionId: string;
  /** Span of the record, if it is the one of its kind that counts. */
  readonly spanId: string;
  readonly atMs: number;
}

/** Where a batch went. */
export interface AppendedBatch {
  readonly batch: EntriesBooked;
  readonly revision: number;
  /** Unix, ms. */
  readonly startMs: number;
  readonly endMs: number;
}

/** What the one record of its kind causes that counts; another (a second node's click, a contradiction) may cause something else. */
const countingKinds: Readonly<Partial<Record<SpendRecord['name'], readonly string[]>>> = {
  SpendReserved: ['draw'],
  SpendIncurred: ['incur', 'absorb'],
};

/**
 * From a record of `spend` to the entries that it caused, in both ledgers. A record's span follows from the selection and its kind, so that an entry that a tick
 * causes days later finds it without looking; and it is told before the entries are appended, so that a writer that dies in between leaves no entry without
 * its way back: its successor folds the same again, or finds the entries at the stream's end and tells of them then.
 */
export class LedgerTracer {
  readonly #tracer: Tracer;
  readonly #clock: Clock;
  readonly #folded = new Map<number, Folded>();

  constructor(tracer: Tracer, clock: Clock) {
    this.#tracer = tracer;
    this.#clock = clock;
  }

  /** A record was folded. */
  folded(source: LogRecord, record: SpendRecord): void {
    const about = spanOf(source, record);
    if (about === null || !this.#tracer.samples(about.selectionId)) return;
    this.#folded.set(source.offset, { source, name: record.name, ...about, atMs: this.#clock.now() });
  }

  /** The entries of what was folded are about to be appended. */
  appending(batches: readonly EntriesBooked[]): void {
    if (this.#folded.size === 0) return;
    const kinds = new Map<number, string[]>();
    for (const { source_offset: offset, kind } of batches.flatMap(({ entries }) => entries)) {
      if (!this.#folded.has(offset)) continue;
      const known = kinds.get(offset);
      if (known === undefined) kinds.set(offset, [kind]);
      else known.push(kind);
    }
    for (const [offset, caused] of kinds) this.#consumed(this.#folded.get(offset) as Folded, caused);
  }

  /** A batch is in its stream. */
  appended({ batch, revision, startMs, endMs }: AppendedBatch): void {
    const stream = ledgerStream(batch.truth as 'tentative' | 'final', batch.shard);
    for (const entry of batch.entries) {
      if (entry.selection_id === '' || !this.#tracer.samples(entry.selection_id)) continue;
      this.#tracer.record({
        traceId: traceIdOf(entry.selection_id),
        spanId: namedSpanId(`${stream}/${entry.source_offset}.${entry.ordinal}`),
        parentId: this.#parentOf(entry),
        name: `${batch.truth} ${entry.kind}`,
        kind: 'internal',
        startUs: startMs * 1000,
        endUs: endMs * 1000,
        attributes: attributesOf(entry, { stream, revision }),
      });
    }
  }

  /** True if an entry of the batch is of a traced ad. */
  tracesAny({ entries }: EntriesBooked): boolean {
    return entries.some(({ selection_id: id }) => id !== '' && this.#tracer.samples(id));
  }

  /** Everything that was folded is appended, as far as it caused anything. */
  settled(): void {
    this.#folded.clear();
  }

  #consumed({ source, name, selectionId, spanId, atMs }: Folded, kinds: readonly string[]): void {
    const header = source.traceparent === undefined ? null : readTraceparent(source.traceparent);
    const { topic, shard, offset } = source;
    const counts = countingKinds[name]?.some((kind) => kinds.includes(kind)) ?? true;
    const own = counts ? spanId : placeSpan(source);
    this.#folded.set(offset, { source, name, selectionId, spanId: own, atMs });
    this.#tracer.record({
      traceId: traceIdOf(selectionId),
      spanId: own,
      parentId: header?.traceId === traceIdOf(selectionId) ? header.spanId : rootSpanOf(selectionId),
      name: `fold ${name}`,
      kind: 'consumer',
      startUs: atMs * 1000,
      endUs: this.#clock.now() * 1000,
      attributes: {
        'adtally.processor': 'spend-lifecycle',
        'adtally.topic': topic,
        'adtally.shard': shard,
        'adtally.offset': offset,
        'adtally.appended_at': new Date(source.appendedAt).toISOString(),
      },
    });
  }

  /** The record that caused an entry; of one that time caused, the record that it had waited since. */
  #parentOf({ source_offset, selection_id, kind }: Entry): string {
    const cause = this.#folded.get(source_offset);
    if (cause?.selectionId === selection_id) return cause.spanId;
    return recordSpanOf(selection_id, kind === 'release' ? 'reserved' : 'incurred');
  }
}

/** Whose record it is, and its span. Null for what concerns no single selection. */
function spanOf(source: LogRecord, { name, value }: SpendRecord): Pick<Folded, 'selectionId' | 'spanId'> | null {
  switch (name) {
    case 'SpendReserved':
      return { selectionId: value.billing.selection_id, spanId: recordSpanOf(value.billing.selection_id, 'reserved') };
    case 'SpendIncurred':
      return { selectionId: value.billing.selection_id, spanId: recordSpanOf(value.billing.selection_id, 'incurred') };
    case 'TrafficInvalidated':
      return { selectionId: value.selection_id, spanId: verdictSpanOf(value.selection_id, value.rule) };
    case 'Adjusted':
      return { selectionId: value.selection_id, spanId: placeSpan(source) };
    case 'TimeAdvanced':
    case 'NodeFenced':
    case 'PolicySet':
    case 'PeriodClosed':
      return null;
    default:
      return name satisfies never;
  }
}

function placeSpan({ topic, shard, offset }: LogRecord): string {
  return namedSpanId(`fold/${topic}/${shard}/${offset}`);
}

function attributesOf(entry: Entry, { stream, revision }: { readonly stream: string; readonly revision: number }) {
  return {
    'adtally.stream': stream,
    'adtally.revision': revision,
    'adtally.source_offset': entry.source_offset,
    'adtally.ordinal': entry.ordinal,
    'adtally.debit_account': entry.debit_account,
    'adtally.credit_account': entry.credit_account,
    'adtally.amount_micros': entry.amount_micros,
    'adtally.currency': entry.currency,
    'adtally.posting_period': entry.posting_period,
    'adtally.selection_id': entry.selection_id,
    'adtally.campaign_id': entry.campaign_id,
  };
}
