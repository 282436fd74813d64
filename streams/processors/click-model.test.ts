import { describe, expect, it } from 'vitest';
import { simulatedTraffic } from '../../test/prediction-traffic.ts';
import { encodeExamples, type Example } from '../../domain/click-examples.ts';
import { adFeatures, exampleFeatures, featuresVersion, requestFeatures } from '../../domain/click-features.ts';
import { modelKey, publicBytesOf, publicKeyOf, sealFault } from '../../domain/model-seal.ts';
import type { ExamplesJoined, ModelPublished } from '../../domain/records.ts';
import { modelSecret, testSigner } from '../../test/model-world.ts';
import type { Outcome, SourceRecord } from '../runtime/processor.ts';
import { trainModel } from './click-model.ts';
import { FtrlModel } from './click-model-ftrl.ts';

const inRecord = 500;

function exampleOf(traffic: ReturnType<typeof simulatedTraffic>): Example {
  const { request, ad, clicked, viewed } = traffic();
  return { kind: 'learn', clicked, viewed, features: exampleFeatures(requestFeatures(request), adFeatures(ad)) };
}

/** Records of the log with examples of simulated traffic, a second of fold time apart. */
function recordsOf(seed: number, count: number): SourceRecord[] {
  const traffic = simulatedTraffic(seed);
  return Array.from({ length: count }, (_, index) => {
    const examples = Array.from({ length: inRecord }, () => exampleOf(traffic));
    return joined(index, { number: index + 1, examples: encodeExamples(examples), joined_at: (index + 1) * 1_000 });
  });
}

function joined(offset: number, changes: Partial<ExamplesJoined>): SourceRecord {
  const value = {
    shard: 0,
    number: 1,
    features: featuresVersion,
    count: inRecord,
    examples: new Uint8Array(),
    joined_at: 1_000,
    ...changes,
  };
  return { topic: 'models', shard: 0, offset, key: 'shard-0', record: { name: 'ExamplesJoined', value } };
}

const options = { signer: testSigner, publishMs: 4_000 };

function versionsOf(outcomes: readonly Outcome[]): ModelPublished[] {
  return outcomes.map((outcome) => {
    if (outcome.to !== 'log' || outcome.record.name !== 'ModelPublished') throw new Error('a model was expected');
    expect(outcome.key).toBe(modelKey(outcome.record.value.version));
    return outcome.record.value;
  });
}

function trained(records: readonly SourceRecord[], checkpointAfter = -1): ModelPublished[] {
  const processor = trainModel(options);
  let state = processor.initial(0);
  return versionsOf(
    records.flatMap((source, index) => {
      const outcomes = processor.process(state, source);
      if (index === checkpointAfter) state = processor.decode(processor.encode(state), 0);
      return outcomes;
    }),
  );
}

describe('the trainer of the model', () => {
  const records = recordsOf(1, 16);
  const versions = trained(records);

  it('publishes signed versions at its interval, once it has seen enough', () => {
    expect(versions.map(({ version, published_at }) => [version, published_at])).toEqual([
      [1, 4_000],
      [2, 8_000],
      [3, 12_000],
      [4, 16_000],
    ]);
    const key = publicKeyOf(publicBytesOf(modelSecret));
    for (const model of versions) expect(sealFault(model, () => key)).toBeNull();
    expect(versions[0]).toMatchObject({ examples: 2_000, trained_next: 4, checked: { examples: 2_000 } });
  });

  it('gives the same versions to the byte when it learns again, through a checkpoint and among duplicates', () => {
    expect(trained(records)).toEqual(versions);
    expect(trained(records, 6)).toEqual(versions);
    const twice = records.flatMap((source) => [source, source]);
    const withoutPlaces = (models: readonly ModelPublished[]) => models.map(({ click_weights: weights }) => weights);
    expect(withoutPlaces(trained(twice))).toEqual(withoutPlaces(versions));
  });

  it('goes on behind the versions that the log has, and not before their interval is over', () => {
    const processor = trainModel(options);
    const state = processor.initial(0);
    const before = { ...(versions[3] as ModelPublished), version: 70, published_at: 9_000 };
    const known: SourceRecord = { ...joined(0, {}), record: { name: 'ModelPublished', value: before } };
    const later = [known, ...records].flatMap((source) => processor.process(state, source));
    expect(versionsOf(later).map(({ version, published_at }) => [version, published_at])).toEqual([[71, 13_000]]);
  });

  it('ignores examples of other features', () => {
    const other = records.map(({ offset, record }) =>
      joined(offset, { ...(record.value as ExamplesJoined), features: 2 }),
    );
    expect(trained(other)).toEqual([]);
  });

  it('predicts better than the mean rate what it is about to learn', () => {
    const { checked } = versions.at(-1) as ModelPublished;
    expect(checked.log_loss_nano).toBeLessThan(checked.prior_log_loss_nano);
    const ratio = checked.predicted_clicks_milli / 1000 / checked.clicks;
    expect(Math.abs(ratio - 1)).toBeLessThan(0.4);
  });

  it('learns of a click that came late what it would have learned of it at once, or nearly', () => {
    const traffic = simulatedTraffic(2);
    const examples = Array.from({ length: 3_000 }, () => exampleOf(traffic));
    const [atOnce, late, withdrawn] = [new FtrlModel('click'), new FtrlModel('click'), new FtrlModel('click')];
    for (const { features, clicked } of examples) {
      atOnce.learn(features, atOnce.logitOf(features), clicked);
      late.learn(features, late.logitOf(features), false);
      withdrawn.learn(features, withdrawn.logitOf(features), clicked);
      if (clicked) late.correct(features);
      if (clicked) withdrawn.withdraw(features, true);
    }
    const mean = (model: FtrlModel) =>
      examples.reduce((sum, { features }) => sum + 1 / (1 + Math.exp(-model.logitOf(features))), 0) / examples.length;
    const observed = examples.filter(({ clicked }) => clicked).length / examples.length;
    expect(Math.abs(mean(late) / mean(atOnce) - 1)).toBeLessThan(0.05);
    expect(Math.abs(mean(atOnce) / observed - 1)).toBeLessThan(0.5);
    expect(mean(withdrawn)).toBeLessThan(observed / 3);
  });

  it('refuses examples that it cannot read, and is as it was', () => {
    const processor = trainModel(options);
    const state = processor.initial(0);
    const before = processor.encode(state);
    expect(() => processor.process(state, joined(0, { examples: new Uint8Array(3) }))).toThrow('no whole examples');
    expect(processor.encode(state)).toEqual(before);
  });
});
