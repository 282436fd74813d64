import { type Rule, refOf } from './rule.ts';

/**
 * SIVT: an ad was clicked that nobody was shown. The impression may come after its click, or late by its token: only its absence, a good while after
 * the click, tells.
 */
export const clickWithoutImpression: Rule = {
  code: 'click_without_impression',
  category: 'SIVT',
  judge: (file, charged, before, { clickWithoutImpressionMs }) => {
    const until = charged.at + clickWithoutImpressionMs;
    if (charged.kind !== 'click' || until >= before) return null;
    if (file.sightings.some(({ kind, at }) => kind === 'impression' && at <= until)) return null;
    const reason = `no impression was received until ${clickWithoutImpressionMs / 1000} s after the click`;
    return { reason, evidence: [refOf(file, charged)], at: until };
  },
};
