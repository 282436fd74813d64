import { describe, expect, test } from 'vitest';
import { FloodGate, type FloodLimits, TokenBuckets } from './flood-gate.ts';

const limits: FloodLimits = { addressPerSecond: 10, keyPerSecond: 30, connectionsPerAddress: 2 };
const [stranger, other] = ['198.51.100.7', '198.51.100.8'];

function gate(changes: Partial<FloodLimits> = {}) {
  const time = { nowMs: 0 };
  const one = new FloodGate({
    limits: { ...limits, ...changes },
    trustedProxies: ['10.0.0.0/8'],
    knownKey: (key) => key === 'ours',
    nowMs: () => time.nowMs,
  });
  const taken = (count: number, address: string, authorization?: string, kind: 'beacon' | 'other' = 'other') => {
    let sum = 0;
    for (let number = 0; number < count; number += 1) if (one.takes(address, authorization, kind)) sum += 1;
    return sum;
  };
  return { one, time, taken };
}

describe('Requests', () => {
  test('of an address are as many as come in two seconds at once, and then as many as its rate', () => {
    const { taken, time } = gate();
    expect(taken(100, stranger)).toBe(20);
    time.nowMs = 1000;
    expect(taken(100, stranger)).toBe(10);
    time.nowMs = 3_600_000;
    expect(taken(100, stranger)).toBe(20);
  });

  test('of one address take nothing from another', () => {
    const { taken } = gate();
    taken(100, stranger);
    expect(taken(5, other)).toBe(5);
  });

  test('with a key of ours are counted by the key; with an invented one by the address', () => {
    const { taken } = gate();
    taken(100, stranger);
    expect(taken(100, stranger, 'Bearer ours')).toBe(60);
    expect(taken(100, other, 'Bearer ours')).toBe(0);
    expect(taken(100, stranger, 'Bearer invented')).toBe(0);
  });

  test('for decisions are refused before beacons are', () => {
    const { taken, one } = gate();
    expect(taken(100, stranger)).toBe(20);
    expect(taken(100, stranger, undefined, 'beacon')).toBe(20);
    expect(one.counts.requests).toBe(160);
  });

  test('of this machine, and where there is no limit, are all taken', () => {
    expect(gate().taken(1000, '127.0.0.1')).toBe(1000);
    expect(gate({ addressPerSecond: 0 }).taken(1000, stranger)).toBe(1000);
  });

  test('that come at a steady rate below the limit are all taken, whatever the moments', () => {
    const buckets = new TokenBuckets(10);
    let refused = 0;
    for (let nowMs = 0; nowMs < 60_000; nowMs += 101) if (!buckets.take('a', nowMs)) refused += 1;
    expect(refused).toBe(0);
  });
});

describe('Connections', () => {
  test('of an address are bounded while they are open', () => {
    const { one } = gate();
    const first = one.connect(stranger);
    expect(first).not.toBeNull();
    one.connect(stranger);
    expect(one.connect(stranger)).toBeNull();
    expect(one.connect(other)).not.toBeNull();
    first?.();
    expect(one.connect(stranger)).not.toBeNull();
    expect(one.counts.connections).toBe(1);
  });

  test('of our proxies and of this machine are not', () => {
    const { one } = gate({ connectionsPerAddress: 1 });
    for (const address of ['10.1.2.3', '127.0.0.1', '::1']) {
      expect([one.connect(address), one.connect(address)]).not.toContain(null);
    }
  });
});
