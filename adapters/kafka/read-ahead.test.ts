import { beforeEach, describe, expect, it } from 'vitest';
import { ReadAhead } from './read-ahead.ts';

const run = (from: number, count: number, shard = 0) =>
  Array.from({ length: count }, (_, i) => ({
    topic: 'spend' as const,
    shard,
    offset: from + i,
    key: '',
    value: new Uint8Array(),
    appendedAt: 0,
  }));
const place = { topic: 'spend', shard: 0 } as const;

describe('Records that were read ahead', () => {
  let ahead: ReadAhead;
  const take = (from: number, max: number) => ahead.take(place, from, max).map(({ offset }) => offset);
  beforeEach(() => {
    ahead = new ReadAhead();
    ahead.offer(run(5, 4));
  });

  it('are given out from the offset asked for on, once', () => {
    expect(take(5, 3)).toEqual([5, 6, 7]);
    expect(take(8, 3)).toEqual([8]);
    expect(take(8, 3)).toEqual([]);
  });

  it('do not stand for offsets that they lack', () => {
    expect(take(4, 3)).toEqual([]);
    expect(take(9, 3)).toEqual([]);
    expect(ahead.take({ topic: 'spend', shard: 1 }, 5, 3)).toEqual([]);
    expect(take(5, 9)).toEqual([5, 6, 7, 8]);
  });

  it('are let go below what is asked for', () => {
    expect(take(7, 1)).toEqual([7]);
    expect(take(5, 1)).toEqual([]);
    expect(take(8, 1)).toEqual([8]);
  });

  it('make way for what came later', () => {
    ahead.offer(run(20, 1));
    ahead.offer([]);
    expect(take(5, 1)).toEqual([]);
    expect(take(20, 5)).toEqual([20]);
  });
});
