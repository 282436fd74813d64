import { samplerOf } from '../domain/trace-context.ts';
import type { Span, Tracer } from '../ports/tracer.ts';

/** Keeps spans, each once: what is told again must be the same in everything but its times. */
export class RecordingTracer implements Tracer {
  readonly spans = new Map<string, Span>();
  /** Spans that were told again, and differently. */
  readonly contradictions: string[] = [];
  readonly samples: (selectionId: string) => boolean;

  constructor(ratio = 1) {
    this.samples = samplerOf(ratio);
  }

  record(span: Span): void {
    const key = `${span.traceId}/${span.spanId}`;
    const known = this.spans.get(key);
    if (known !== undefined && identityOf(known) !== identityOf(span)) {
      this.contradictions.push(`${identityOf(known)} became ${identityOf(span)}`);
    }
    this.spans.set(key, known ?? span);
  }

  all(): readonly Span[] {
    return [...this.spans.values()];
  }

  named(name: string): readonly Span[] {
    return this.all().filter((span) => span.name === name);
  }

  /** Names from a span up to where nothing is known above it; a span without a parent ends with `root`. */
  pathOf({ traceId, spanId }: Pick<Span, 'traceId' | 'spanId'>): readonly string[] {
    const names: string[] = [];
    let next: string | null = spanId;
    while (next !== null) {
      const span: Span | undefined = this.spans.get(`${traceId}/${next}`);
      if (span === undefined) return [...names, 'unknown'];
      names.push(span.name);
      next = span.parentId;
      if (names.length > 20) return [...names, 'circle'];
    }
    return [...names, 'root'];
  }
}

function identityOf({ traceId, spanId, parentId, name, kind }: Span): string {
  return `${name} (${kind}) ${traceId}/${spanId} under ${String(parentId)}`;
}
