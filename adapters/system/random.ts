import { randomFillSync } from 'node:crypto';
import type { Random } from '../../ports/random.ts';

const poolBytes = 8192;

/** Cryptographic bytes, drawn from a pool since a call for each identifier costs more than the identifier; fractions are not cryptographic. */
export function createSystemRandom(): Random {
  const pool = new Uint8Array(poolBytes);
  let used = poolBytes;
  return {
    bytes(length) {
      if (length > poolBytes) return randomFillSync(new Uint8Array(length));
      if (used + length > poolBytes) {
        randomFillSync(pool);
        used = 0;
      }
      used += length;
      return pool.slice(used - length, used);
    },
    fraction: () => Math.random(),
  };
}
