import { collectDefaultMetrics, Registry } from 'prom-client';
import { addExchangeMetrics } from '../serving/openrtb/exchange-metrics.ts';
import { serveMetrics } from '../serving/metrics.ts';
import { addModelMetrics } from '../serving/prediction/model-metrics.ts';
import { addBidderMetrics } from './bidders.ts';
import { consoleRegistry } from './console-metrics.ts';
import { engineMeter } from './engines.ts';
import { addProcessInfo } from './process-info.ts';
import { addConnections, addSharedMetrics } from './serve-metrics.ts';
import { streamsMetrics } from './streams-metrics.ts';
import { addTraceMetrics } from './tracing.ts';

export const metricKinds = ['counter', 'gauge', 'histogram'] as const;

/** A metric as a process exports it. */
export interface MetricEntry {
  readonly name: string;
  readonly type: (typeof metricKinds)[number];
  readonly labels: readonly string[];
  readonly meaning: string;
}

export type MetricsProcess = 'serve' | 'streams' | 'console';

/**
 * Every metric of our own that each process can export: the very registries that they answer `/metrics` from, over parts that are never asked. What Node and
 * prom-client tell of a process is left out.
 */
export function exportedMetrics(): Readonly<Record<MetricsProcess, readonly MetricEntry[]>> {
  return {
    serve: entriesOf(serveRegistry()),
    streams: entriesOf(streamsRegistry()),
    console: entriesOf(consoleRegistry({ truths: new Map() }).registry),
  };
}

/** Nothing is read before somebody scrapes, and of this registry nobody does. */
function nothing<T>(): T {
  return {} as T;
}

function serveRegistry(): Registry {
  const registry = serveMetrics({ ...nothing(), decisions: nothing(), overload: nothing() });
  addProcessInfo(registry);
  engineMeter.addTo(registry);
  addSharedMetrics(registry, nothing());
  addConnections(registry, { on: nothing });
  addTraceMetrics(registry, nothing());
  addModelMetrics(registry, nothing(), () => 0);
  addBidderMetrics(registry, { ...nothing(), desk: nothing(), notices: nothing() });
  addExchangeMetrics(registry, { counts: nothing(), rates: nothing(), losses: nothing() });
  return registry;
}

function streamsRegistry(): Registry {
  const registry = streamsMetrics([], nothing());
  addTraceMetrics(registry, nothing());
  return registry;
}

/** What prom-client tells of every process, by name. */
export function defaultMetrics(): readonly string[] {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry.getMetricsAsArray().map(({ name }) => name);
}

interface Registered {
  readonly name: string;
  readonly help: string;
  readonly type: MetricEntry['type'];
  readonly labelNames: readonly string[];
}

function entriesOf(registry: Registry): MetricEntry[] {
  const own = new Set(defaultMetrics());
  return (registry.getMetricsAsArray() as unknown as readonly Registered[])
    .filter(({ name }) => !own.has(name))
    .map(({ name, type, help, labelNames }) => ({ name, type, labels: labelNames, meaning: help }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
