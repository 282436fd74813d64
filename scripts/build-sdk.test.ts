import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bundleSdk } from './build-sdk.ts';

const budgetBytes = 5_000;

describe('The bundled SDK', () => {
  test(`has at most ${budgetBytes} bytes when it is compressed`, async () => {
    expect(gzipSync(await bundleSdk(), { level: 9 }).length).toBeLessThanOrEqual(budgetBytes);
  });

  test('is the one that serve hands out (`npm run sdk` builds it)', async () => {
    expect(readFileSync(new URL('../sdk/dist/adtally.js', import.meta.url), 'utf8')).toBe(await bundleSdk());
  });

  test('imports nothing', async () => {
    expect(await bundleSdk()).not.toMatch(/\bimport\b/);
  });
});
