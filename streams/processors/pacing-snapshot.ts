import type { PacingLedger } from './pacing-ledger.ts';

const format = 1;

/** A fold of `pacing` to bytes, with the last numbers that held: an allocator that starts from it continues them. */
export function encodePacingLedger(ledger: PacingLedger): Uint8Array {
  return Buffer.from(JSON.stringify({ format, ledger }, tag));
}

/** The fold that was encoded, or null if it is of another format or of other shards: then it is folded again from the log. */
export function decodePacingLedger(bytes: Uint8Array, shard: number, spendShards: number): PacingLedger | null {
  const saved = JSON.parse(Buffer.from(bytes).toString(), untag) as { format: number; ledger: PacingLedger };
  if (saved.format !== format || saved.ledger.shard !== shard || saved.ledger.spendShards !== spendShards) return null;
  return saved.ledger;
}

/** JSON knows neither sums nor maps: `{"$n": "12"}`, `{"$m": [[key, value], …]}`, `{"$s": [value, …]}`. */
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
