import { describe, expect, it } from 'vitest';
import { RecentSet } from './recent-set.ts';

describe('A set of what is recent', () => {
  it('remembers for at least the span and forgets after twice that', () => {
    const set = new RecentSet({ spanMs: 100, capacity: 1_000 });
    set.add('a', 0);
    set.add('b', 99);
    set.add('c', 198);
    expect([set.has('a'), set.has('b'), set.has('c')]).toEqual([true, true, true]);
    set.add('d', 200);
    set.add('e', 300);
    expect([set.has('a'), set.has('b'), set.has('c'), set.has('e')]).toEqual([false, false, true, true]);
  });

  it('never holds more than its capacity', () => {
    const set = new RecentSet({ spanMs: 1_000_000, capacity: 100 });
    for (let index = 0; index < 10_000; index += 1) {
      set.add(String(index), index);
      expect(set.size).toBeLessThanOrEqual(100);
    }
    expect(set.has('9999')).toBe(true);
  });
});
