import type { FrequencyCap } from '../domain/records.ts';

/** How long an impression may take to show in the person's view; until then this node's own selections stand for it, ms. */
export const viewLagMs = 60_000;

const none: readonly number[] = [];

/** What this node selected for persons within the lag of their views. Memory is bounded by that time. */
export class RecentSelections {
  readonly #byPerson = new Map<string, Map<string, number[]>>();
  /** In order of time, for forgetting. */
  #queue: { readonly atMs: number; readonly userKey: string; readonly lineItemId: string }[] = [];
  #forgotten = 0;

  note(userKey: string, lineItemId: string, atMs: number): void {
    this.#forget(atMs);
    const items = this.#byPerson.get(userKey) ?? new Map<string, number[]>();
    this.#byPerson.set(userKey, items);
    const times = items.get(lineItemId);
    if (times === undefined) items.set(lineItemId, [atMs]);
    else times.push(atMs);
    this.#queue.push({ atMs, userKey, lineItemId });
  }

  /** Line item → times at which it was selected for the person, ascending; undefined if nothing was. */
  of(userKey: string, nowMs: number): ReadonlyMap<string, readonly number[]> | undefined {
    this.#forget(nowMs);
    return this.#byPerson.get(userKey);
  }

  #forget(nowMs: number): void {
    for (;;) {
      const first = this.#queue[this.#forgotten];
      if (first === undefined || first.atMs > nowMs - viewLagMs) break;
      this.#drop(first.userKey, first.lineItemId);
      this.#forgotten += 1;
    }
    if (this.#forgotten > 1024 && this.#forgotten * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#forgotten);
      this.#forgotten = 0;
    }
  }

  #drop(userKey: string, lineItemId: string): void {
    const items = this.#byPerson.get(userKey);
    const times = items?.get(lineItemId);
    times?.shift();
    if (times?.length === 0) items?.delete(lineItemId);
    if (items?.size === 0) this.#byPerson.delete(userKey);
  }
}

/**
 * Exposures within the window up to now: those in the view, and own selections that do not show in it yet. A selection shows if the view has an
 * exposure at or after it, within the lag, that no earlier selection accounts for.
 */
export function countExposures(
  exposed: readonly number[],
  selected: readonly number[],
  { nowMs, windowMs }: { readonly nowMs: number; readonly windowMs: number },
): number {
  const since = nowMs - windowMs;
  let count = 0;
  for (const time of exposed) if (time > since) count += 1;
  let next = 0;
  for (const time of selected) {
    while (next < exposed.length && (exposed[next] as number) < time) next += 1;
    if (next < exposed.length && (exposed[next] as number) <= time + viewLagMs) next += 1;
    else if (time > since) count += 1;
  }
  return count;
}

/** What is known of a person's exposures at one moment. */
export interface ExposureSource {
  /** From the view. */
  readonly exposed: ReadonlyMap<string, readonly number[]>;
  /** By this node, within the lag. */
  readonly selected: ReadonlyMap<string, readonly number[]> | undefined;
  readonly nowMs: number;
}

/** Exposures of one line item within the window of its cap. */
export function exposuresOf(source: ExposureSource, lineItemId: string, cap: FrequencyCap): number {
  const exposed = source.exposed.get(lineItemId) ?? none;
  const selected = source.selected?.get(lineItemId) ?? none;
  if (exposed.length === 0 && selected.length === 0) return 0;
  return countExposures(exposed, selected, { nowMs: source.nowMs, windowMs: cap.window_ms });
}
