import type { AnyRecord, Entry } from '../domain/records.ts';
import type { LedgerStream } from './ledger-reading.ts';
import type { LedgerSums } from './ledger-sums.ts';
import type { Placed } from './log-reading.ts';

export interface InvariantCheck {
  /** As docs/ARCHITECTURE.md numbers them. */
  readonly number: number;
  readonly holds: boolean;
  readonly detail: string;
}

interface Held {
  readonly ledgers: readonly LedgerStream[];
  readonly pacing: readonly Placed<AnyRecord>[];
  readonly sums: ReadonlyMap<string, LedgerSums>;
}

/** The invariants that can be read off a cut, checked on what the ledgers and pacing really hold. */
export function checkInvariants(held: Held): InvariantCheck[] {
  return [
    sumsOfDrawn(held),
    balancedEntries(held),
    chargedOnce(held),
    reversedWithinCertified(held),
    withinBudget(held),
  ];
}

function first(problems: readonly string[], fine: string): { readonly holds: boolean; readonly detail: string } {
  return problems.length === 0
    ? { holds: true, detail: fine }
    : { holds: false, detail: problems.slice(0, 5).join('; ') };
}

/**
 * 3: drawn = open + released + incurred; incurred = pending + suspended + voided + certified. What kinds of entries say, against the balances of
 * the accounts; and no selection stands below zero anywhere.
 */
function sumsOfDrawn({ ledgers, sums }: Held): InvariantCheck {
  const problems: string[] = [];
  for (const [id, s] of sums) {
    const [open, pending] = [s.drawn - s.released - s.incurred, s.incurred - s.suspended - s.voided - s.passed];
    if (open < 0 || pending < 0 || s.suspended < 0) problems.push(`${id} stands below zero`);
    if (s.certified !== s.passed) problems.push(`${id} is certified for ${s.certified}, not for ${s.passed}`);
  }
  const balances = new Map<string, bigint>();
  const add = (account: string, { campaign_id, currency, amount_micros }: Entry, sign: bigint): void => {
    const key = `${campaign_id} ${currency} ${account}`;
    balances.set(key, (balances.get(key) ?? 0n) + sign * BigInt(amount_micros));
  };
  for (const { truth, entries } of ledgers) {
    if (truth !== 'tentative') continue;
    for (const entry of entries) {
      add(entry.debit_account, entry, 1n);
      add(entry.credit_account, entry, -1n);
    }
  }
  for (const [key, balance] of balances)
    if (/ (campaign:reserved|campaign:incurred|suspense)$/.test(key) && balance < 0n)
      problems.push(`${key} stands at ${balance}`);
  return { number: 3, ...first(problems, `${sums.size} selections`) };
}

/** 4: each entry has one debit and one credit of the same positive amount, and no account stands on both sides of it. */
function balancedEntries({ ledgers }: Held): InvariantCheck {
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
function chargedOnce({ ledgers }: Held): InvariantCheck {
  const charges = new Map<string, Set<string>>();
  const problems: string[] = [];
  for (const { shard, entries } of ledgers) {
    for (const entry of entries) {
      if (entry.kind !== 'incur' && entry.kind !== 'absorb') continue;
      const places = charges.get(entry.selection_id) ?? new Set<string>();
      charges.set(entry.selection_id, places.add(`spend/${shard}@${entry.source_offset}`));
    }
  }
  for (const [id, places] of charges) if (places.size > 1) problems.push(`${id}: ${[...places].join(', ')}`);
  return { number: 5, ...first(problems, `${charges.size} charged selections`) };
}

/** 6: reversed never exceeds certified, for each selection; nor what is taken back of absorbed what was absorbed. */
function reversedWithinCertified({ sums }: Held): InvariantCheck {
  const problems = [...sums]
    .filter(([, s]) => s.reversed > s.certified || s.absorbedVoided > s.absorbed)
    .map(([id]) => id);
  return { number: 6, ...first(problems, `${sums.size} selections`) };
}

/** 7, as far as ledgers show it: what stands against a budget never exceeds the highest one that took effect. */
function withinBudget({ ledgers, pacing }: Held): InvariantCheck {
  const budgets = new Map<string, number>();
  for (const { value } of pacing) {
    if (value.name !== 'BudgetApplied') continue;
    const { campaign_id: id, total_micros: total } = value.value;
    budgets.set(id, Math.max(budgets.get(id) ?? 0, total));
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

/** Open, pending, suspended and certified, less what was taken back. */
function usedBy({ kind, amount_micros, credit_account }: Entry): number {
  if (kind === 'draw') return amount_micros;
  if (kind === 'release' || kind === 'void') return -amount_micros;
  return (kind === 'reverse' || kind === 'adjust') && credit_account === 'advertiser:unbilled' ? -amount_micros : 0;
}
