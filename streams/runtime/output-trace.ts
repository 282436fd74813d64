import type { AnyRecord } from '../../domain/records.ts';
import { namedSpanId, rootSpanOf, traceIdOf, traceparentOf } from '../../domain/trace-context.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Tracer } from '../../ports/tracer.ts';

export interface OutputTrace {
  readonly tracer: Tracer;
  readonly clock: Clock;
  /** Name of the processor. */
  readonly processor: string;
}

/** The header of a verdict on a traced ad, whose span is told of; nothing for all other records. */
export function traceVerdict(
  { name, value }: AnyRecord,
  { tracer, clock, processor }: OutputTrace,
): { readonly traceparent?: string } {
  if (name !== 'TrafficInvalidated' || !tracer.samples(value.selection_id)) return {};
  const { selection_id: id, rule, category, rules_version } = value;
  const spanId = namedSpanId(`${id}/verdict/${rule}`);
  const nowUs = clock.now() * 1000;
  tracer.record({
    traceId: traceIdOf(id),
    spanId,
    parentId: rootSpanOf(id),
    name: `verdict ${rule}`,
    kind: 'producer',
    startUs: nowUs,
    endUs: nowUs,
    attributes: {
      'adtally.processor': processor,
      'adtally.selection_id': id,
      'adtally.category': category,
      'adtally.rules_version': rules_version,
    },
  });
  return { traceparent: traceparentOf(id, spanId) };
}
