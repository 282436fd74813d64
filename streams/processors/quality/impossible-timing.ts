import type { Rule } from './rule.ts';

/** SIVT: faster than a person, or before the ad existed. Only the first billable arrival is judged: it is the one that bills. */
export function impossibleTiming(fastestClickMs: number, delayMs: number): Rule {
  return {
    code: 'impossible_timing',
    category: 'SIVT',
    delayMs,
    judge({ pricingModel, selectedAt, billable, impression }) {
      const first = billable[0];
      if (first === undefined) return null;
      if (first.receivedAt < selectedAt) {
        return {
          reason: `arrived ${selectedAt - first.receivedAt} ms before its selection`,
          evidence: [first.ref],
        };
      }
      if (pricingModel !== 'CPC' || impression === null) return null;
      const afterMs = first.receivedAt - impression.receivedAt;
      if (afterMs < 0 || afterMs >= fastestClickMs) return null;
      return { reason: `clicked ${afterMs} ms after the impression`, evidence: [impression.ref, first.ref] };
    },
  };
}
