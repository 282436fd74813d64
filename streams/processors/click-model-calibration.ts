import { clampPpm, logitOfPoint, mostLogit, pointCount, type Target } from '../../domain/click-model.ts';
import { logistic } from '../../domain/exact-math.ts';

/** Sums over the examples whose prediction lay around a logit, each predicted before it was learned. */
export interface CalibrationBins {
  readonly examples: Float64Array;
  readonly predicted: Float64Array;
  readonly happened: Float64Array;
}

const binsPerLogit = 4;
const binCount = 2 * mostLogit * binsPerLogit + 1;
/** Events by which a bin is drawn towards what was predicted. */
const priorEvents: Readonly<Record<Target, number>> = { click: 100, view: 100 };
/** Events that a pool of bins must hold before its rate is taken for more than chance. */
const leastEvents = 300;
const million = 1_000_000;

export function emptyBins(): CalibrationBins {
  return {
    examples: new Float64Array(binCount),
    predicted: new Float64Array(binCount),
    happened: new Float64Array(binCount),
  };
}

function binOf(logit: number): number {
  return Math.round((logit + mostLogit) * binsPerLogit);
}

export function countPrediction(bins: CalibrationBins, logit: number, happened: boolean): void {
  const bin = binOf(logit);
  bins.examples[bin] = (bins.examples[bin] as number) + 1;
  bins.predicted[bin] = (bins.predicted[bin] as number) + logistic(logit);
  if (happened) correctPrediction(bins, logit);
}

/** An event that came late; it is put to what is predicted today. */
export function correctPrediction(bins: CalibrationBins, logit: number): void {
  const bin = binOf(logit);
  bins.happened[bin] = (bins.happened[bin] as number) + 1;
}

/** An example that was none after all. */
export function withdrawPrediction(bins: CalibrationBins, logit: number, happened: boolean): void {
  const bin = binOf(logit);
  bins.examples[bin] = Math.max(0, (bins.examples[bin] as number) - 1);
  bins.predicted[bin] = Math.max(0, (bins.predicted[bin] as number) - logistic(logit));
  if (happened) bins.happened[bin] = Math.max(0, (bins.happened[bin] as number) - 1);
}

/** What is long ago counts less and less. */
export function fade(bins: CalibrationBins, factor: number): void {
  for (const sums of [bins.examples, bins.predicted, bins.happened]) {
    sums.forEach((sum, bin) => {
      sums[bin] = sum * factor;
    });
  }
}

interface Pool {
  /** Sum of the bins' logits, by what was predicted in them. */
  logits: number;
  predicted: number;
  happened: number;
}

/** Neighbouring bins are pooled until each pool holds enough events. */
function pooled(bins: CalibrationBins): Pool[] {
  const pools: Pool[] = [];
  let open: Pool | null = null;
  for (let bin = 0; bin < binCount; bin += 1) {
    if (bins.predicted[bin] === 0) continue;
    open ??= { logits: 0, predicted: 0, happened: 0 };
    open.logits += (bin / binsPerLogit - mostLogit) * (bins.predicted[bin] as number);
    open.predicted += bins.predicted[bin] as number;
    open.happened += bins.happened[bin] as number;
    if (Math.max(open.happened, open.predicted) < leastEvents) continue;
    pools.push(open);
    open = null;
  }
  const last = pools.at(-1);
  if (open === null) return pools;
  if (last === undefined) return [open];
  last.logits += open.logits;
  last.predicted += open.predicted;
  last.happened += open.happened;
  return pools;
}

/**
 * Points of a calibration: what is predicted, times observed ÷ predicted of its pool of bins, with a straight line between the means of pools and the
 * outermost factor beyond. Where that would fall, the higher rate goes on (isotonic, Zadrozny and Elkan 2002).
 */
export function calibrationOf(bins: CalibrationBins, target: Target): number[] {
  const prior = priorEvents[target];
  const factors = pooled(bins).map(({ logits, predicted, happened }) => ({
    logit: logits / predicted,
    factor: (happened + prior) / (predicted + prior),
  }));
  const points: number[] = [];
  for (let point = 0; point < pointCount; point += 1) {
    const logit = logitOfPoint(point);
    const ppm = clampPpm(Math.round(logistic(logit) * factorAt(factors, logit) * million));
    points.push(Math.max(ppm, points.at(-1) ?? 0));
  }
  return points;
}

interface Factor {
  readonly logit: number;
  readonly factor: number;
}

function factorAt(factors: readonly Factor[], logit: number): number {
  const [first] = factors;
  const last = factors.at(-1);
  if (first === undefined || last === undefined) return 1;
  if (logit <= first.logit) return first.factor;
  if (logit >= last.logit) return last.factor;
  const after = factors.findIndex((one) => one.logit > logit);
  const [low, high] = [factors[after - 1] as Factor, factors[after] as Factor];
  return low.factor + ((high.factor - low.factor) * (logit - low.logit)) / (high.logit - low.logit);
}
