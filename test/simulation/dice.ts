import { createSeededRandom } from '../../adapters/simulated/random.ts';
import type { Random } from '../../ports/random.ts';

/** Draws by seed. Each purpose has dice of its own, so that one more draw here changes nothing there. */
export class Dice {
  readonly random: Random;
  readonly #seed: string;

  constructor(seed: string) {
    this.#seed = seed;
    this.random = createSeededRandom(seed);
  }

  for(purpose: string): Dice {
    return new Dice(`${this.#seed}/${purpose}`);
  }

  chance(probability: number): boolean {
    return this.random.fraction() < probability;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random.fraction() * (most - least + 1));
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.random.fraction() * from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }
}
