/**
 * A thread of `serve` that appends to the log: engines may block while they sync, and the thread that answers requests must not.
 */
import { parentPort } from 'node:worker_threads';
import { createSystemClock } from '../adapters/system/clock.ts';
import { readSettings } from '../config/settings.ts';
import { createDrainer } from '../serving/drainer.ts';
import { serveLogWriter, spanSender } from '../serving/writer-thread.ts';
import { openLogOfAny } from './engines.ts';

if (parentPort === null) throw new Error('apps/log-writer.ts is started by apps/serve.ts, as a thread');
// The main thread has looked whose schemas it holds.
const [settings, clock] = [readSettings(process.env), createSystemClock()];
const log = await openLogOfAny(settings, clock);
const trace = settings.traceSampling === 0 ? null : { clock, record: spanSender(parentPort) };
serveLogWriter(parentPort, createDrainer(log, trace));
