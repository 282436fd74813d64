import { type QualityOptions, type Rule, refOf } from './rule.ts';

/** Clicked and seen selections of one network in one window, by their ids. */
export interface FarmWindow {
  readonly network: string;
  readonly from: number;
  readonly clicked: Set<string>;
  readonly shown: Set<string>;
}

/**
 * SIVT: one network clicks far more than people do. Known only when a window of time is over, so that some of it may be certified by then: that is
 * reversed. What falls is every charge of a selection that the network clicked on.
 */
export const clickFarm: Rule = {
  code: 'click_farm',
  category: 'SIVT',
  judge: (file, charged, before) => {
    if (file.farm === null || charged.at >= before || file.farm.at >= before) return null;
    const clicks = file.sightings.filter(({ kind, network, at }) => kind === 'click' && network !== '' && at < before);
    const evidence = clicks.slice(0, 1).map((click) => refOf(file, click));
    return { reason: file.farm.reason, evidence, at: Math.max(file.farm.at, charged.at) };
  },
};

/** Why a window that is over shows a farm, or null. */
export function farmReason({ network, clicked, shown }: FarmWindow, options: QualityOptions): string | null {
  const impressions = Math.max(shown.size, clicked.size); // a click that nobody was shown counts as one
  const ratePpm = Math.floor((clicked.size * 1_000_000) / Math.max(1, impressions));
  if (clicked.size < options.farmClicks || ratePpm < options.farmRatePpm) return null;
  return `${network} clicked on ${clicked.size} of ${impressions} ads within ${options.farmWindowMs / 1000} s`;
}
