import { samplerOf } from '../../domain/trace-context.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Http } from '../../ports/http.ts';
import type { Span, Tracer } from '../../ports/tracer.ts';
import { otlpRequest, type TraceResource } from './otlp-json.ts';

export interface OtlpTracerOptions {
  readonly http: Http;
  readonly clock: Clock;
  /** `http(s)://host:4318/v1/traces`. */
  readonly endpoint: string;
  readonly resource: TraceResource;
  /** Share of ads, 0 to 1. */
  readonly sampling: number;
  /** Spans that wait, at most: those that come when it is full are dropped. */
  readonly maxQueued?: number;
  /** Spans of one request. */
  readonly batchSpans?: number;
  /** Between two requests, ms. */
  readonly everyMs?: number;
  readonly timeoutMs?: number;
  /** Spans can't be sent. */
  readonly onTrouble: (sentence: string) => void;
}

export interface TraceCounts {
  sent: number;
  /** The queue was full, or a request failed. */
  dropped: number;
}

/** Sends spans to a collector by OTLP over HTTP. */
export interface OtlpTracer extends Tracer {
  readonly counts: Readonly<TraceCounts>;
  /** Spans that wait. */
  queued(): number;
  /** Sends what waits, for a few seconds at the most. */
  close(): Promise<void>;
}

/**
 * A bounded queue and one request at a time. A collector that is slow or away costs spans, never time: nobody waits for it, and what was in a request
 * that failed is not sent again, since a collector that took half of it would show it twice.
 */
export function createOtlpTracer(options: OtlpTracerOptions): OtlpTracer {
  return new QueuedTracer(options);
}

class QueuedTracer implements OtlpTracer {
  readonly samples: (selectionId: string) => boolean;
  readonly counts: TraceCounts = { sent: 0, dropped: 0 };
  readonly #options: OtlpTracerOptions;
  readonly #maxQueued: number;
  readonly #batchSpans: number;
  #queue: Span[] = [];
  #sending: Promise<void> | null = null;
  #closed = false;

  constructor(options: OtlpTracerOptions) {
    this.#options = options;
    this.#maxQueued = options.maxQueued ?? 8_192;
    this.#batchSpans = options.batchSpans ?? 512;
    this.samples = samplerOf(options.sampling);
  }

  queued(): number {
    return this.#queue.length;
  }

  record(span: Span): void {
    if (this.#closed || this.#queue.length >= this.#maxQueued) {
      this.counts.dropped += 1;
      return;
    }
    this.#queue.push(span);
    this.#sending ??= this.#sendSoon();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#sending;
    while (this.#queue.length > 0) await this.#sendBatch();
    await this.#options.http.close();
  }

  /** Rests, sends what has come meanwhile, and again until nothing is left. Never rejects. */
  async #sendSoon(): Promise<void> {
    const { clock, everyMs = 200 } = this.#options;
    while (this.#queue.length > 0) {
      if (!this.#closed && this.#queue.length < this.#batchSpans) await clock.sleep(everyMs);
      await this.#sendBatch();
    }
    this.#sending = null;
  }

  async #sendBatch(): Promise<void> {
    const { http, endpoint, resource, timeoutMs = 3_000 } = this.#options;
    const spans = this.#queue.splice(0, this.#batchSpans);
    try {
      const { status, body } = await http.send({
        method: 'POST',
        url: endpoint,
        headers: { 'content-type': 'application/json' },
        body: otlpRequest(resource, spans),
        timeoutMs: this.#closed ? Math.min(timeoutMs, 1_000) : timeoutMs,
      });
      if (status < 200 || status > 299) throw new Error(`HTTP ${status} ${Buffer.from(body).toString('utf8', 0, 200)}`);
      this.counts.sent += spans.length;
    } catch (error) {
      this.#dropAfter(error, spans.length);
    }
  }

  /** Where a collector is away as the process ends, nothing further is tried. */
  #dropAfter(error: unknown, spans: number): void {
    this.counts.dropped += spans;
    if (this.#closed) this.counts.dropped += this.#queue.splice(0).length;
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.onTrouble(`spans could not be sent and are dropped: ${reason}`);
  }
}
