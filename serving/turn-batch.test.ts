import { describe, expect, it } from 'vitest';
import { TurnBatch } from './turn-batch.ts';

function gathered(most: number) {
  const turns: (() => void)[] = [];
  const worked: (readonly number[])[] = [];
  const batch = new TurnBatch<number>({
    endOfTurn: (run) => turns.push(run),
    work: (items) => worked.push(items),
    most,
  });
  return { batch, worked, turns, endTurn: () => turns.splice(0).forEach((run) => run()) };
}

describe('What arrives in a turn of the event loop', () => {
  it('is worked on together at its end, in order, and once', () => {
    const { batch, worked, turns, endTurn } = gathered(10);
    [1, 2, 3].forEach((item) => batch.add(item));
    expect(worked).toEqual([]);
    expect(turns.length).toBe(1);
    endTurn();
    expect(worked).toEqual([[1, 2, 3]]);
    batch.add(4);
    endTurn();
    expect(worked).toEqual([[1, 2, 3], [4]]);
  });

  it('is worked on in parts that are no larger than allowed', () => {
    const { batch, worked, endTurn } = gathered(2);
    [1, 2, 3, 4, 5].forEach((item) => batch.add(item));
    endTurn();
    expect(worked).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('while it is worked on waits for the next turn', () => {
    const turns: (() => void)[] = [];
    const worked: (readonly number[])[] = [];
    const batch: TurnBatch<number> = new TurnBatch({
      endOfTurn: (run) => turns.push(run),
      work: (items) => {
        worked.push(items);
        if (items[0] === 1) batch.add(2);
      },
      most: 1,
    });
    batch.add(1);
    turns.shift()?.();
    expect(worked).toEqual([[1]]);
    turns.shift()?.();
    expect(worked).toEqual([[1], [2]]);
  });
});
