import type { AnyRecord, Entry } from '../domain/records.ts';
import type { LedgerStream } from './ledger-reading.ts';
import type { Placed } from './log-reading.ts';
import type { Recounted } from './recount.ts';

export interface InvariantCheck {
  readonly number: number;
  readonly holds: boolean;
  readonly detail: string;
}

/** The invariants of docs/ARCHITECTURE.md that can be read off a cut, checked on what the ledgers and pacing really hold. */
export function checkInvariants(
  recounted: readonly Recounted[],
  ledgers: readonly LedgerStream[],
  pacing: readonly Placed<AnyRecord>[],
): InvariantCheck[] {
  return [
    sumsOfDrawn(recounted),
    balancedEntries(ledgers),
    chargedOnce(ledgers),
    reversedWithinCertified(ledgers),
    withinBudget(ledgers, pacing),
  ];
}

function first(problems: readonly string[], fine: string): { readonly holds: boolean; readonly detail: string } {
  return problems.length === 0
    ? { holds: true, detail: fine }
    : { holds: false, detail: problems.slice(0, 5).join('; ') };
}

/** 3: drawn = open + released + incurred; incurred = pending + suspended + voided + certified. */
function sumsOfDrawn(recounted: readonly Recounted[]): InvariantCheck {
  const problems = recounted
    .filter(
      ({ outcome: { standing: s } }) =>
        s.drawn !== s.open + s.released + s.incurred || s.incurred !== s.pending + s.suspended + s.voided + s.certified,
    )
    .map(({ selectionId }) => selectionId);
  return { number: 3, ...first(problems, `${recounted.length} selections`) };
}

/** 4: each entry has one debit and one credit of the same positive amount, and no account stands on both sides of it. */
function balancedEntries(ledgers: readonly LedgerStream[]): InvariantCheck {
  const problems = ledgers.flatMap(({ truth, shard, entries }) =>
    entries
      .filter(
        (entry) =>
          !(entry.amount_micros > 0) ||
          entry.debit_account === '' ||
          entry.credit_account === '' ||
          entry.debit_account === entry.credit_account,
      )
      .map((entry) => `${truth}-${shard}@${entry.source_offset}.${entry.ordinal}`),
  );
  return { number: 4, ...first(problems, `${ledgers.reduce((sum, { entries }) => sum + entries.length, 0)} entries`) };
}

/** 5: each selection incurs or is absorbed at most once, over all shards. */
function chargedOnce(ledgers: readonly LedgerStream[]): InvariantCheck {
  const charges = new Map<string, Set<string>>();
  const problems: string[] = [];
  for (const { truth, shard, entries } of ledgers) {
    for (const entry of entries) {
      if (entry.kind !== 'incur' && entry.kind !== 'absorb') continue;
      const places = charges.get(entry.selection_id) ?? new Set<string>();
      charges.set(entry.selection_id, places.add(`${truth}-${shard}@${entry.source_offset}/${entry.kind}`));
    }
  }
  for (const [id, places] of charges) if (places.size > 1) problems.push(`${id}: ${[...places].join(', ')}`);
  return { number: 5, ...first(problems, `${charges.size} charged selections`) };
}

/** 6: reversed never exceeds certified, for each selection. */
function reversedWithinCertified(ledgers: readonly LedgerStream[]): InvariantCheck {
  const sums = new Map<string, number>();
  const effect = (entry: Entry): number => {
    if (entry.kind === 'certify') return entry.amount_micros;
    return (entry.kind === 'reverse' || entry.kind === 'adjust') && entry.credit_account === 'advertiser:unbilled'
      ? -entry.amount_micros
      : 0;
  };
  for (const { truth, entries } of ledgers) {
    if (truth === 'final')
      for (const entry of entries) sums.set(entry.selection_id, (sums.get(entry.selection_id) ?? 0) + effect(entry));
  }
  const problems = [...sums].filter(([, rest]) => rest < 0).map(([id]) => id);
  return { number: 6, ...first(problems, `${sums.size} selections in the final ledger`) };
}

/** 7, as far as ledgers show it: what stands against a budget never exceeds the highest one that took effect. */
function withinBudget(ledgers: readonly LedgerStream[], pacing: readonly Placed<AnyRecord>[]): InvariantCheck {
  const budgets = new Map<string, number>();
  for (const { value } of pacing) {
    if (value.name === 'BudgetApplied')
      budgets.set(
        value.value.campaign_id,
        Math.max(budgets.get(value.value.campaign_id) ?? 0, value.value.total_micros),
      );
  }
  const used = new Map<string, bigint>();
  for (const { entries } of ledgers)
    for (const entry of entries)
      used.set(entry.campaign_id, (used.get(entry.campaign_id) ?? 0n) + BigInt(usedBy(entry)));
  const problems = [...budgets]
    .filter(([id, budget]) => (used.get(id) ?? 0n) > BigInt(budget))
    .map(([id, budget]) => `${id} uses ${used.get(id)} of ${budget}`);
  return { number: 7, ...first(problems, `${budgets.size} campaigns`) };
}

function usedBy({ kind, amount_micros, credit_account }: Entry): number {
  if (kind === 'draw') return amount_micros;
  if (kind === 'release' || kind === 'void') return -amount_micros;
  return (kind === 'reverse' || kind === 'adjust') && credit_account === 'advertiser:unbilled' ? -amount_micros : 0;
}
