import { biasPlace, weightCount } from '../../domain/click-features.ts';
import { baseLogit, logitUnit, mostLogit, type Target, toUnits } from '../../domain/click-model.ts';
import { logistic } from '../../domain/exact-math.ts';

export interface FtrlRates {
  /** Step width of a weight that has seen nothing. */
  readonly alpha: number;
  /** Keeps first steps from being too wide. */
  readonly beta: number;
  /** What a gradient's sum must exceed for its weight not to be 0. */
  readonly l1: number;
  readonly l2: number;
}

export const defaultRates: FtrlRates = { alpha: 0.08, beta: 1, l1: 0.6, l2: 1 };

/**
 * FTRL-Proximal with a step width for each weight (McMahan et al., "Ad click prediction: a view from the trenches", 2013, algorithm 1), all features being
 * 0 or 1. Sums in a fixed order and exact functions only: the same examples give the same weights to the last bit.
 */
export class FtrlModel {
  readonly #rates: FtrlRates;
  readonly #base: number;
  readonly z: Float64Array;
  readonly n: Float64Array;

  constructor(target: Target, sums?: { readonly z: Float64Array; readonly n: Float64Array }, rates = defaultRates) {
    this.#rates = rates;
    this.#base = baseLogit[target] / logitUnit;
    this.z = sums?.z ?? new Float64Array(weightCount);
    this.n = sums?.n ?? new Float64Array(weightCount);
  }

  weightAt(place: number): number {
    const { alpha, beta, l1, l2 } = this.#rates;
    const z = this.z[place] as number;
    const threshold = place === biasPlace ? 0 : l1;
    if (Math.abs(z) <= threshold) return 0;
    const beyond = z < 0 ? z + threshold : z - threshold;
    return -beyond / ((beta + Math.sqrt(this.n[place] as number)) / alpha + l2);
  }

  /** Held between −12 and 12, as when it is served. */
  logitOf(features: Uint32Array): number {
    let logit = this.#base;
    for (const place of features) logit += this.weightAt(place);
    return Math.max(-mostLogit, Math.min(mostLogit, logit));
  }

  /** Learns an outcome that was predicted at a logit. */
  learn(features: Uint32Array, logit: number, happened: boolean): void {
    this.#step(features, logistic(logit) - (happened ? 1 : 0));
  }

  /** The gradient of the log loss is linear in the outcome: what was learned not to have happened, and did, is short of −1. */
  correct(features: Uint32Array): void {
    this.#step(features, -1);
  }

  /** Takes back what was learned of an outcome, at the prediction of today. */
  withdraw(features: Uint32Array, happened: boolean): void {
    this.#step(features, (happened ? 1 : 0) - logistic(this.logitOf(features)));
  }

  #step(features: Uint32Array, gradient: number): void {
    const square = gradient * gradient;
    const weights = Array.from(features, (place) => this.weightAt(place));
    features.forEach((place, index) => {
      const n = this.n[place] as number;
      const sigma = (Math.sqrt(n + square) - Math.sqrt(n)) / this.#rates.alpha;
      this.z[place] = (this.z[place] as number) + gradient - sigma * (weights[index] as number);
      this.n[place] = n + square;
    });
  }

  /** As they are published; of more than `most` the largest. */
  units(most: number): Int32Array {
    const weights = new Int32Array(weightCount);
    const sizes: number[] = [];
    for (let place = 0; place < weightCount; place += 1) {
      const units = (this.n[place] as number) === 0 ? 0 : toUnits(this.weightAt(place));
      weights[place] = units;
      if (units !== 0) sizes.push(Math.abs(units));
    }
    if (sizes.length <= most) return weights;
    const least = sizes.toSorted((a, b) => b - a)[most] as number;
    return weights.map((units) => (Math.abs(units) > least ? units : 0));
  }
}
