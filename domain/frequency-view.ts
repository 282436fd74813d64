/**
 * What the `frequency` processor writes and a decision reads of a person: one view for each user_key, as JSON
 * `{"v": 1, "items": {"li_…": [exposed_at ms, …]}, "selected": {"li_…": [selected_at ms, …]}, "segments": […]}`.
 */
export interface FrequencyView {
  /** Line item → times of its latest exposures, ms, in ascending order, at most `maxExposuresKept`. */
  readonly items: ReadonlyMap<string, readonly number[]>;
  /**
   * Line item → when its exposures of the last `matchedMs` were selected, ms: by that a node knows which of its selections the view shows already.
   * Missing in views of before.
   */
  readonly selected?: ReadonlyMap<string, readonly number[]>;
  /** Segments of the profile. */
  readonly segments: readonly string[];
}

/** A cap of more impressions than this can't be held against the view, so the catalogue refuses it. */
export const maxExposuresKept = 50;

/** Longest window of a cap, ms: a month of 31 days in which clocks are put back. Exposures before it count for nothing. */
export const longestWindowMs = 31 * 86_400_000 + 3_600_000;

/** For so long after an exposure the view says when it was selected, ms. */
export const matchedMs = 600_000;

const encodingVersion = 1;

/** Key of a person's view. */
export function frequencyViewKey(userKey: string): string {
  return `freq:${userKey}`;
}

export function encodeFrequencyView(view: FrequencyView): Uint8Array {
  const [items, selected] = [latestTimes(view.items), latestTimes(view.selected ?? new Map())];
  return Buffer.from(JSON.stringify({ v: encodingVersion, items, selected, segments: view.segments }));
}

function latestTimes(times: ReadonlyMap<string, readonly number[]>): Record<string, readonly number[]> {
  return Object.fromEntries(Array.from(times, ([lineItemId, list]) => [lineItemId, list.slice(-maxExposuresKept)]));
}

/** Reads a view; null for bytes of another version or that are no view: the person is then unknown, never wrongly capped. */
export function decodeFrequencyView(bytes: Uint8Array): FrequencyView | null {
  const parsed = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  if (!isEncoded(parsed)) return null;
  const { items, selected = {}, segments } = parsed;
  return { items: new Map(Object.entries(items)), selected: new Map(Object.entries(selected)), segments };
}

interface Encoded {
  readonly v: number;
  readonly items: Readonly<Record<string, readonly number[]>>;
  readonly selected?: Readonly<Record<string, readonly number[]>>;
  readonly segments: readonly string[];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a SyntaxError is how JSON says "not a view"; the caller treats the person as unknown
  }
}

function isEncoded(value: unknown): value is Encoded {
  const view = value as Partial<Encoded> | null;
  return (
    typeof view === 'object' &&
    view !== null &&
    view.v === encodingVersion &&
    Array.isArray(view.segments) &&
    view.segments.every((segment) => typeof segment === 'string') &&
    areTimes(view.items) &&
    (view.selected === undefined || areTimes(view.selected))
  );
}

function areTimes(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((times) => Array.isArray(times) && times.every(Number.isSafeInteger))
  );
}
