import type { Verdict } from './books.ts';
import { isInvalid, type Label } from './visit-plan.ts';

/** Selections of one kind of visitor. */
export interface Found {
  readonly selections: number;
  readonly charged: number;
  /** Charged ones that a verdict names. */
  readonly judged: number;
}

/** How well invalid traffic was found, against the hidden labels, counted in selections. */
export interface Detection {
  /** Share of the charged selections with a verdict whose visitor was invalid; 1 of none. */
  readonly precision: number;
  /** Share of the charged selections of invalid visitors that have a verdict: what the platform can judge, since it judges nothing that costs nothing. */
  readonly recallOfCharged: number;
  /** The same share of all selections of invalid visitors, also of those that nobody was charged for: no rule can find more than the charged ones. */
  readonly recallOfLabelled: number;
  readonly invalid: Found;
  /** By label, `person` too. */
  readonly byLabel: ReadonlyMap<Label, Found>;
}

/** Measures the verdicts on charged selections by what the visitors really were. */
export function detect(
  charged: ReadonlySet<string>,
  labels: ReadonlyMap<string, Label>,
  verdicts: readonly Verdict[],
): Detection {
  const judged = new Set(verdicts.map(({ selection_id }) => selection_id).filter((id) => charged.has(id)));
  const byLabel = new Map<Label, Found>();
  for (const [id, label] of labels) {
    const known = byLabel.get(label) ?? nothing;
    byLabel.set(label, add(known, { selections: 1, charged: Number(charged.has(id)), judged: Number(judged.has(id)) }));
  }
  const invalid = [...byLabel].reduce((sum, [label, found]) => (isInvalid(label) ? add(sum, found) : sum), nothing);
  return {
    precision: share(invalid.judged, judged.size),
    recallOfCharged: share(invalid.judged, invalid.charged),
    recallOfLabelled: share(invalid.judged, invalid.selections),
    invalid,
    byLabel,
  };
}

const nothing: Found = { selections: 0, charged: 0, judged: 0 };

function add(a: Found, b: Found): Found {
  return { selections: a.selections + b.selections, charged: a.charged + b.charged, judged: a.judged + b.judged };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}
