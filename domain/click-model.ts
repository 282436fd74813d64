import { weightCount } from './click-features.ts';
import { AdtallyError } from './errors.ts';
import { logistic } from './exact-math.ts';

/**
 * The rule by which a model predicts, in whole numbers: weights are counted in 65,536ths of a logit, their sum with `baseLogit` is held between −12 and
 * 12, rounded down to a 256th, and looked up in a table of parts per million. So a prediction can be worked out again to the last digit.
 */
export const logitUnit = 65_536;
const stepsPerLogit = 256;
/** Beyond it a rate is as good as certain. */
export const mostLogit = 12;
const mostUnits = mostLogit * logitUnit;

/** What a model predicts. */
export const targets = ['click', 'view'] as const;
export type Target = (typeof targets)[number];

/** Where learning begins, units: two clicks of a thousand, six views of ten. */
export const baseLogit: Readonly<Record<Target, number>> = { click: -407_150, view: 26_573 };

const pointsPerLogit = 8;
const stepsPerPoint = stepsPerLogit / pointsPerLogit;
/** Points of a calibration. */
export const pointCount = 2 * mostLogit * pointsPerLogit + 1;
/** Rates of a table. */
const tableLength = 2 * mostLogit * stepsPerLogit + 1;
const million = 1_000_000;

/** The logit of a calibration's point. */
export function logitOfPoint(point: number): number {
  return point / pointsPerLogit - mostLogit;
}

/** A calibration that changes nothing. */
export function uncalibrated(): number[] {
  return Array.from({ length: pointCount }, (_, point) =>
    clampPpm(Math.round(logistic(logitOfPoint(point)) * million)),
  );
}

/** Never 0: whatever is bid by the click, a bid is worth something. */
export function clampPpm(ppm: number): number {
  return Math.min(million, Math.max(1, ppm));
}

/**
 * Rates by logit, parts per million, that never fall: between two points of the calibration a straight line, rounded down. Error: `UNREADABLE_RECORD` for a
 * calibration of another length, that falls or leaves 1 to 1,000,000.
 */
export function rateTable(calibration: readonly number[]): Int32Array {
  if (calibration.length !== pointCount) throw unreadable(`a calibration of ${calibration.length} points`);
  const table = new Int32Array(tableLength);
  calibration.forEach((ppm, point) => {
    const next = calibration[point + 1] ?? ppm;
    if (!Number.isInteger(ppm) || ppm < 1 || next < ppm || next > million) throw unreadable('a calibration that falls');
    for (let step = 0; step < stepsPerPoint; step += 1) {
      const place = point * stepsPerPoint + step;
      if (place < tableLength) table[place] = ppm + Math.floor(((next - ppm) * step) / stepsPerPoint);
    }
  });
  return table;
}

/** Place in a rate table of a sum of weights, units. */
export function tablePlace(units: number): number {
  return (Math.max(-mostUnits, Math.min(mostUnits, units)) + mostUnits) >> 8;
}

/** The rate of a sum of weights. */
export function rateOf(table: Int32Array, units: number): number {
  return table[tablePlace(units)] as number;
}

/** A weight as it is published. A single one never moves a prediction by more than the whole range. */
export function toUnits(weight: number): number {
  return Math.max(-mostUnits, Math.min(mostUnits, Math.round(weight * logitUnit)));
}

/** Weights that are not 0: how far each is behind the one before, and its value with the sign in the last bit, as varints. */
export function encodeWeights(weights: Int32Array): Uint8Array {
  const bytes: number[] = [];
  let last = -1;
  weights.forEach((weight, place) => {
    if (weight === 0) return;
    pushVarint(bytes, place - last);
    pushVarint(bytes, weight < 0 ? -2 * weight - 1 : 2 * weight);
    last = place;
  });
  return Uint8Array.from(bytes);
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
  bytes.push(rest);
}

/** Error: `UNREADABLE_RECORD`. */
export function decodeWeights(bytes: Uint8Array): Int32Array {
  const weights = new Int32Array(weightCount);
  const reader = { bytes, at: 0 };
  for (let place = -1; reader.at < bytes.length; ) {
    place += readVarint(reader);
    const zigzag = readVarint(reader);
    const weight = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    if (place >= weightCount || Math.abs(weight) > mostUnits) throw unreadable(`weight ${place} is ${weight}`);
    weights[place] = weight;
  }
  return weights;
}

function readVarint(reader: { readonly bytes: Uint8Array; at: number }): number {
  let value = 0;
  for (let shift = 1; shift <= 2 ** 28; shift *= 128) {
    const byte = reader.bytes[reader.at];
    if (byte === undefined) break;
    reader.at += 1;
    value += (byte & 127) * shift;
    if (byte < 128) return value;
  }
  throw unreadable('a number does not end');
}

function unreadable(sentence: string): AdtallyError {
  return new AdtallyError('UNREADABLE_RECORD', `a model can't be read: ${sentence}`);
}
