import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type MetricObject, type Registry } from 'prom-client';

/** Messages between the workers of one port and the process that runs them. `ask` numbers the questions of a worker. */
type Message =
  | { readonly adtally: 'metrics'; readonly ask: number }
  | { readonly adtally: 'collect'; readonly collection: number }
  | { readonly adtally: 'collected'; readonly collection: number; readonly metrics: MetricObject[] }
  | { readonly adtally: 'answer'; readonly ask: number; readonly text: string };

/** A worker that does not answer for so long is left out, ms. */
const answerWithinMs = 2_000;

function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'adtally' in message;
}

/** In the process that runs the workers: whoever is asked for metrics answers for all of them. */
export function answerForAll(workers: () => readonly Worker[]): void {
  const collections = new Map<number, (metrics: MetricObject[]) => void>();
  let number = 0;
  const collect = async (): Promise<string> => {
    number += 1;
    const collection = number;
    const asked = workers();
    const all: MetricObject[][] = [];
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, answerWithinMs);
      collections.set(collection, (metrics) => {
        all.push(metrics);
        if (all.length < asked.length) return;
        clearTimeout(timer);
        resolve();
      });
      for (const worker of asked) worker.send({ adtally: 'collect', collection } satisfies Message);
    });
    collections.delete(collection);
    return AggregatorRegistry.aggregate(all).metrics();
  };
  cluster.on('message', (worker, message: unknown) => {
    if (!isMessage(message)) return;
    if (message.adtally === 'collected') collections.get(message.collection)?.(message.metrics);
    if (message.adtally !== 'metrics') return;
    const { ask } = message;
    void collect().then((text) => {
      if (worker.isConnected()) worker.send({ adtally: 'answer', ask, text } satisfies Message);
    });
  });
}

/** In a process of serving: the text of `/metrics`; of all workers where there are several, of this process where there is none beside it. */
export function metricsText(registry: Registry): () => Promise<string> {
  if (!cluster.isWorker) return () => registry.metrics();
  const waiting = new Map<number, (text: string) => void>();
  let asks = 0;
  process.on('message', (message: unknown) => {
    if (!isMessage(message)) return;
    if (message.adtally === 'answer') waiting.get(message.ask)?.(message.text);
    if (message.adtally !== 'collect') return;
    const { collection } = message;
    void registry.getMetricsAsJSON().then((metrics) => send({ adtally: 'collected', collection, metrics }));
  });
  return () => {
    asks += 1;
    const ask = asks;
    return new Promise((resolve) => {
      waiting.set(ask, (text) => {
        waiting.delete(ask);
        resolve(text);
      });
      send({ adtally: 'metrics', ask });
    });
  };
}

function send(message: Message): void {
  if (process.connected) process.send?.(message);
}
