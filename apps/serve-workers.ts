import cluster, { type Worker } from 'node:cluster';
import { workerNode } from '../config/limits.ts';
import type { Settings } from '../config/settings.ts';
import type { Logger } from '../ports/logger.ts';
import { relayAnswers } from './worker-answers.ts';
import { answerForAll } from './worker-metrics.ts';

export interface WorkersOptions {
  readonly settings: Settings;
  readonly port: number;
  readonly log: Logger;
}

const restartDelayMs = 250;
const longestRestartDelayMs = 5_000;
/** A worker that lived this long starts again at once when it ends. */
const steadyAfterMs = 10_000;
/** A worker that ends so often in a row before it listens will not listen. */
const hopelessEnds = 5;

interface Slot {
  readonly node: string;
  worker: Worker | null;
  delayMs: number;
  /** In a row, without having listened. */
  ends: number;
  timer: NodeJS.Timeout | null;
}

/**
 * Runs the workers of this process on one port: the first alone until it listens, so that what is made once is made once, then the others. A worker that ends
 * is started again under its name and recovers what it left; connections go to those that listen. Resolves once all have stopped, after SIGINT or
 * SIGTERM.
 */
export async function runServeWorkers({ settings, port, log }: WorkersOptions): Promise<void> {
  const slots = Array.from(
    { length: settings.serveWorkers },
    (_, index): Slot => ({
      node: workerNode(settings, index + 1),
      worker: null,
      delayMs: restartDelayMs,
      ends: 0,
      timer: null,
    }),
  );
  let stopping = false;

  function launch(slot: Slot): Worker {
    const startedAt = Date.now();
    const worker = cluster.fork({ NODE_NAME: slot.node, SERVE_PORT: String(port) });
    slot.worker = worker;
    slot.timer = null;
    worker.once('listening', () => (slot.ends = 0));
    worker.once('exit', (code, signal) => {
      slot.worker = null;
      if (stopping) return;
      slot.ends += 1;
      const how = signal ?? `exit ${code}`;
      log.say('warn', 'PROCESS_RESTARTED', `${slot.node} ended (${how}) and is started again`, { node: slot.node });
      // Its supervisor shall see it, and start it all anew.
      if (slot.ends >= hopelessEnds) process.exit(1);
      const isSteady = Date.now() - startedAt > steadyAfterMs;
      slot.delayMs = isSteady ? restartDelayMs : Math.min(slot.delayMs * 2, longestRestartDelayMs);
      slot.timer = setTimeout(() => launch(slot), slot.delayMs);
    });
    return worker;
  }

  const stopped = waitForStop(() => {
    stopping = true;
    return Promise.all(slots.map(stopSlot));
  });
  answerForAll(() => slots.flatMap(({ worker }) => (worker?.isConnected() ? [worker] : [])));
  relayAnswers();
  const [first, ...others] = slots;
  const launchOthers = () => {
    if (!stopping) for (const slot of others) launch(slot);
  };
  if (first !== undefined) {
    launch(first);
    cluster.once('listening', launchOthers);
  }
  await stopped;
}

function waitForStop(stop: () => Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    let asked = false;
    const ask = () => {
      if (asked) return;
      asked = true;
      stop().then(() => resolve(), reject);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, ask);
  });
}

/** Whoever supervises this process kills it if that takes too long, and with it its workers. */
function stopSlot({ worker, timer }: Slot): Promise<void> {
  if (timer !== null) clearTimeout(timer);
  if (worker === null) return Promise.resolve();
  return new Promise((resolve) => {
    worker.once('exit', () => resolve());
    worker.process.kill('SIGTERM');
  });
}
