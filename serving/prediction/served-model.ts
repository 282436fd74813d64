import {
  type AdFeatures,
  biasPlace,
  type Block,
  crossLayout,
  featuresVersion,
  type RequestFacts,
  requestFeatures,
  requestLayout,
} from '../../domain/click-features.ts';
import {
  baseLogit,
  decodeWeights,
  logitUnit,
  rateOf,
  rateTable,
  tablePlace,
  type Target,
} from '../../domain/click-model.ts';
import { AdtallyError } from '../../domain/errors.ts';
import type { ModelPublished } from '../../domain/records.ts';
import { BoundedCache } from '../bounded-cache.ts';

/** Weights of one target with the rates that their sums stand for. */
interface Predictor {
  readonly weights: Int32Array;
  readonly rates: Int32Array;
  /** Sum before any feature. */
  readonly base: number;
}

/** A request as the model sees it: what is the same for all ads of a slot. */
interface ScoredRequest {
  readonly click: number;
  readonly view: number;
  readonly columns: readonly number[];
  /** `clickCut`, and the coverage that it was worked out for. */
  cut: number;
  coverage: number;
}

const keptRequests = 20_000;
/** Width of the cells in which the reach of bounds is kept: a sixteenth of a logit. */
const cellUnits = logitUnit / 16;
/** Rounding of a product of floats may not make a bound too low. */
const safety = 1 - 1e-9;

/**
 * A version of the model as decisions use it: a prediction is a sum of a dozen whole numbers and a look into a table. It gives upper bounds as well. The
 * bound of an ad takes the best request that there can be; what the request at hand is worse than that, all bounds are cut by.
 */
export class ServedModel {
  readonly version: number;
  readonly record: ModelPublished;
  readonly #click: Predictor;
  readonly #view: Predictor;
  /** Largest click weight of each row of each cross, one after another. */
  readonly #rowBest: readonly Int32Array[];
  /** The best that a request can add to clicks. */
  readonly #bestRequest: number;
  readonly #requests = new BoundedCache<string, ScoredRequest>(keptRequests);
  #lowCell = Infinity;
  #highCell = -Infinity;
  /** Changes with the reach of the bounds. */
  #coverage = 0;

  /** Error: `UNREADABLE_RECORD`. Whether to believe it is asked before (`sealFault`). */
  constructor(record: ModelPublished) {
    if (record.features !== featuresVersion) {
      throw new AdtallyError('UNREADABLE_RECORD', `a model of features ${record.features}, not ${featuresVersion}`);
    }
    this.version = record.version;
    this.record = record;
    this.#click = predictorOf('click', record.click_weights, record.click_calibration);
    this.#view = predictorOf('view', record.view_weights, record.view_calibration);
    const { weights, base } = this.#click;
    this.#rowBest = crossLayout.map((cross) => bestOfRows(weights, cross));
    this.#bestRequest = requestLayout.reduce((sum, block) => sum + best(weights, block.from, block.size), base);
  }

  /** What the model makes of a slot. */
  forRequest(request: RequestFacts): SlotModel {
    const { placementId, publisherId, site, deviceType, os, country, shape, hour } = request;
    const key = `${placementId}|${publisherId}|${site}|${deviceType}|${os}|${country}|${shape}|${hour}`;
    let scored = this.#requests.get(key);
    if (scored === undefined) {
      scored = this.#score(request);
      this.#requests.set(key, scored);
    }
    if (scored.coverage !== this.#coverage) {
      scored.cut = this.#cutOf(this.#bestRequest - scored.click);
      scored.coverage = this.#coverage;
    }
    return new SlotModel(this.version, scored, this.#click, this.#view);
  }

  #score(request: RequestFacts): ScoredRequest {
    const { places, columns } = requestFeatures(request);
    const sum = ({ weights, base }: Predictor) =>
      places.reduce((total, place) => total + (weights[place] as number), base);
    return { click: sum(this.#click), view: sum(this.#view), columns, cut: 0, coverage: -1 };
  }

  /** The most clicks of a million that are predicted of an ad, whatever the request. From then on `clickCut` covers it. */
  boundPpm(ad: AdFeatures): number {
    const { weights, rates } = this.#click;
    let units = this.#bestRequest;
    for (const place of ad.places) units += weights[place] as number;
    crossLayout.forEach(({ from, columns }, index) => {
      units += this.#rowBest[index]?.[((ad.rows[index] as number) - from) / columns] as number;
    });
    this.#cover(Math.floor(units / cellUnits));
    return rateOf(rates, units);
  }

  #cover(cell: number): void {
    if (cell >= this.#lowCell && cell <= this.#highCell) return;
    this.#lowCell = Math.min(this.#lowCell, cell);
    this.#highCell = Math.max(this.#highCell, cell);
    this.#coverage += 1;
  }

  /**
   * The share by which every bound may be cut for a request that is so much worse than the best: no ad's rate is a larger part of its bound than the rest.
   * Rates never fall with the sum, so it is enough to look at the ends of cells.
   */
  #cutOf(worseBy: number): number {
    const { rates } = this.#click;
    let part = 0;
    for (let cell = this.#lowCell; cell <= this.#highCell; cell += 1) {
      const least = rates[tablePlace(cell * cellUnits)] as number;
      const most = rates[tablePlace((cell + 1) * cellUnits - worseBy)] as number;
      part = Math.max(part, most / least);
    }
    return Math.max(0, 1 - part) * safety;
  }
}

/** The model in one slot of one request. */
export class SlotModel {
  readonly version: number;
  /** Share by which the bounds of line items that are sold by the click may be cut, 0 to 1. */
  readonly clickCut: number;
  readonly #scored: ScoredRequest;
  readonly #click: Predictor;
  readonly #view: Predictor;

  constructor(version: number, scored: ScoredRequest, click: Predictor, view: Predictor) {
    this.version = version;
    this.clickCut = scored.cut;
    this.#scored = scored;
    this.#click = click;
    this.#view = view;
  }

  /** Predicted clicks of a million impressions. */
  clickPpm(ad: AdFeatures): number {
    return this.#ratePpm(this.#click, this.#scored.click, ad);
  }

  /** Predicted viewable ones of a million impressions. */
  viewPpm(ad: AdFeatures): number {
    return this.#ratePpm(this.#view, this.#scored.view, ad);
  }

  #ratePpm({ weights, rates }: Predictor, ofRequest: number, { places, rows }: AdFeatures): number {
    const { columns } = this.#scored;
    let units = ofRequest;
    for (const place of places) units += weights[place] as number;
    for (let cross = 0; cross < rows.length; cross += 1) {
      units += weights[(rows[cross] as number) + (columns[cross] as number)] as number;
    }
    return rateOf(rates, units);
  }
}

function predictorOf(target: Target, bytes: Uint8Array, calibration: readonly number[]): Predictor {
  const weights = decodeWeights(bytes);
  return { weights, rates: rateTable(calibration), base: baseLogit[target] + (weights[biasPlace] as number) };
}

function best(weights: Int32Array, from: number, size: number): number {
  let found = -Infinity;
  for (let place = from; place < from + size; place += 1) found = Math.max(found, weights[place] as number);
  return found;
}

function bestOfRows(weights: Int32Array, { from, size, columns }: Block & { readonly columns: number }): Int32Array {
  return Int32Array.from({ length: size / columns }, (_, row) => best(weights, from + row * columns, columns));
}
