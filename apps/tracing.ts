import { Counter, type Registry } from 'prom-client';
import type { OtlpTracer } from '../adapters/opentelemetry/otlp-tracer.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';

export interface TracingOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly process: 'serve' | 'streams';
  /** Which one. */
  readonly instance: string;
  readonly processLog: Pick<Logger, 'say'>;
}

/** The tracer of a process; null, with nothing loaded, where nothing is to be traced. */
export async function openTracer({
  settings,
  clock,
  process,
  instance,
  processLog,
}: TracingOptions): Promise<OtlpTracer | null> {
  const { traceSampling: sampling, traceEndpoint: endpoint } = settings;
  if (sampling === 0) return null;
  const [{ createOtlpTracer }, { createSystemHttp }] = await Promise.all([
    import('../adapters/opentelemetry/otlp-tracer.ts'),
    import('../adapters/system/http.ts'),
  ]);
  const http = createSystemHttp({ connections: 1 });
  const resource = { service: `adtally-${process}`, instance };
  const onTrouble = (sentence: string) => processLog.say('warn', 'SPANS_DROPPED', sentence);
  return createOtlpTracer({ http, clock, endpoint, resource, sampling, onTrouble });
}

/** What became of spans. */
export function addTraceMetrics(registry: Registry, { counts }: Pick<OtlpTracer, 'counts'>): void {
  new Counter({
    name: 'adtally_trace_spans_total',
    help: 'Spans that a collector took (sent), or that were dropped: the queue was full or the collector away',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(counts)) this.inc({ outcome }, count);
    },
  });
}
