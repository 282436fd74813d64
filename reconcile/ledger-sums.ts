import type { BookedEntry, LedgerStream } from './ledger-reading.ts';

/** What the two ledgers say became of the money of one selection, by their entries alone. Micros. */
export interface LedgerSums {
  drawn: number;
  released: number;
  incurred: number;
  suspended: number;
  voided: number;
  passed: number;
  certified: number;
  reversed: number;
  absorbed: number;
  absorbedVoided: number;
}

export function noSums(): LedgerSums {
  return {
    drawn: 0,
    released: 0,
    incurred: 0,
    suspended: 0,
    voided: 0,
    passed: 0,
    certified: 0,
    reversed: 0,
    absorbed: 0,
    absorbedVoided: 0,
  };
}

/** The same streams, the two of each shard cut at one source offset, so that what moves between them stands in both or in neither. */
export function atCommonCut(ledgers: readonly LedgerStream[]): readonly LedgerStream[] {
  const cuts = new Map<number, number>();
  for (const { shard, nextOffset } of ledgers) cuts.set(shard, Math.min(nextOffset, cuts.get(shard) ?? nextOffset));
  return ledgers.map((stream) => {
    const cut = cuts.get(stream.shard) ?? 0;
    return { ...stream, entries: stream.entries.filter((entry) => entry.source_offset < cut) };
  });
}

/** Sums of every selection that has entries. */
export function ledgerSums(ledgers: readonly LedgerStream[]): ReadonlyMap<string, LedgerSums> {
  const bySelection = new Map<string, LedgerSums>();
  for (const { truth, entries } of ledgers) {
    for (const entry of entries) {
      if (entry.selection_id === '') continue;
      const sums = bySelection.get(entry.selection_id) ?? noSums();
      bySelection.set(entry.selection_id, sums);
      if (truth === 'tentative') addTentative(sums, entry);
      else addFinal(sums, entry);
    }
  }
  return bySelection;
}

function addTentative(
  sums: LedgerSums,
  { kind, amount_micros: amount, debit_account, credit_account }: BookedEntry,
): void {
  if (kind === 'draw') sums.drawn += amount;
  else if (kind === 'release') sums.released += amount;
  else if (kind === 'incur') sums.incurred += amount;
  else if (kind === 'void') sums.voided += amount;
  else if (kind === 'certify') sums.passed += amount;
  if (debit_account === 'suspense') sums.suspended += amount;
  if (credit_account === 'suspense') sums.suspended -= amount;
}

/** Only what touches the advertiser's account, or that of what we absorb: the other legs divide the same money. */
function addFinal(sums: LedgerSums, { kind, amount_micros: amount, debit_account, credit_account }: BookedEntry): void {
  if (debit_account === 'advertiser:unbilled' && kind === 'certify') sums.certified += amount;
  if (credit_account === 'advertiser:unbilled' && (kind === 'reverse' || kind === 'adjust')) sums.reversed += amount;
  if (debit_account === 'absorbed') sums.absorbed += amount;
  if (credit_account === 'absorbed') sums.absorbedVoided += amount;
}
