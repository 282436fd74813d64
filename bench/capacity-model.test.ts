import { describe, expect, test } from 'vitest';
import { assumed, capacityFor, type Measured } from './capacity-model.ts';

const measured: Measured = {
  topics: new Map([
    ['selected', { records: 1, bytes: 1_000 }],
    ['spend', { records: 2, bytes: 500 }],
  ]),
  compression: 0.5,
  ledgerEntries: 4,
  ledgerBytes: 1_000,
  beacons: 2,
  decisionUs: 300,
  beaconUs: 100,
  platformUs: 900,
  foldPerS: 80_000,
};

describe('The capacity model', () => {
  test('lays out what a rate needs', () => {
    expect(capacityFor(10_000, measured)).toEqual({
      decisionsPerS: 10_000,
      servingProcesses: 10, // 10,000 × (300 + 2 × 100) µs = 5 cores, half busy
      logRecordsPerS: 30_000,
      logMbPerS: 15,
      storedTbPerDay: expect.closeTo((15 * 0.5 * 3 * 86_400) / 1e6, 6) as number,
      brokers: 3,
      spendRecordsPerS: 20_000,
      shards: 4, // one core at a quarter folds 20,000
      otherCores: 10, // 900 - 300 - 100 µs
      ledgerEntriesPerS: 40_000,
      ledgerMbPerS: 10,
      ledgerAppendsPerS: 16,
    });
  });

  test('grows in proportion, shards by powers of two, and appends with bytes once they are full', () => {
    const [small, large] = [capacityFor(100_000, measured), capacityFor(1_000_000, measured)];
    expect(large.servingProcesses).toBe(10 * small.servingProcesses);
    expect([small.shards, large.shards]).toEqual([16, 128]);
    expect(large.ledgerAppendsPerS).toBe(1_000);
    expect(capacityFor(1_000_000, measured, { ...assumed, copies: 1 }).brokers).toBe(13);
  });
});
