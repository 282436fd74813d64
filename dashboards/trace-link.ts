import { samplerOf, traceIdOf } from '../domain/trace-context.ts';

/** Where to see what was done for an ad, and how long it took. */
export interface TraceLink {
  /** 32 hex digits. */
  readonly trace_id: string;
  /** Null where nobody has said what shows traces. */
  readonly url: string | null;
}

/**
 * Finds the traces of ads by their ids alone.
 * @param sampling share of the ads that are traced
 * @param page URL with `{trace_id}` in it, or empty
 */
export function traceLinks(sampling: number, page: string): (selectionId: string) => TraceLink | null {
  const sampled = samplerOf(sampling);
  return (selectionId) => {
    if (!sampled(selectionId)) return null;
    const trace_id = traceIdOf(selectionId);
    return { trace_id, url: page === '' ? null : page.replaceAll('{trace_id}', trace_id) };
  };
}
