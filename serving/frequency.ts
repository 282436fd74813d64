/** How long an impression may take to show in the person's view; until then what was selected stands for it, ms. */
export const viewLagMs = 60_000;

const none: readonly number[] = [];

/** Line item → times, ms, in ascending order. */
export type TimesByLineItem = ReadonlyMap<string, readonly number[]>;

/** Told of every selection that is noted, so that other nodes learn of it. */
export type ShareSelection = (userKey: string, lineItemId: string, atMs: number) => void;

/** What this node selected for persons within the lag of their views. Memory is bounded by that time. */
export class RecentSelections {
  readonly #share: ShareSelection | null;
  readonly #byPerson = new Map<string, Map<string, number[]>>();
  /** In order of time, for forgetting. */
  #queue: { readonly atMs: number; readonly userKey: string; readonly lineItemId: string }[] = [];
  #forgotten = 0;

  constructor(share: ShareSelection | null = null) {
    this.#share = share;
  }

  note(userKey: string, lineItemId: string, atMs: number): void {
    this.#forget(atMs);
    const items = this.#byPerson.get(userKey) ?? new Map<string, number[]>();
    this.#byPerson.set(userKey, items);
    const times = items.get(lineItemId);
    if (times === undefined) items.set(lineItemId, [atMs]);
    else times.push(atMs);
    this.#queue.push({ atMs, userKey, lineItemId });
    this.#share?.(userKey, lineItemId, atMs);
  }

  /** Line item → times at which it was selected for the person, ascending; undefined if nothing was. */
  of(userKey: string, nowMs: number): TimesByLineItem | undefined {
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

/** What is known of one line item and one person. All ascending, ms. */
export interface KnownExposures {
  /** From the view. */
  readonly exposed: readonly number[];
  /** When the latest of those were selected. */
  readonly shown: readonly number[];
  /** Selections within the lag of the view, by whichever node. */
  readonly selected: readonly number[];
}

/**
 * Exposures after a moment: those in the view, and selections that do not show in it yet. Which do is told by the time at which they were selected, so
 * that an exposure to another node's selection is not taken for one to ours.
 */
export function countExposures({ exposed, shown, selected }: KnownExposures, afterMs: number): number {
  let count = 0;
  for (const time of exposed) if (time > afterMs) count += 1;
  for (const [place, time] of selected.entries()) {
    if (time > afterMs && occurrences(selected, time, place) >= occurrences(shown, time)) count += 1;
  }
  return count;
}

/** How often a time is among the first so many: two tags of a page can ask in the same millisecond. */
function occurrences(times: readonly number[], time: number, first: number = times.length): number {
  let count = 0;
  for (let place = 0; place < first; place += 1) if (times[place] === time) count += 1;
  return count;
}

/** What is known of a person's exposures at one moment. */
export interface ExposureSource {
  /** From the view. */
  readonly exposed: TimesByLineItem;
  /** When the latest of those were selected. */
  readonly shown: TimesByLineItem;
  /** Within the lag of the view. */
  readonly selected: TimesByLineItem;
  readonly nowMs: number;
}

/** Exposures to one line item after a moment. */
export function exposuresAfter(source: ExposureSource, lineItemId: string, afterMs: number): number {
  const exposed = source.exposed.get(lineItemId) ?? none;
  const selected = source.selected.get(lineItemId) ?? none;
  if (exposed.length === 0 && selected.length === 0) return 0;
  return countExposures({ exposed, shown: source.shown.get(lineItemId) ?? none, selected }, afterMs);
}

const nothing: TimesByLineItem = new Map();

/** All times of both, those that both have as often as in one of them: what this node selected is shared, so that it comes back from there. */
export function mergedTimes(a: TimesByLineItem = nothing, b: TimesByLineItem = nothing): TimesByLineItem {
  if (b.size === 0) return a;
  if (a.size === 0) return b;
  const merged = new Map(a);
  for (const [id, times] of b) {
    const own = merged.get(id);
    merged.set(id, own === undefined ? times : united(own, times));
  }
  return merged;
}

function united(a: readonly number[], b: readonly number[]): readonly number[] {
  const more = b.filter((time, place) => occurrences(b, time, place) >= occurrences(a, time));
  return [...a, ...more].sort((one, other) => one - other);
}
