import type { TimesByLineItem } from './frequency.ts';

/** Key of what nodes selected for a person of late. */
export function sharedSelectionsKey(userKey: string): string {
  return `sel:${userKey}`;
}

/** As JSON: line item → times, ms. */
export function encodeSelections(times: TimesByLineItem): Uint8Array {
  return Buffer.from(JSON.stringify(Object.fromEntries(times)));
}

const nothing: TimesByLineItem = new Map();

/** Bytes that are no such view are as good as none: they are gone within a minute. */
export function decodeSelections(bytes: Uint8Array): TimesByLineItem {
  const parsed = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  if (typeof parsed !== 'object' || parsed === null) return nothing;
  const entries = Object.entries(parsed);
  return entries.every(isTimes) ? new Map(entries as [string, number[]][]) : nothing;
}

function isTimes([, times]: [string, unknown]): boolean {
  return Array.isArray(times) && times.every(Number.isSafeInteger);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a SyntaxError is how JSON says "not a view"
  }
}
