import type { Topic } from '../domain/records.ts';
import { namedSpanId, traceIdOf, traceparentOf } from '../domain/trace-context.ts';
import type { Tracer } from '../ports/tracer.ts';
import type { BufferRecord, LocalBuffer } from './local-buffer.ts';

/** Topics whose key is a selection_id. */
const ofSelections: readonly Topic[] = ['selected', 'spend', 'impression', 'engagement', 'click'];

/** The same records; those of traced ads with a header that leads to the span they come from. */
function withTraceparents(
  records: readonly BufferRecord[],
  tracer: Tracer,
  spanOf: (selectionId: string) => string,
): readonly BufferRecord[] {
  return records.map((record) => {
    if (!ofSelections.includes(record.topic) || !tracer.samples(record.key)) return record;
    return { ...record, traceparent: traceparentOf(record.key, spanOf(record.key)) };
  });
}

/** Where traced records go, and what tells the time: Unix, microseconds. */
export interface TracedBuffer {
  readonly tracer: Tracer;
  readonly buffer: LocalBuffer;
  readonly nowUs: () => number;
}

/** Appends an entry; for traced ads with headers, and with a span for how long it took until it was on the disk. */
export function appendTraced(
  sequence: number,
  records: readonly BufferRecord[],
  spanOf: (selectionId: string) => string,
  { tracer, buffer, nowUs }: TracedBuffer,
): Promise<void> {
  const headed = withTraceparents(records, tracer, spanOf);
  const stored = buffer.append(sequence, headed);
  const selections = new Set(headed.filter(({ traceparent }) => traceparent !== undefined).map(({ key }) => key));
  if (selections.size === 0) return stored;
  const startUs = nowUs();
  const { node, boot } = buffer;
  const record = () => {
    const endUs = nowUs();
    for (const selectionId of selections) {
      tracer.record({
        traceId: traceIdOf(selectionId),
        spanId: namedSpanId(`${selectionId}/fsync/${boot}/${sequence}`),
        parentId: spanOf(selectionId),
        name: 'buffer fsync',
        kind: 'internal',
        startUs,
        endUs,
        attributes: { 'adtally.node': node, 'adtally.boot': boot, 'adtally.sequence': sequence },
      });
    }
  };
  // Whoever appended is told of a failure; there is no fsync to tell of then.
  stored.then(record, () => undefined);
  return stored;
}
