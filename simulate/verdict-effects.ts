import type { ExpectedCharge } from './account.ts';
import type { EntryRow, Verdict } from './books.ts';

/** What the ledgers did because of a verdict: took back before certification, after it, or what was absorbed anyway. */
export const effects = ['voided', 'reversed', 'absorbed_voided'] as const;
export type Effect = (typeof effects)[number];

/** Selections with an effect, and what they cost: micros by currency. */
export interface Taken {
  readonly selections: number;
  readonly micros: ReadonlyMap<string, bigint>;
}

/** What became of the verdicts of one rule. */
export interface RuleEffects {
  readonly rule: string;
  /** On charged selections. Of several on one selection, the first one in the log has the effect. */
  readonly verdicts: number;
  readonly taken: Readonly<Record<Effect, Taken>>;
}

export interface VerdictEffects {
  readonly byRule: readonly RuleEffects[];
  readonly total: Readonly<Record<Effect, Taken>>;
  /** Selections that were judged and whose charge was not taken back whole, or that were taken back without a verdict. */
  readonly wrong: readonly string[];
}

/** What one selection was given back. */
interface GivenBack {
  readonly rule: string;
  readonly effect: Effect;
  micros: bigint;
}

const effectOf: Readonly<Partial<Record<string, Effect>>> = {
  void: 'voided',
  reverse: 'reversed',
  absorb_void: 'absorbed_voided',
};

/**
 * Holds the verdicts against the entries that they caused (`void`, `reverse`, `absorb_void`): each charged selection that was judged has its charge taken
 * back once and whole, by one of the three, and no other selection has.
 */
export function effectsOf(
  charges: ReadonlyMap<string, ExpectedCharge>,
  verdicts: readonly Verdict[],
  entries: readonly EntryRow[],
): VerdictEffects {
  const judged = verdicts.filter(({ selection_id }) => charges.has(selection_id));
  const given = givenBack(entries);
  const rules = [...new Set([...judged, ...given.values()].map(({ rule }) => rule))].toSorted();
  return {
    byRule: rules.map((rule) => ({
      rule,
      verdicts: judged.filter((verdict) => verdict.rule === rule).length,
      taken: takenBy(charges, given, (back) => back.rule === rule),
    })),
    total: takenBy(charges, given, () => true),
    wrong: wrongOf(charges, judged, given),
  };
}

/** By selection. A charge that is taken back after it was certified is several entries; the one on the advertiser's side is the whole. */
function givenBack(entries: readonly EntryRow[]): Map<string, GivenBack> {
  const given = new Map<string, GivenBack>();
  for (const { kind, selection_id: id, amount_micros, reference, debit_account, credit_account } of entries) {
    const effect = effectOf[kind];
    if (effect === undefined || id === null) continue;
    if (effect === 'reversed' && credit_account !== 'advertiser:unbilled') continue;
    // the residue of a share may go the other way
    const sign = effect === 'absorbed_voided' && debit_account === 'absorbed' ? -1n : 1n;
    const known = given.get(id) ?? { rule: reference, effect, micros: 0n };
    known.micros += sign * BigInt(amount_micros);
    given.set(id, known);
  }
  return given;
}

function takenBy(
  charges: ReadonlyMap<string, ExpectedCharge>,
  given: ReadonlyMap<string, GivenBack>,
  holds: (back: GivenBack) => boolean,
): Record<Effect, Taken> {
  const of = (effect: Effect): Taken => {
    const micros = new Map<string, bigint>();
    let selections = 0;
    for (const [id, back] of given) {
      if (back.effect !== effect || !holds(back)) continue;
      selections += 1;
      const currency = charges.get(id)?.currency ?? '?';
      micros.set(currency, (micros.get(currency) ?? 0n) + back.micros);
    }
    return { selections, micros };
  };
  return { voided: of('voided'), reversed: of('reversed'), absorbed_voided: of('absorbed_voided') };
}

function wrongOf(
  charges: ReadonlyMap<string, ExpectedCharge>,
  judged: readonly Verdict[],
  given: ReadonlyMap<string, GivenBack>,
): string[] {
  const ids = new Set(judged.map(({ selection_id }) => selection_id));
  const notWhole = [...ids].filter((id) => given.get(id)?.micros !== BigInt(charges.get(id)?.amountMicros ?? 0));
  return [...notWhole, ...[...given.keys()].filter((id) => !ids.has(id))];
}
