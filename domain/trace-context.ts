import { eventId, uuidV5 } from './identity.ts';

/**
 * Where a record comes from, as W3C Trace Context writes it: `00-<trace>-<span>-<flags>`. The trace of an ad is its selection_id, and the span of a thing is
 * the lower half of the id that it has anyway: whoever holds an id holds the trace, and a replay makes the same spans again.
 */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
}

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
const nothing = /^0+$/;
/** Sampled, and the trace id's lower 7 bytes are random (Trace Context Level 2 §3.2.2.5), as those of a UUIDv7 are. */
const flags = '03';

/** Characters of a traceparent. */
export const traceparentLength = 55;

/** The trace of an ad. */
export function traceIdOf(selectionId: string): string {
  return selectionId.replaceAll('-', '');
}

/** The ad of a trace. */
export function selectionOfTrace(traceId: string): string {
  const part = (from: number, to: number) => traceId.slice(from, to);
  return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
}

/** The span of the thing with this UUID: its lower half, of which 62 bits are random. */
export function spanIdOf(uuid: string): string {
  return uuid.slice(19, 23) + uuid.slice(24, 36);
}

/** The span of something that has no id of its own, by a name that nothing else has. */
export function namedSpanId(name: string): string {
  return spanIdOf(uuidV5(`span/${name}`));
}

/** The root of an ad's trace: the request that it was chosen for. */
export function rootSpanOf(selectionId: string): string {
  return spanIdOf(selectionId);
}

/** The span of the one record by which a selection was reserved or incurred: known wherever the selection is. */
export function recordSpanOf(selectionId: string, kind: 'reserved' | 'incurred'): string {
  return spanIdOf(eventId(selectionId, kind, 0));
}

/** The span of a verdict's record. */
export function verdictSpanOf(selectionId: string, rule: string): string {
  return spanIdOf(eventId(selectionId, `invalidated:${rule}`, 0));
}

/** What a record's header says: the ad's trace, and the span that the record comes from. */
export function traceparentOf(selectionId: string, spanId: string): string {
  return `00-${traceIdOf(selectionId)}-${spanId}-${flags}`;
}

/** Null for what is no traceparent of version 00. */
export function readTraceparent(text: string): TraceContext | null {
  const [, traceId = '', spanId = ''] = form.exec(text) ?? [];
  if (spanId === '' || nothing.test(traceId) || nothing.test(spanId)) return null;
  return { traceId, spanId };
}

/**
 * Whether an ad is traced, by its id alone, so that every process says the same: OpenTelemetry's consistent probability sampling (the lower 56 bits of the
 * trace id against a threshold), of which the upper 32 are looked at.
 * @param ratio share of ads, from 0 to 1
 */
export function samplerOf(ratio: number): (selectionId: string) => boolean {
  const least = Math.round((1 - ratio) * 2 ** 32);
  return (id) => Number.parseInt(id.slice(21, 23) + id.slice(24, 30), 16) >= least;
}
