/**
 * JSON that knows big integers, maps and sets: `{"$n": "12"}`, `{"$m": [[key, value], …]}`, `{"$s": [value, …]}`. For states of processors, whose
 * own objects have no such keys.
 */
export function encodeTagged(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value, tag));
}

export function decodeTagged(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString(), untag);
}

function tag(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { $n: String(value) };
  if (value instanceof Map) return { $m: [...value] };
  if (value instanceof Set) return { $s: [...value] };
  return value;
}

function untag(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const tagged = value as { $n?: string; $m?: [unknown, unknown][]; $s?: unknown[] };
  if (tagged.$n !== undefined) return BigInt(tagged.$n);
  if (tagged.$m !== undefined) return new Map(tagged.$m);
  if (tagged.$s !== undefined) return new Set(tagged.$s);
  return value;
}
