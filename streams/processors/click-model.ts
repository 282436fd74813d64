import { decodeExamples, type Example } from '../../domain/click-examples.ts';
import { featuresVersion } from '../../domain/click-features.ts';
import { encodeWeights } from '../../domain/click-model.ts';
import { exactLn, logistic } from '../../domain/exact-math.ts';
import { modelKey, type ModelSigner, sealModel } from '../../domain/model-seal.ts';
import type { ExamplesJoined, ModelCheck, ModelPublished } from '../../domain/records.ts';
import type { Outcome, Processor, SourceRecord } from '../runtime/processor.ts';
import {
  type CalibrationBins,
  calibrationOf,
  correctPrediction,
  countPrediction,
  emptyBins,
  fade,
  withdrawPrediction,
} from './click-model-calibration.ts';
import { FtrlModel } from './click-model-ftrl.ts';
import { decodeTraining, encodeTraining } from './click-model-state.ts';

/** Sums since the last version, each prediction made before its outcome was learned. */
export interface CheckSums {
  examples: number;
  clicks: number;
  predictedClicks: number;
  loss: number;
  priorLoss: number;
  views: number;
  predictedViews: number;
}

export interface TrainingState {
  readonly click: FtrlModel;
  readonly view: FtrlModel;
  readonly clickBins: CalibrationBins;
  readonly viewBins: CalibrationBins;
  /** Of the last version. */
  version: number;
  publishedAt: number;
  /** Highest `joined_at`. */
  time: number;
  examples: number;
  clicks: number;
  views: number;
  check: CheckSums;
  /** Number of the last `ExamplesJoined`, by shard. */
  readonly numbers: Record<string, number>;
}

export interface TrainingOptions {
  readonly signer: ModelSigner;
  /** Least time of the fold between two versions, ms. */
  readonly publishMs: number;
  /** No version before there are so many; until then the smoothed rates of creatives hold. */
  readonly leastExamples?: number;
  readonly leastClicks?: number;
}

/** Largest weights of a target that are published: a version stays well below a megabyte. */
const mostWeights = 60_000;
/** What calibration remembers of a version ago, per version. */
const fading = 0.9;
const defaultLeast = { examples: 2_000, clicks: 20 } as const;
/** Two clicks of a thousand, where there is nothing to take a mean of. */
const priorMean = { examples: 1000, clicks: 2 } as const;

export function emptyCheck(): CheckSums {
  return { examples: 0, clicks: 0, predictedClicks: 0, loss: 0, priorLoss: 0, views: 0, predictedViews: 0 };
}

/**
 * Learns what `models` brings of examples, in the order of the log, and publishes versions of the model into it. The model is a fold of that one topic:
 * whoever folds it again has the same weights to the last bit, and the same version signed.
 */
export function trainModel(options: TrainingOptions): Processor<TrainingState> {
  return {
    name: 'click-model',
    topics: ['models'],
    initial: () => ({
      click: new FtrlModel('click'),
      view: new FtrlModel('view'),
      clickBins: emptyBins(),
      viewBins: emptyBins(),
      version: 0,
      publishedAt: 0,
      time: 0,
      examples: 0,
      clicks: 0,
      views: 0,
      check: emptyCheck(),
      numbers: {},
    }),
    process: (state, source) => take(state, source, options),
    format: 1,
    encode: encodeTraining,
    decode: decodeTraining,
  };
}

function take(state: TrainingState, { record, offset }: SourceRecord, options: TrainingOptions): readonly Outcome[] {
  if (record.name === 'ModelPublished') rememberVersion(state, record.value);
  return record.name === 'ExamplesJoined' ? learnAll(state, record.value, offset, options) : [];
}

/** Versions of another life of this processor are not given again, nor sooner than its last one allows. */
function rememberVersion(state: TrainingState, { version, published_at }: ModelPublished): void {
  state.version = Math.max(state.version, version);
  state.publishedAt = Math.max(state.publishedAt, published_at);
}

function learnAll(
  state: TrainingState,
  joined: ExamplesJoined,
  offset: number,
  options: TrainingOptions,
): readonly Outcome[] {
  const last = state.numbers[joined.shard] ?? 0;
  if (joined.features !== featuresVersion || joined.number <= last) return [];
  for (const example of decodeExamples(joined.examples)) learn(state, example);
  state.numbers[joined.shard] = joined.number;
  state.time = Math.max(state.time, joined.joined_at);
  const { leastExamples = defaultLeast.examples, leastClicks = defaultLeast.clicks, publishMs } = options;
  const isDue = state.time >= state.publishedAt + publishMs && state.check.examples > 0;
  const isEnough = state.examples >= leastExamples && state.clicks >= leastClicks;
  return isDue && isEnough ? [publish(state, offset + 1, options.signer)] : [];
}

function learn(state: TrainingState, { kind, clicked, viewed, features }: Example): void {
  const logits = { click: state.click.logitOf(features), view: state.view.logitOf(features) };
  const by = kind === 'withdraw' ? -1 : 1;
  if (kind !== 'correct') state.examples += by;
  if (clicked) state.clicks += by;
  if (viewed === true) state.views += by;
  if (kind === 'learn') {
    check(state, logits, clicked, viewed);
    countPrediction(state.clickBins, logits.click, clicked);
    state.click.learn(features, logits.click, clicked);
    if (viewed === null) return;
    countPrediction(state.viewBins, logits.view, viewed);
    return state.view.learn(features, logits.view, viewed);
  }
  if (kind === 'correct') {
    if (clicked) correct(state.click, state.clickBins, features, logits.click);
    if (viewed === true) correct(state.view, state.viewBins, features, logits.view);
    return;
  }
  withdrawPrediction(state.clickBins, logits.click, clicked);
  state.click.withdraw(features, clicked);
  if (viewed === null) return;
  withdrawPrediction(state.viewBins, logits.view, viewed);
  state.view.withdraw(features, viewed);
}

function correct(model: FtrlModel, bins: CalibrationBins, features: Uint32Array, logit: number): void {
  correctPrediction(bins, logit);
  model.correct(features);
}

function check(
  state: TrainingState,
  logits: { readonly click: number; readonly view: number },
  clicked: boolean,
  viewed: boolean | null,
): void {
  const sums = state.check;
  const rate = logistic(logits.click);
  const mean = (state.clicks - (clicked ? 1 : 0) + priorMean.clicks) / (state.examples + priorMean.examples);
  sums.examples += 1;
  sums.clicks += clicked ? 1 : 0;
  sums.predictedClicks += rate;
  sums.loss -= exactLn(clicked ? rate : 1 - rate);
  sums.priorLoss -= exactLn(clicked ? mean : 1 - mean);
  if (viewed === null) return;
  sums.views += viewed ? 1 : 0;
  sums.predictedViews += logistic(logits.view);
}

function publish(state: TrainingState, trainedNext: number, signer: ModelSigner): Outcome {
  const version = state.version + 1;
  const model = sealModel(
    {
      version,
      features: featuresVersion,
      click_weights: encodeWeights(state.click.units(mostWeights)),
      view_weights: encodeWeights(state.view.units(mostWeights)),
      click_calibration: calibrationOf(state.clickBins, 'click'),
      view_calibration: calibrationOf(state.viewBins, 'view'),
      trained_next: trainedNext,
      examples: state.examples,
      clicks: state.clicks,
      views: state.views,
      checked: checkRecord(state.check),
      published_at: state.time,
    },
    signer,
  );
  state.version = version;
  state.publishedAt = state.time;
  state.check = emptyCheck();
  fade(state.clickBins, fading);
  fade(state.viewBins, fading);
  const record = { name: 'ModelPublished', value: model } as const;
  return { to: 'log', topic: 'models', shard: 0, key: modelKey(version), record };
}

function checkRecord({
  examples,
  clicks,
  predictedClicks,
  loss,
  priorLoss,
  views,
  predictedViews,
}: CheckSums): ModelCheck {
  const nano = (sum: number) => Math.round((sum / examples) * 1e9);
  return {
    examples,
    clicks,
    predicted_clicks_milli: Math.round(predictedClicks * 1000),
    log_loss_nano: nano(loss),
    prior_log_loss_nano: nano(priorLoss),
    views,
    predicted_views_milli: Math.round(predictedViews * 1000),
  };
}
