import { type Rule, refOf } from './rule.ts';

/** GIVT: the charged beacon was sent by something that says of itself that it is a robot. */
export const declaredBot: Rule = {
  code: 'declared_bot',
  category: 'GIVT',
  judge: (file, charged, before) => {
    if (!charged.bot || charged.at >= before) return null;
    const reason = `the user agent of the charged ${charged.kind} declares a robot`;
    return { reason, evidence: [refOf(file, charged)], at: charged.at };
  },
};
