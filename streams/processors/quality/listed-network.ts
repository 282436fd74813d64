import { type Rule, refOf } from './rule.ts';

/** GIVT: the charged beacon came from a network where machines are, not people. */
export const listedNetwork: Rule = {
  code: 'listed_network',
  category: 'GIVT',
  judge: (file, charged, before) => {
    if (!charged.listed || charged.at >= before) return null;
    const reason = `the charged ${charged.kind} came from ${charged.network}, which is listed as a data centre`;
    return { reason, evidence: [refOf(file, charged)], at: charged.at };
  },
};
