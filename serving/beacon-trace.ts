import type { Beacon } from '../domain/records.ts';
import { rootSpanOf, spanIdOf, traceIdOf } from '../domain/trace-context.ts';
import type { BufferRecord } from './local-buffer.ts';
import { appendTraced, type TracedBuffer } from './traced-records.ts';

/**
 * Appends the records of a beacon of a traced ad. Its span goes on from the request that the ad was chosen for, however long ago: the token names the selection,
 * and the selection names the span. What follows is the wait for the disk.
 */
export function appendBeacon(beacon: Beacon, records: readonly BufferRecord[], traced: TracedBuffer): Promise<void> {
  const { selection_id: selectionId, node } = beacon.billing;
  const spanId = spanIdOf(beacon.receipt_id);
  traced.tracer.record({
    traceId: traceIdOf(selectionId),
    spanId,
    parentId: rootSpanOf(selectionId),
    name: `beacon ${beacon.kind}`,
    kind: 'server',
    startUs: beacon.received_at * 1000,
    endUs: Math.max(traced.nowUs(), beacon.received_at * 1000),
    attributes: {
      'adtally.selection_id': selectionId,
      'adtally.receipt_id': beacon.receipt_id,
      'adtally.event_id': beacon.event_id,
      'adtally.judgement': beacon.judgement,
      'adtally.transport': beacon.transport,
      'adtally.charges': records.some(({ topic }) => topic === 'spend'),
      'adtally.node': traced.buffer.node,
      'adtally.selected_by': node,
    },
  });
  return appendTraced(beacon.origin.sequence, records, () => spanId, traced);
}
