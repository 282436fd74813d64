import type { Span, SpanKind } from '../../ports/tracer.ts';

/** Numbers of `Span.SpanKind` in OTLP. */
const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, producer: 4, consumer: 5 };

type Value = string | number | boolean;

/** Who sends spans. */
export interface TraceResource {
  /** `adtally-serve`, `adtally-streams`. */
  readonly service: string;
  /** Which one of them. */
  readonly instance: string;
}

/**
 * Spans as an `ExportTraceServiceRequest` in the JSON of OTLP 1.x (opentelemetry-proto, "JSON Protobuf Encoding"): ids in hexadecimal, 64-bit numbers as text,
 * enums as numbers.
 */
export function otlpRequest({ service, instance }: TraceResource, spans: readonly Span[]): string {
  const resource = attributes({ 'service.name': service, 'service.instance.id': instance });
  const scopeSpans = [{ scope: { name: 'adtally' }, spans: spans.map(otlpSpan) }];
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: resource }, scopeSpans }] });
}

function otlpSpan({ traceId, spanId, parentId, name, kind, startUs, endUs, links = [], ...span }: Span) {
  return {
    traceId,
    spanId,
    ...(parentId !== null && { parentSpanId: parentId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanos(startUs),
    endTimeUnixNano: nanos(endUs),
    attributes: attributes(span.attributes),
    ...(links.length > 0 && { links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })) }),
    status: {},
  };
}

/** Microseconds are safe integers until the year 2255, nanoseconds are not. */
function nanos(us: number): string {
  return `${Math.round(us)}000`;
}

function attributes(all: Readonly<Record<string, Value>>) {
  return Object.entries(all).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: Value) {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
