import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBatch } from '../ledger/batch.ts';
import { OutageRun } from '../test/outage/outage-run.ts';

export interface LagOptions {
  readonly folder: string;
  readonly ledger: 'sqlite' | 'eventstoredb_double';
  readonly ms: number;
}

/** Far from what a machine can do. */
const perSecond = 20;
const warmMs = 8_000;
const lookMs = 5;

/**
 * Runs the platform on Kafka under a light load and watches the ledger store as any reader may: ms from the acknowledgement of an impression's
 * beacon to the arrival of its entry in the tentative ledger.
 */
export async function measureLag({ folder, ledger: kind, ms }: LagOptions): Promise<Readonly<Record<string, number>>> {
  mkdirSync(folder, { recursive: true });
  const engines = kind === 'sqlite' ? (['kafka'] as const) : (['kafka', 'ledger'] as const);
  const say = (sentence: string) => void process.stderr.write(`${sentence}\n`);
  const run = await OutageRun.start({ folder, engines, perSecond, say });
  const bookedAt = new Map<string, number>();
  const stopping = new AbortController();
  try {
    await run.untilFilled();
    const watching = watch(run, bookedAt, stopping.signal);
    await sleep(warmMs);
    const stretch = await run.measure(ms);
    await run.settle();
    stopping.abort();
    await watching;
    const lags = run.load.impressions.flatMap(({ selectionId, seenMs, acknowledgedAt }) => {
      const at = bookedAt.get(selectionId);
      const isMeasured = seenMs >= stretch.fromMs && seenMs < stretch.toMs;
      return isMeasured && at !== undefined && acknowledgedAt !== null ? [at - acknowledgedAt] : [];
    });
    lags.sort((a, b) => a - b);
    const at = (share: number) => lags[Math.floor(lags.length * share)] ?? Number.NaN;
    return { lag_beacons: lags.length, lag_p50_ms: at(0.5), lag_p95_ms: at(0.95), lag_p99_ms: at(0.99) };
  } finally {
    await run.stop();
  }
}

async function watch({ ledger, registry }: OutageRun, bookedAt: Map<string, number>, signal: AbortSignal) {
  const subscription = await ledger.subscribe('start');
  while (!signal.aborted) {
    const { events } = await subscription.next(100);
    const now = Date.now();
    for (const event of events) {
      for (const { selection_id, kind } of readBatch(event, registry).entries) {
        if (kind === 'incur' && !bookedAt.has(selection_id)) bookedAt.set(selection_id, now);
      }
    }
    if (events.length === 0) await sleep(lookMs);
  }
  await subscription.close();
}
