import { expect, it } from 'vitest';
import { describeRandomContract } from '../../ports/random.contract.ts';
import { createSeededRandom } from './random.ts';

describeRandomContract('a seed', () => createSeededRandom('contract'));

it('Seeded randomness draws the same again for the same seed, and something else for another', () => {
  const draw = (seed: number | string) => {
    const random = createSeededRandom(seed);
    return [random.fraction(), ...random.bytes(20), random.fraction()];
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

it('Seeded randomness draws what it drew when the seeds of old tests were chosen', () => {
  const random = createSeededRandom(1);
  expect([...random.bytes(8)]).toEqual([85, 164, 214, 192, 135, 46, 5, 198]);
});
