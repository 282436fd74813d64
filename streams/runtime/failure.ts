import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { FailureClass } from './processor.ts';

/** Codes that say something about one record, not about us: it is put aside and the fold goes on. */
const knownBad: readonly string[] = ['UNREADABLE_RECORD', 'VALIDATION_FAILED', 'AMOUNT_OUT_OF_RANGE'];

/** The one place where a failure is judged: what may pass is tried again, a bad record is put aside, everything else stops. */
export function classify(error: unknown): FailureClass {
  if (!(error instanceof AdtallyError)) return 'stop';
  if (error.retriable) return 'retry';
  return knownBad.includes(error.code) ? 'quarantine' : 'stop';
}

/** Code and sentence of a failure for health and quarantine. */
export function describe(error: unknown): { readonly code: string; readonly reason: string } {
  if (isAdtallyError(error)) return { code: error.code, reason: error.message };
  return { code: 'UNKNOWN', reason: error instanceof Error ? error.message : String(error) };
}

/** Raised inside a task that was told to stop while it waited; never seen outside the runtime. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

export interface RetryOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Told before every wait, so that health can show it. */
  readonly onRetry: (error: unknown) => void;
}

const firstDelayMs = 25;
const longestDelayMs = 5_000;

/**
 * Runs a step until it succeeds, for failures that may pass, with exponential back-off and jitter. A task that was told to stop still makes
 * one attempt, so that its last outputs and checkpoint are written. Errors: `Stopped`, or what cannot pass.
 */
export async function retrying<T>(step: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock } = options;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
    const startedAt = clock.now();
    try {
      return await step();
    } catch (error) {
      if (classify(error) !== 'retry') throw error;
      if (options.signal.aborted) throw new Stopped();
      options.onRetry(error);
    }
    if (clock.now() - startedAt > 2 * longestDelayMs) delayMs = firstDelayMs; // it worked for a while: this is a new failure
    await options.clock.sleep(delayMs * (0.5 + options.random.fraction() / 2), options.signal);
  }
}
