import type { Category, TrafficInvalidated } from '../domain/records.ts';
import type { SelectionFacts } from './facts.ts';

/** How the recount decides whether the evidence of a verdict supports its rule. */
export interface VerdictRule {
  /** Null: the judge's choice. */
  readonly category: Category | null;
  readonly needsEvidence: boolean;
  /** A pattern over many selections names records of others, too. */
  readonly mayNameOthers: boolean;
  readonly supports: (verdict: TrafficInvalidated, facts: SelectionFacts) => boolean;
}

/** Every rule that may stand in `spend`, with a predicate of its own. */
export const verdictRules: Readonly<Record<string, VerdictRule>> = {
  manual: {
    category: null,
    needsEvidence: false,
    mayNameOthers: true,
    supports: ({ judged_by, reason }) => judged_by !== '' && reason !== '',
  },
};
