/** One thing that was done for one ad, over. Times are Unix time in microseconds. No attribute tells of a person, a network, a key or a token. */
export interface Span {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. The same thing told twice has the same id. */
  readonly spanId: string;
  /** Null: the root. */
  readonly parentId: string | null;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startUs: number;
  readonly endUs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Other traces that it has to do with. */
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** `server`: it was asked from outside; `producer` and `consumer`: it put a record into the log, or took one out. */
export type SpanKind = 'server' | 'internal' | 'producer' | 'consumer';

/**
 * Where spans go. Whoever has none (null) traces nothing and pays for one comparison. Recording never waits, never throws and may lose spans: nothing but
 * who looks at traces depends on it.
 */
export interface Tracer {
  /** True if this ad is traced. Every process says the same of an ad. */
  samples(selectionId: string): boolean;
  record(span: Span): void;
}
