import { sumByCurrency } from './account.ts';
import type { Books, EntryRow, Verdict } from './books.ts';
import { type Detection, detect } from './detection.ts';
import type { SimulationResult } from './simulation.ts';
import { effectsOf, type VerdictEffects } from './verdict-effects.ts';

/** What the platform is to be held against. */
export interface Evidence {
  readonly books: Books;
  /** Entries of the kinds `incur` (tentative) and `absorb` (final). */
  readonly charged: readonly EntryRow[];
  readonly verdicts: readonly Verdict[];
  /** Entries of the kinds `void` (tentative), `reverse` and `absorb_void` (final). */
  readonly takenBack: readonly EntryRow[];
  /** Receipts in the log by selection and kind. */
  readonly receipts: ReadonlyMap<string, number>;
}

/** One line of the table, micros by currency. */
export interface Line {
  readonly figure: string;
  readonly currency: string;
  readonly account: bigint;
  readonly tentative: bigint;
  readonly final: bigint;
  readonly report: bigint;
}

export interface Comparison {
  readonly lines: readonly Line[];
  /** Lines whose four figures are not all the same. */
  readonly unequal: readonly Line[];
  /** Selections that ought to have been charged and were not, or not by the right amount; and the other way round. */
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly doubleCharged: readonly string[];
  /** Acknowledged beacons of which the log holds fewer receipts than were acknowledged, as selection/kind. */
  readonly lostBeacons: readonly string[];
  /** Selections of which the account can't say whether they were charged, and which of them the platform did charge: its word is taken for those, their price is not. */
  readonly doubtful: readonly string[];
  readonly doubtfulCharged: readonly string[];
  readonly detection: Detection;
  readonly effects: VerdictEffects;
}

/** Holds the simulator's account against every truth: sums to the micro, then selection by selection, so that differences can't cancel. */
export function compare({ account, tallies, labels }: SimulationResult, evidence: Evidence): Comparison {
  const { books, charged, verdicts, receipts, takenBack } = evidence;
  const booked = bookedBySelection(charged);
  const doubtful = account.doubtful();
  const doubtfulCharged = [...doubtful.values()].filter(({ selectionId }) => booked.has(selectionId));
  const charges = account.charges();
  for (const charge of doubtfulCharged) charges.set(charge.selectionId, charge);
  const judged = new Set(verdicts.map(({ selection_id }) => selection_id));
  const kept = [...charges.values()].filter(({ selectionId }) => !judged.has(selectionId));
  const gross = sumByCurrency(charges.values());
  const net = sumByCurrency(kept);
  const lines = [...gross.keys()].toSorted().flatMap((currency) => linesOf(currency, gross, net, books));
  const expected = (id: string) => BigInt(charges.get(id)?.amountMicros ?? 0);
  return {
    lines,
    unequal: lines.filter(({ account: mine, tentative, final, report }) =>
      [tentative, final, report].some((sum) => sum !== mine),
    ),
    missing: [...charges.keys()].filter((id) => (booked.get(id)?.amount ?? 0n) < expected(id)),
    unexpected: [...booked].filter(([id, { amount }]) => account.has(id) && amount > expected(id)).map(([id]) => id),
    doubleCharged: [...booked].filter(([, { times }]) => times > 1).map(([id]) => id),
    lostBeacons: [...tallies.acknowledged]
      .filter(([key, count]) => (receipts.get(key) ?? 0) < count)
      .map(([key]) => key),
    doubtful: [...doubtful.keys()],
    doubtfulCharged: doubtfulCharged.map(({ selectionId }) => selectionId),
    detection: detect(new Set(charges.keys()), labels, verdicts),
    effects: effectsOf(charges, verdicts, takenBack),
  };
}

function linesOf(
  currency: string,
  gross: ReadonlyMap<string, bigint>,
  net: ReadonlyMap<string, bigint>,
  { tentative, final, report }: Books,
): Line[] {
  const t = tentative.get(currency) ?? { incurred: 0n, voided: 0n, openReserved: 0n, pending: 0n };
  const f = final.get(currency) ?? { certified: 0n, reversed: 0n, absorbed: 0n, absorbedVoided: 0n };
  const r = report.get(currency) ?? { incurred: 0n, absorbed: 0n, voided: 0n, certified: 0n, reversed: 0n };
  const paid = f.absorbed - f.absorbedVoided;
  return [
    {
      figure: 'gross',
      currency,
      account: gross.get(currency) ?? 0n,
      tentative: t.incurred + f.absorbed,
      // What the final ledger certified, and what was taken back before it could.
      final: f.certified + t.voided + t.pending + f.absorbed,
      report: r.incurred + r.absorbed,
    },
    {
      figure: 'net',
      currency,
      account: net.get(currency) ?? 0n,
      tentative: t.incurred - t.voided - f.reversed + paid,
      final: f.certified - f.reversed + paid,
      report: r.certified - r.reversed + r.absorbed - f.absorbedVoided,
    },
  ];
}

interface Booked {
  amount: bigint;
  /** Charges, each with its own source record. */
  times: number;
}

/** An absorbed charge is booked as several entries: each is a part of it, and only one of them is counted. */
function bookedBySelection(entries: readonly EntryRow[]): Map<string, Booked> {
  const booked = new Map<string, Booked>();
  const sources = new Map<string, Set<string>>();
  for (const { selection_id: id, amount_micros, kind, source } of entries) {
    if (id === null) continue;
    const known = booked.get(id) ?? { amount: 0n, times: 0 };
    const seen = sources.get(id) ?? new Set<string>();
    sources.set(id, seen.add(`${kind}/${source}`));
    booked.set(id, { amount: known.amount + BigInt(amount_micros), times: seen.size });
  }
  return booked;
}
