import type { EvidenceRef } from '../../../domain/records.ts';

/** SIVT: one network clicks far more than people do. Judged over many selections, so that what was certified long ago is reversed, too. */
export const clickFarmCode = 'click_farm';

/** Activity of one network within a window of evidence time. */
export interface NetworkActivity {
  readonly impressions: number;
  readonly clicks: readonly { readonly selectionId: string; readonly ref: EvidenceRef }[];
}

/** True if a network's window is that of a farm: enough clicks, and too many of what it was shown. */
export function isClickFarm(activity: NetworkActivity, farmClicks: number, farmClickPercent: number): boolean {
  const clicks = activity.clicks.length;
  return clicks >= farmClicks && clicks * 100 >= farmClickPercent * Math.max(activity.impressions, clicks);
}
