import { tieBreak } from '../auction.ts';
import type { CreativeCounts } from '../click-rates.ts';

/** How a creative was chosen among those of its line item that fit. */
export type CreativeChoice = 'only' | 'sampled' | 'explored';

export interface ChosenCreative<T> {
  readonly creative: T;
  readonly choice: CreativeChoice;
}

/** Share of impressions that all creatives have alike, whatever is known of them: so none is ever lost sight of. */
const explorePpm = 50_000;
/** Clicks that the prior of a creative stands for: as little as leaves its mean a guess. */
const priorClicks = 2;
/** Where a line item has nothing to show yet: two clicks of a thousand. */
const startingCounts: CreativeCounts = { impressions: 1000, clicks: 2 };
const million = 1_000_000;
/** Seeds of the hashes that stand for chance. */
const seeds = { explore: 0x2545f491, sample: [0x9e3779b9, 0x7f4a7c15, 0x94d049bb] } as const;

/**
 * Chooses by Thompson sampling (Thompson 1933; Chapelle and Li 2011): of each creative a click rate is drawn from what is known of it, a beta distribution,
 * and the highest draw is shown. The prior is the mean of the line item with the weight of two clicks, so that a new creative is taken for an average
 * one. A part of the places goes to all alike. Chance is a hash of place and creative: the same place gives the same choice.
 */
export function chooseCreative<T extends { readonly hash: number }>(
  fitting: readonly T[],
  placeHash: number,
  countsOf: (creative: T) => CreativeCounts,
): ChosenCreative<T> | null {
  const [first] = fitting;
  if (first === undefined) return null;
  if (fitting.length === 1) return { creative: first, choice: 'only' };
  const coin = tieBreak(placeHash, seeds.explore);
  if (coin % million < explorePpm) return { creative: lowestTurn(fitting, placeHash), choice: 'explored' };
  const prior = priorOf(fitting.map(countsOf));
  let [chosen, highest] = [first, -1];
  for (const creative of fitting) {
    const drawn = draw(countsOf(creative), prior, tieBreak(placeHash, creative.hash));
    if (drawn > highest) [chosen, highest] = [creative, drawn];
  }
  return { creative: chosen, choice: 'sampled' };
}

/** By turns: the one with the lowest hash of place and creative. */
export function lowestTurn<T extends { readonly hash: number }>(fitting: readonly T[], placeHash: number): T {
  return fitting.reduce((lowest, creative) =>
    tieBreak(placeHash, creative.hash) < tieBreak(placeHash, lowest.hash) ? creative : lowest,
  );
}

/** Impressions for which `priorClicks` stand at the mean rate of the line item. */
function priorOf(counts: readonly CreativeCounts[]): number {
  let { impressions, clicks } = startingCounts;
  for (const one of counts) {
    impressions += Math.max(one.impressions, one.clicks);
    clicks += one.clicks;
  }
  return (priorClicks * impressions) / clicks;
}

/** A draw of the beta distribution, as a ratio of two draws of gamma distributions. */
function draw({ impressions, clicks }: CreativeCounts, priorImpressions: number, hash: number): number {
  const [clickDraw, otherDraw] = normals(hash);
  const clicked = gamma(clicks + priorClicks, clickDraw);
  const others = Math.max(impressions - clicks, 0) + priorImpressions - priorClicks;
  return clicked / (clicked + gamma(Math.max(others, 1), otherDraw));
}

/** A draw of a gamma distribution from one of the normal one (Wilson and Hilferty 1931): additions, products and a root, exact everywhere. */
function gamma(shape: number, normal: number): number {
  const root = 1 - 1 / (9 * shape) + normal / (3 * Math.sqrt(shape));
  return root <= 0 ? 0 : shape * root * root * root;
}

/**
 * Two draws of the normal distribution, each from twelve bytes of hashes: their sum has the mean 1530 and a deviation of 256 but for a hundred-thousandth.
 */
function normals(hash: number): readonly [number, number] {
  const other = tieBreak(hash, seeds.explore);
  return [normal(hash), normal(other)];
}

function normal(hash: number): number {
  let sum = 0;
  for (const seed of seeds.sample) {
    const bytes = tieBreak(hash, seed);
    sum += (bytes & 255) + ((bytes >>> 8) & 255) + ((bytes >>> 16) & 255) + (bytes >>> 24);
  }
  return (sum - 1530) / 256;
}
