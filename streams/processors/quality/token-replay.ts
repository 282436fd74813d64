import type { Rule } from './rule.ts';

/** SIVT: one token was sent from several networks: it was passed around. */
export function tokenReplay(networks: number, delayMs: number): Rule {
  return {
    code: 'token_replay',
    category: 'SIVT',
    delayMs,
    judge({ billable }) {
      const distinct = new Set(billable.map((arrival) => arrival.network).filter((network) => network !== ''));
      if (distinct.size < networks) return null;
      return { reason: `one token from ${distinct.size} networks`, evidence: billable.map((arrival) => arrival.ref) };
    },
  };
}
