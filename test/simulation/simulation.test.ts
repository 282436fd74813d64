import { describe, expect, it } from 'vitest';
import { Dice } from './dice.ts';
import { planOf } from './plan.ts';
import { simulate } from './simulate.ts';

describe('The simulator', () => {
  it('runs a seed twice byte for byte alike, and another seed otherwise', async () => {
    for (const seed of [3, 9]) {
      const [first, second] = [await simulate(planOf(seed)), await simulate(planOf(seed))];
      expect(second.digest).toBe(first.digest);
      expect(second.lines).toEqual(first.lines);
    }
    expect((await simulate(planOf(4))).digest).not.toBe((await simulate(planOf(5))).digest);
  });

  it('charges every acknowledged event and absorbs no impression where nothing goes wrong', async () => {
    const result = await simulate({ ...planOf(4), rates: {} });
    expect(result.problems).toEqual([]);
    expect(result.certified).toBeGreaterThan(10);
    expect(result.faults.size).toBe(0);
  });

  it('expects no silence while what is in suspense falls due (seed 144427)', async () => {
    const plan = { ...planOf(144427), visits: 50, shards: 1, rates: { rolling_restart: 1.6, contradiction: 1.45 } };
    expect((await simulate(plan)).problems).toEqual([]);
    expect((await simulate(planOf(144427))).problems).toEqual([]);
  });

  it('lets a boot whose start came late to the log hold time back from then on (seed 146899)', async () => {
    expect((await simulate(planOf(146899))).problems).toEqual([]);
  });

  it('works again on a shard that was let go of for an owner that is gone (seed 149228)', async () => {
    expect((await simulate(planOf(149228))).problems).toEqual([]);
  });

  it('fills the gaps of the warehouse while a dead console’s last rows still arrive (seed 145409)', async () => {
    expect((await simulate(planOf(145409))).problems).toEqual([]);
  });

  it('finds the request of every ledger entry by its trace, whatever crashes', async () => {
    let traced = 0;
    const faults = new Set<string>();
    for (const seed of [3, 4, 5, 9, 11]) {
      const result = await simulate({ ...planOf(seed), traced: true });
      expect(result.problems).toEqual([]);
      traced += result.traced;
      for (const fault of result.faults.keys()) faults.add(fault);
    }
    expect(traced).toBeGreaterThan(500);
    expect(faults.size).toBeGreaterThan(3);
  });

  it('draws another mix of faults for each seed', () => {
    const mixes = new Set(Array.from({ length: 20 }, (_, seed) => Object.keys(planOf(seed).rates).join()));
    expect(mixes.size).toBeGreaterThan(15);
  });

  it('draws for one purpose what it draws, however much is drawn for another', () => {
    const [one, other] = [new Dice('7'), new Dice('7')];
    one.for('a').between(0, 9);
    expect(one.for('b').between(0, 1_000)).toBe(other.for('b').between(0, 1_000));
  });
});
