import type { Break, CauseCode, Explained } from './breaks.ts';
import type { Bridge } from './bridges.ts';
import type { LedgerSums } from './ledger-sums.ts';
import { refText } from './log-reading.ts';
import type { Recounted } from './recount.ts';

/**
 * Money and counts of each truth for a campaign in an hour of selection time, each as that truth itself says: counts and the first two sums by
 * evidence, the next by the ledgers' entries, the last by reporting. Micros as decimal strings.
 */
export interface SideBySide {
  readonly campaign_id: string;
  readonly currency: string;
  readonly hour: string;
  readonly selected: number;
  readonly returned: number;
  readonly impressions: number;
  readonly viewables: number;
  readonly clicks: number;
  readonly billable: number;
  readonly selected_micros: string;
  readonly billable_micros: string;
  readonly tentative_incurred_micros: string;
  readonly absorbed_micros: string;
  readonly voided_micros: string;
  readonly certified_micros: string;
  readonly reversed_micros: string;
  readonly final_billable_micros: string;
  readonly reported_billable_micros: string;
}

/** A break as a report shows it. */
export interface ShownBreak {
  readonly code: string;
  readonly truth: string;
  readonly selection_id: string;
  readonly campaign_id: string;
  readonly expected_micros: string;
  readonly actual_micros: string;
  readonly difference_micros: string;
  readonly refs: readonly string[];
  readonly detail: string;
}

/** An explained difference as a report shows it. */
export interface ShownDifference {
  readonly cause: CauseCode;
  readonly from: string;
  readonly to: string;
  readonly selection_id: string;
  readonly campaign_id: string;
  readonly amount_micros: string;
  readonly refs: readonly string[];
}

export interface ReconciliationReport {
  readonly id: string;
  readonly started_at: string;
  readonly finished_at: string;
  readonly result: 'tallies' | 'differs';
  readonly selections: number;
  readonly closed_selections: number;
  readonly unexplained_micros: string;
  readonly breaks: readonly ShownBreak[];
  readonly breaks_total: number;
  readonly causes: readonly {
    readonly cause: CauseCode;
    readonly from: string;
    readonly to: string;
    readonly count: number;
    readonly amount_micros: string;
  }[];
  readonly differences: readonly ShownDifference[];
  readonly differences_total: number;
  /** From truth to truth, over closed selections: what one says, what the next says, and that causes explain what lies between. */
  readonly bridges: readonly Bridge[];
  readonly sides: readonly SideBySide[];
  /** Pacing knows no selections: its sums by campaign, as the rows stand. */
  readonly pacing: readonly Readonly<Record<string, string>>[];
  /** Records of the log that can't be read and that quarantine knows of. */
  readonly quarantined_records: number;
  readonly totals: Readonly<Record<string, string>>;
  readonly positions: Readonly<Record<string, { readonly first: number; readonly next: number }>>;
  readonly digest: string;
  readonly self_test: 'passed' | 'failed' | 'nothing_to_corrupt';
  readonly reporting: 'compared' | 'left_out';
  readonly invariants: readonly { readonly number: number; readonly holds: boolean; readonly detail: string }[];
}

const hourMs = 3_600_000;
/** Differences are listed by id up to here; counts and sums are of all of them. */
export const listedDifferences = 5_000;

class Sums {
  selected = 0;
  returned = 0;
  impressions = 0;
  viewables = 0;
  clicks = 0;
  billable = 0;
  readonly micros = {
    selected: 0n,
    billable: 0n,
    incurred: 0n,
    absorbed: 0n,
    voided: 0n,
    certified: 0n,
    reversed: 0n,
    reported: 0n,
  };

  add(one: Recounted, ledger: LedgerSums, reportedMicros: number): void {
    const seen = (kind: string): number =>
      one.facts.beacons.some((at) => at.value.kind === kind && at.value.judgement === 'ACCEPTED') ? 1 : 0;
    this.selected += one.facts.selected.length > 0 ? 1 : 0;
    this.returned += one.facts.returned.length > 0 ? 1 : 0;
    this.impressions += seen('impression');
    this.viewables += seen('viewable');
    this.clicks += seen('click');
    const billable = (one.delivery?.billable.length ?? 0) > 0;
    this.billable += billable ? 1 : 0;
    this.micros.selected += one.facts.selected.length > 0 ? BigInt(one.priceMicros) : 0n;
    this.micros.billable += billable ? BigInt(one.priceMicros) : 0n;
    this.micros.incurred += BigInt(ledger.incurred);
    this.micros.absorbed += BigInt(ledger.absorbed);
    this.micros.voided += BigInt(ledger.voided);
    this.micros.certified += BigInt(ledger.certified);
    this.micros.reversed += BigInt(ledger.reversed);
    this.micros.reported += BigInt(reportedMicros);
  }
}

/** Each truth side by side, by campaign and hour of selection. */
export class Sides {
  private readonly sums = new Map<
    string,
    { readonly campaign: string; readonly currency: string; readonly hour: number; readonly sums: Sums }
  >();

  /** One selection, with what the ledgers and reporting say of it. */
  add(one: Recounted, ledger: LedgerSums, reportedMicros: number): void {
    if (one.delivery === null) return;
    const hour = Math.floor(one.selectedAt / hourMs) * hourMs;
    const key = `${one.campaignId}|${one.currency}|${hour}`;
    const row = this.sums.get(key) ?? { campaign: one.campaignId, currency: one.currency, hour, sums: new Sums() };
    row.sums.add(one, ledger, reportedMicros);
    this.sums.set(key, row);
  }

  rows(): SideBySide[] {
    return [...this.sums.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { campaign, currency, hour, sums }]) => ({
        campaign_id: campaign,
        currency,
        hour: new Date(hour).toISOString(),
        selected: sums.selected,
        returned: sums.returned,
        impressions: sums.impressions,
        viewables: sums.viewables,
        clicks: sums.clicks,
        billable: sums.billable,
        selected_micros: String(sums.micros.selected),
        billable_micros: String(sums.micros.billable),
        tentative_incurred_micros: String(sums.micros.incurred),
        absorbed_micros: String(sums.micros.absorbed),
        voided_micros: String(sums.micros.voided),
        certified_micros: String(sums.micros.certified),
        reversed_micros: String(sums.micros.reversed),
        final_billable_micros: String(sums.micros.certified - sums.micros.reversed),
        reported_billable_micros: String(sums.micros.reported),
      }));
  }
}

/** Explained differences: the first of them in words, and counts and sums of all by cause and by the truths between which they stand. */
export class Differences {
  readonly listed: ShownDifference[] = [];
  total = 0;
  private readonly causes = new Map<
    string,
    { cause: CauseCode; from: string; to: string; count: number; sum: bigint }
  >();

  add(explained: Explained): void {
    const { cause, between, amountMicros } = explained;
    this.total += 1;
    if (this.listed.length < listedDifferences) this.listed.push(showDifference(explained));
    const [from, to] = between;
    const key = `${cause}|${from}|${to}`;
    const row = this.causes.get(key) ?? { cause, from, to, count: 0, sum: 0n };
    row.count += 1;
    row.sum += BigInt(amountMicros);
    this.causes.set(key, row);
  }

  byCause(): ReconciliationReport['causes'] {
    return [...this.causes.values()].map(({ sum, ...row }) => ({ ...row, amount_micros: String(sum) }));
  }
}

/** Totals over all sides, by figure, for people who want one line. Currencies are kept apart. */
export function totalsOf(sides: readonly SideBySide[]): Record<string, string> {
  const totals: Record<string, bigint> = {};
  for (const side of sides) {
    for (const [figure, value] of Object.entries(side)) {
      if (!figure.endsWith('_micros')) continue;
      const key = `${side.currency}.${figure}`;
      totals[key] = (totals[key] ?? 0n) + BigInt(value as string);
    }
  }
  return Object.fromEntries(Object.entries(totals).map(([key, sum]) => [key, String(sum)]));
}

export function showBreak(found: Break): ShownBreak {
  return {
    code: found.code,
    truth: found.truth,
    selection_id: found.selectionId,
    campaign_id: found.campaignId,
    expected_micros: String(found.expectedMicros),
    actual_micros: String(found.actualMicros),
    difference_micros: String(found.differenceMicros),
    refs: found.refs,
    detail: found.detail,
  };
}

function showDifference(explained: Explained): ShownDifference {
  const { cause, between, selectionId, campaignId, amountMicros, refs } = explained;
  const [from, to] = between;
  return {
    cause,
    from,
    to,
    selection_id: selectionId,
    campaign_id: campaignId,
    amount_micros: String(amountMicros),
    refs: refs.map(refText),
  };
}
