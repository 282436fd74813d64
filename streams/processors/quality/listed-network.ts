import type { Rule } from './rule.ts';

/** GIVT: every arrival that would bill it comes from a listed data centre. */
export function listedNetwork(networks: ReadonlySet<string>): Rule {
  return {
    code: 'listed_network',
    category: 'GIVT',
    delayMs: 0,
    judge({ billable }) {
      if (!billable.every((arrival) => networks.has(arrival.network))) return null;
      return {
        reason: `every billable arrival comes from a listed network`,
        evidence: billable.map((arrival) => arrival.ref),
      };
    },
  };
}
