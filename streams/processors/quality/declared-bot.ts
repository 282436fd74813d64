import { isbot } from 'isbot';
import type { Rule } from './rule.ts';

/** GIVT: every arrival that would bill it names itself a robot (IAB/ABC spiders and bots; the list is isbot's). */
export const declaredBot: Rule = {
  code: 'declared_bot',
  category: 'GIVT',
  delayMs: 0,
  judge({ billable }) {
    if (!billable.every((arrival) => isbot(arrival.userAgent))) return null;
    return {
      reason: 'every billable arrival declares itself a robot',
      evidence: billable.map((arrival) => arrival.ref),
    };
  },
};
