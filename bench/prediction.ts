/**
 * Prediction on simulated traffic of known click propensities: the trainer learns, and the version that it published last predicts what comes next. Prints
 * `name: value` lines. Options: --examples 400000 --seed 1.
 */
import { parseArgs } from 'node:util';
import { exampleFeatures, featuresVersion } from '../domain/click-features.ts';
import { encodeExamples, type Example } from '../domain/click-examples.ts';
import { modelSigner } from '../domain/model-seal.ts';
import type { ModelPublished } from '../domain/records.ts';
import { ServedModel } from '../serving/prediction/served-model.ts';
import { trainModel } from '../streams/processors/click-model.ts';
import { featuresBy, type Impression, simulatedTraffic } from '../test/prediction-traffic.ts';

const { values } = parseArgs({
  options: { examples: { type: 'string', default: '400000' }, seed: { type: 'string', default: '1' } },
});
const total = Number(values.examples);
const inRecord = 2_000;
/** Versions in a run. */
const versions = 40;
const deciles = 10;

interface Predicted {
  readonly rate: number;
  readonly happened: boolean;
  readonly truth: number;
}

function show(name: string, value: number | string): void {
  console.log(`${name}: ${typeof value === 'number' ? Number(value.toPrecision(5)) : value}`);
}

function logLoss(all: readonly Predicted[], rateOf: (one: Predicted) => number): number {
  return all.reduce((sum, one) => sum - Math.log(one.happened ? rateOf(one) : 1 - rateOf(one)), 0) / all.length;
}

/** Predicted by observed, and by the known propensity, in tenths of equal size. */
function showCalibration(name: string, all: readonly Predicted[]): void {
  const ordered = all.toSorted((a, b) => a.rate - b.rate);
  let [worst, worstTruth] = [0, 0];
  for (let decile = 0; decile < deciles; decile += 1) {
    const some = ordered.slice((ordered.length * decile) / deciles, (ordered.length * (decile + 1)) / deciles);
    const sum = (of: (one: Predicted) => number) => some.reduce((total_, one) => total_ + of(one), 0);
    const [predicted, observed, truth] = [sum((o) => o.rate), sum((o) => Number(o.happened)), sum((o) => o.truth)];
    worst = Math.max(worst, Math.abs(predicted / observed - 1));
    worstTruth = Math.max(worstTruth, Math.abs(predicted / truth - 1));
    show(
      `${name}_decile_${decile + 1}`,
      `${Math.round(predicted)} predicted, ${observed} observed, ${Math.round(truth)} expected; predicted/observed ${(predicted / observed).toFixed(3)}, predicted/expected ${(predicted / truth).toFixed(3)}`,
    );
  }
  show(`${name}_worst_decile_against_observed`, worst);
  show(`${name}_worst_decile_against_expected`, worstTruth);
}

const traffic = simulatedTraffic(Number(values.seed));
const features = featuresBy();
const trainer = trainModel({ signer: modelSigner('bench', Buffer.alloc(32, 7)), publishMs: 1 });
const state = trainer.initial(0);
let model: ServedModel | null = null;
let published: ModelPublished | null = null;
const clicks: Predicted[] = [];
const views: Predicted[] = [];
const smoothed = new Map<string, { impressions: number; clicks: number }>();
const priors: Predicted[] = [];

function predict(one: Impression): void {
  if (model === null) return;
  const slot = model.forRequest(one.request);
  const ad = features.ad(one.ad);
  clicks.push({ rate: slot.clickPpm(ad) / 1e6, happened: one.clicked, truth: one.clickRate });
  views.push({ rate: slot.viewPpm(ad) / 1e6, happened: one.viewed, truth: one.viewRate });
  const counted = smoothed.get(one.ad.creativeId) ?? { impressions: 0, clicks: 0 };
  const rate = (counted.clicks + 2) / (counted.impressions + 1000);
  priors.push({ rate, happened: one.clicked, truth: one.clickRate });
}

function count({ ad, clicked }: Impression): void {
  const counted = smoothed.get(ad.creativeId) ?? { impressions: 0, clicks: 0 };
  smoothed.set(ad.creativeId, {
    impressions: counted.impressions + 1,
    clicks: counted.clicks + (clicked ? 1 : 0),
  });
}

let learnedMs = 0;
let biggest = 0;
const records = Math.ceil(total / inRecord);
for (let number = 1; number <= records; number += 1) {
  const examples: Example[] = [];
  for (let index = 0; index < inRecord; index += 1) {
    const one = traffic();
    // The second half is predicted, each before it is learned, by the version of that moment.
    if (number > records / 2) predict(one);
    count(one);
    examples.push({
      kind: 'learn',
      clicked: one.clicked,
      viewed: one.viewed,
      features: exampleFeatures(features.request(one.request), features.ad(one.ad)),
    });
  }
  const value = {
    shard: 0,
    number,
    features: featuresVersion,
    count: examples.length,
    examples: encodeExamples(examples),
    joined_at: Math.floor((number * versions) / records),
  };
  const startedAt = performance.now();
  const source = { topic: 'models', shard: 0, offset: number, key: '' } as const;
  const outcomes = trainer.process(state, { ...source, record: { name: 'ExamplesJoined', value } });
  learnedMs += performance.now() - startedAt;
  for (const outcome of outcomes) {
    if (outcome.to !== 'log' || outcome.record.name !== 'ModelPublished') continue;
    published = outcome.record.value;
    model = new ServedModel(published);
    biggest = Math.max(biggest, published.click_weights.length + published.view_weights.length);
  }
}

const mean = clicks.reduce((sum, one) => sum + one.truth, 0) / clicks.length;
show('examples', total);
show('predicted_impressions', clicks.length);
show('click_rate', mean);
const loss = logLoss(clicks, (one) => one.rate);
show('click_log_loss_model', loss);
show(
  'click_log_loss_smoothed_rates',
  logLoss(priors, (one) => one.rate),
);
show(
  'click_log_loss_fixed_prior',
  logLoss(clicks, () => 0.002),
);
show(
  'click_log_loss_mean_rate',
  logLoss(clicks, () => mean),
);
show(
  'click_log_loss_known_propensity',
  logLoss(clicks, (one) => one.truth),
);
showCalibration('click', clicks);
show(
  'view_log_loss_model',
  logLoss(views, (one) => one.rate),
);
show(
  'view_log_loss_known_propensity',
  logLoss(views, (one) => one.truth),
);
showCalibration('view', views);
show('learn_us_an_example', (learnedMs * 1000) / total);
show('version_bytes', biggest);
if (model !== null && published !== null) showSpeed(new ServedModel(published));

function showSpeed(served: ServedModel): void {
  const some = Array.from({ length: 2_000 }, () => traffic());
  const ads = some.map(({ ad }) => features.ad(ad));
  const rounds = 200;
  let sum = 0;
  for (const timed of [false, true]) {
    const slot = served.forRequest((some[0] as Impression).request);
    const startedAt = performance.now();
    for (let round = 0; round < rounds; round += 1) for (const ad of ads) sum += slot.clickPpm(ad);
    const nanos = ((performance.now() - startedAt) * 1e6) / (rounds * ads.length);
    if (timed) show('predict_ns_an_ad', nanos);
    const slotsAt = performance.now();
    for (const { request } of some) sum += served.forRequest(request).clickCut;
    if (timed) show('predict_ns_a_slot', ((performance.now() - slotsAt) * 1e6) / some.length);
  }
  const openedAt = performance.now();
  sum += new ServedModel(published as ModelPublished).version;
  show('open_version_ms', performance.now() - openedAt);
  if (!Number.isFinite(sum)) throw new Error('no predictions');
}
