import { beforeEach, describe, expect, it } from 'vitest';
import type { Random } from './random.ts';

/** The promises of the Random port, for one engine. */
export function describeRandomContract(name: string, open: () => Random): void {
  describe(`Random on ${name}`, () => {
    let random: Random;
    beforeEach(() => {
      random = open();
    });

    it.each([0, 1, 16, 8191, 8192, 8193, 100_000])('draws %d bytes', (length) => {
      const bytes = random.bytes(length);
      expect(bytes).toBeInstanceOf(Uint8Array);
      expect(bytes).toHaveLength(length);
    });

    it('draws other bytes every time', () => {
      const drawn = Array.from({ length: 5000 }, () => Buffer.from(random.bytes(16)).toString('hex'));
      expect(new Set(drawn).size).toBe(5000);
    });

    it('never changes what it gave', () => {
      const first = random.bytes(10);
      const copy = first.slice();
      for (let i = 0; i < 2000; i++) random.bytes(16);
      expect(first).toEqual(copy);
    });

    it('draws every byte about equally often', () => {
      const counts = new Uint32Array(256);
      for (let i = 0; i < 4000; i++) for (const byte of random.bytes(64)) counts[byte] = (counts[byte] ?? 0) + 1;
      // 256,000 draws: 1,000 of each expected, standard deviation 32.
      expect(Math.min(...counts)).toBeGreaterThan(780);
      expect(Math.max(...counts)).toBeLessThan(1220);
    });

    it('draws fractions of [0, 1), evenly', () => {
      const fractions = Array.from({ length: 50_000 }, () => random.fraction());
      expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...fractions)).toBeLessThan(1);
      const tenths = new Uint32Array(10);
      for (const fraction of fractions)
        tenths[Math.floor(fraction * 10)] = (tenths[Math.floor(fraction * 10)] ?? 0) + 1;
      // 5,000 of each expected, standard deviation 67.
      expect(Math.min(...tenths)).toBeGreaterThan(4500);
      expect(Math.max(...tenths)).toBeLessThan(5500);
    });
  });
}
