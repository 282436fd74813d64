import type { PacingLedger } from './pacing-ledger.ts';
import { decodeTagged, encodeTagged } from './tagged-json.ts';

const format = 1;

/** A fold of `pacing` to bytes, with the last numbers that held: an allocator that starts from it continues them. */
export function encodePacingLedger(ledger: PacingLedger): Uint8Array {
  return encodeTagged({ format, ledger });
}

/** The fold that was encoded, or null if it is of another format or of other shards: then it is folded again from the log. */
export function decodePacingLedger(bytes: Uint8Array, shard: number, spendShards: number): PacingLedger | null {
  const saved = decodeTagged(bytes) as { format: number; ledger: PacingLedger };
  if (saved.format !== format || saved.ledger.shard !== shard || saved.ledger.spendShards !== spendShards) return null;
  return saved.ledger;
}
