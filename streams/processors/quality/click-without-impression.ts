import type { Rule } from './rule.ts';

/** SIVT: a billable click of an ad that never began to render. Judged late, since a beacon may overtake another. */
export function clickWithoutImpression(delayMs: number): Rule {
  return {
    code: 'click_without_impression',
    category: 'SIVT',
    delayMs,
    judge({ pricingModel, billable, impression }) {
      if (pricingModel !== 'CPC' || impression !== null) return null;
      return {
        reason: `clicked, and no impression within ${delayMs} ms`,
        evidence: billable.map((arrival) => arrival.ref),
      };
    },
  };
}
