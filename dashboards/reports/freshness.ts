import { formatTime } from '../../domain/time-text.ts';
import type { Clock } from '../../ports/clock.ts';

/** How far an answer of the warehouse has come. */
export interface Freshness {
  /** Everything that was in the log then is in the answer, RFC 3339; null while it is not known: the warehouse is being compared with the log. */
  readonly as_of: string | null;
  /** How long ago that was when it was asked, ms. */
  readonly behind_ms: number | null;
}

export interface FreshnessParts {
  readonly clock: Clock;
  /** Of each topic, the age of the oldest record that the warehouse lacks, ms, 0 if it lacks none; nothing before the sink has begun. */
  readonly sinkLag: () => Promise<readonly { readonly ms: number }[]>;
}

/** However many answers are given, the log is asked once in so long. */
const keptMs = 1_000;

/**
 * Says how fresh an answer is that is asked for from now on. What was known a moment ago holds still, as the warehouse only ever goes on.
 * @param laterMs by how much later than a report the asker sees new rows
 */
export function freshnessOf({ clock, sinkLag }: FreshnessParts): (laterMs?: number) => Promise<Freshness> {
  let known: { readonly atMs: number; readonly asOf: Promise<number | null> } | null = null;
  const ask = async (atMs: number): Promise<number | null> => {
    const lags = await sinkLag();
    return lags.length === 0 ? null : atMs - Math.max(...lags.map(({ ms }) => ms));
  };
  return async (laterMs = 0) => {
    const now = clock.now();
    if (known === null || now - known.atMs >= keptMs) {
      const asked = { atMs: now, asOf: ask(now) };
      asked.asOf.catch(() => {
        if (known === asked) known = null;
      });
      known = asked;
    }
    const asOf = await known.asOf;
    if (asOf === null) return { as_of: null, behind_ms: null };
    return { as_of: formatTime(asOf - laterMs), behind_ms: Math.max(0, now - asOf + laterMs) };
  };
}
