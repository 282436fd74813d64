import type { Topic } from '../domain/records.ts';
import { namedSpanId, readTraceparent } from '../domain/trace-context.ts';
import type { NewRecord } from '../ports/event-log.ts';
import type { Span } from '../ports/tracer.ts';

export interface Appended {
  readonly records: readonly NewRecord[];
  /** Where they went, in their order. */
  readonly offsets: readonly number[];
  /** Unix, ms. */
  readonly startMs: number;
  readonly endMs: number;
}

/** A span for each record with a header: the append that brought it into the log, under the span that it comes from. */
export function appendSpans(topic: Topic, { records, offsets, startMs, endMs }: Appended): readonly Span[] {
  const spans: Span[] = [];
  for (const [index, { traceparent, shard }] of records.entries()) {
    const context = traceparent === undefined ? null : readTraceparent(traceparent);
    if (context === null) continue;
    const offset = offsets[index] ?? -1;
    spans.push({
      traceId: context.traceId,
      spanId: namedSpanId(`append/${topic}/${shard}/${offset}`),
      parentId: context.spanId,
      name: `append ${topic}`,
      kind: 'producer',
      startUs: startMs * 1000,
      endUs: endMs * 1000,
      attributes: { 'adtally.topic': topic, 'adtally.shard': shard, 'adtally.offset': offset },
    });
  }
  return spans;
}
