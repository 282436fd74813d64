import { weightCount } from '../domain/click-features.ts';
import { encodeWeights, uncalibrated } from '../domain/click-model.ts';
import { modelSigner, sealModel, type UnsealedModel } from '../domain/model-seal.ts';
import type { ModelPublished } from '../domain/records.ts';

export const modelSecret = Buffer.alloc(32, 7);
export const testSigner = modelSigner('k1', modelSecret);

/** A signed model. `weights` gives place and units of those that are not 0; `shared` spreads so many over all places by a seed. */
export function signedModel(
  changes: Partial<UnsealedModel> & {
    readonly weights?: readonly (readonly [place: number, units: number])[];
    readonly signer?: typeof testSigner;
  } = {},
): ModelPublished {
  const { weights = [], signer = testSigner, ...given } = changes;
  const dense = new Int32Array(weightCount);
  for (const [place, units] of weights) dense[place] = units;
  const bytes = encodeWeights(dense);
  const model: UnsealedModel = {
    version: 1,
    features: 1,
    click_weights: bytes,
    view_weights: bytes,
    click_calibration: uncalibrated(),
    view_calibration: uncalibrated(),
    trained_next: 10,
    examples: 1000,
    clicks: 20,
    views: 600,
    checked: {
      examples: 100,
      clicks: 2,
      predicted_clicks_milli: 2100,
      log_loss_nano: 50_000_000,
      prior_log_loss_nano: 60_000_000,
      views: 60,
      predicted_views_milli: 61_000,
    },
    published_at: 1_000,
    ...given,
  };
  return sealModel(model, signer);
}

/** Weights all over the places, by a seed: up to so many logits of 65,536 units each. */
export function scatteredWeights(seed: number, mostUnits: number): [place: number, units: number][] {
  const weights: [number, number][] = [];
  let hash = seed >>> 0;
  for (let place = 0; place < weightCount; place += 1) {
    hash = (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    if (place === 0 || hash % 3 !== 0) weights.push([place, (hash % (2 * mostUnits + 1)) - mostUnits]);
  }
  return weights;
}
