import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueQueue, type Waiting } from './spend-due-queue.ts';

describe('the due queue', () => {
  it('gives at any time what is due by then, in the order of time and id, each once, as a sorted list would', () => {
    const wait = fc.record({
      id: fc.integer({ min: 0, max: 30 }).map(String),
      dueAt: fc.integer({ min: 0, max: 20_000 }),
    });
    const turn = fc.record({ waits: fc.array(wait, { maxLength: 10 }), byMs: fc.integer({ min: 0, max: 3_000 }) });
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 30 }), (turns) => {
        const queue = new DueQueue<Waiting>();
        const waiting = new Map<string, Waiting>();
        let now = 0;
        for (const { waits, byMs } of turns) {
          for (const { id, dueAt } of waits) {
            const known = waiting.get(id) ?? { id, dueAt };
            known.dueAt = dueAt;
            waiting.set(id, known);
            queue.add(known);
          }
          now += byMs;
          const expected = [...waiting.values()]
            .filter((one) => one.dueAt <= now)
            .sort((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1))
            .map((one) => one.id);
          const taken: string[] = [];
          for (let due = queue.takeEarliest(now); due.length > 0; due = queue.takeEarliest(now)) {
            for (const one of due) {
              taken.push(one.id);
              one.dueAt = Number.POSITIVE_INFINITY;
              waiting.delete(one.id);
            }
          }
          expect(taken).toEqual(expected);
        }
      }),
    );
  });
});
