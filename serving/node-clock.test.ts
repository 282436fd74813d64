import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSimulatedClock } from '../adapters/simulated/clock.ts';
import { NodeClock } from './node-clock.ts';

describe('The clock of a node', () => {
  it('stands still while the machine’s clock is behind, and never falls below what was marked before a restart', () => {
    const clock = createSimulatedClock({ startMs: 1_000 });
    const nodeClock = new NodeClock(clock, 1_500);
    expect(nodeClock.now()).toBe(1_500);
    clock.stepWall(800);
    expect(nodeClock.now()).toBe(1_800);
    clock.stepWall(-1_000);
    expect(nodeClock.now()).toBe(1_800);
  });

  it('marks at or below everything that is still under way, and never goes back', () => {
    const step = fc.record({
      does: fc.constantFrom('tick', 'back', 'begin', 'end', 'mark'),
      amount: fc.integer({ min: 0, max: 500 }),
      undrained: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const clock = createSimulatedClock({ startMs: 10_000 });
        const nodeClock = new NodeClock(clock, 0);
        const open: { readonly startedAt: number }[] = [];
        let marked = 0;
        for (const { does, amount, undrained } of steps) {
          if (does === 'tick') clock.stepWall(amount);
          if (does === 'back') clock.stepWall(-amount);
          if (does === 'begin') {
            open.push(nodeClock.begin());
            expect(open.at(-1)?.startedAt).toBeGreaterThanOrEqual(marked);
          }
          if (does === 'end') for (const work of open.splice(0, 1)) nodeClock.end(work);
          if (does !== 'mark') continue;
          const oldest = undrained ? Math.max(marked, nodeClock.now() - amount) : null;
          const mark = nodeClock.mark(oldest);
          expect(mark).toBeGreaterThanOrEqual(marked);
          expect(mark).toBeLessThanOrEqual(Math.min(oldest ?? Infinity, ...open.map(({ startedAt }) => startedAt)));
          marked = mark;
          expect(nodeClock.now()).toBeGreaterThanOrEqual(marked);
        }
      }),
    );
  });
});
