import { createHash } from 'node:crypto';
import type { Random } from '../../ports/random.ts';

/** Randomness by seed: the same seed draws the same. sfc32 (Chris Doty-Humphrey, PractRand), seeded from a SHA-256 of the seed. */
export function createSeededRandom(seed: string | number): Random {
  const words = new Uint32Array(new Uint8Array(createHash('sha256').update(String(seed)).digest()).buffer);
  let [a = 0, b = 0, c = 0] = words;
  let counter = 1;
  const next = () => {
    const drawn = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + drawn;
    return drawn >>> 0;
  };
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() >>> 24),
    fraction: () => next() / 2 ** 32,
  };
}
