/**
 * What the `frequency` processor writes and a decision reads of a person: one view for each user_key, as JSON
 * `{"v": 1, "items": {"li_…": [exposed_at ms, …]}, "segments": […]}`.
 */
export interface FrequencyView {
  /** Line item → times of its latest exposures, ms, in ascending order, at most `maxExposuresKept`. */
  readonly items: ReadonlyMap<string, readonly number[]>;
  /** Segments of the profile. */
  readonly segments: readonly string[];
}

/** A cap of more impressions than this can't be held against the view, so the catalogue refuses it. */
export const maxExposuresKept = 50;

const encodingVersion = 1;

/** Key of a person's view. */
export function frequencyViewKey(userKey: string): string {
  return `freq:${userKey}`;
}

export function encodeFrequencyView(view: FrequencyView): Uint8Array {
  const items = Object.fromEntries(
    Array.from(view.items, ([lineItemId, times]) => [lineItemId, times.slice(-maxExposuresKept)]),
  );
  return Buffer.from(JSON.stringify({ v: encodingVersion, items, segments: view.segments }));
}

/** Reads a view; null for bytes of another version or that are no view: the person is then unknown, never wrongly capped. */
export function decodeFrequencyView(bytes: Uint8Array): FrequencyView | null {
  const parsed = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  if (!isEncoded(parsed)) return null;
  return { items: new Map(Object.entries(parsed.items)), segments: parsed.segments };
}

interface Encoded {
  readonly v: number;
  readonly items: Readonly<Record<string, readonly number[]>>;
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
    typeof view.items === 'object' &&
    view.items !== null &&
    Object.values(view.items).every((times) => Array.isArray(times) && times.every(Number.isSafeInteger))
  );
}
