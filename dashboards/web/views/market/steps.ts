import type { ReportRow } from '../../parts/report.tsx';

/** From eligible to won. `lostBy`: steps of the report `bidder_reasons` at which ads fall out before it. */
export const steps = [
  { name: 'eligible', title: 'Eligible', lostBy: [] },
  { name: 'solicited', title: 'Asked', lostBy: ['not_asked'] },
  { name: 'responded', title: 'Answered with a bid', lostBy: ['in_time', 'fault', 'no_bid'] },
  { name: 'participating', title: 'Took part', lostBy: ['no_part'] },
  { name: 'won', title: 'Won', lostBy: ['lost'] },
] as const;

export type StepName = (typeof steps)[number]['name'];
export type Counts = Readonly<Record<StepName, number>>;

export function numberOf(row: ReportRow, name: string): number {
  return Number(row[name] ?? 0);
}

/** Adds up rows of `bidders`, whatever their currency. */
export function countsOf(rows: readonly ReportRow[]): Counts {
  const sum = (name: StepName) => rows.reduce((all, row) => all + numberOf(row, name), 0);
  return {
    eligible: sum('eligible'),
    solicited: sum('solicited'),
    responded: sum('responded'),
    participating: sum('participating'),
    won: sum('won'),
  };
}

export interface Reason {
  readonly step: string;
  readonly reason: string;
  readonly ads: number;
}

/** Reasons of all rows of `bidder_reasons` together, the most frequent first. */
export function reasonsOf(rows: readonly ReportRow[]): Reason[] {
  const sums = new Map<string, Reason>();
  for (const row of rows) {
    const [step, reason] = [String(row['step']), String(row['reason'])];
    const ads = (sums.get(`${step}/${reason}`)?.ads ?? 0) + numberOf(row, 'ads');
    sums.set(`${step}/${reason}`, { step, reason, ads });
  }
  return [...sums.values()].toSorted((a, b) => b.ads - a.ads || (a.reason < b.reason ? -1 : 1));
}

/** Rows by bidder, those who won most first. */
export function byBidder(rows: readonly ReportRow[]): { readonly id: string; readonly rows: readonly ReportRow[] }[] {
  const groups = Map.groupBy(rows, (row) => String(row['bidder_id']));
  const wins = (ones: readonly ReportRow[]) => countsOf(ones).won;
  return [...groups]
    .map(([id, ones]) => ({ id, rows: ones }))
    .toSorted((a, b) => wins(b.rows) - wins(a.rows) || (a.id < b.id ? -1 : 1));
}

export interface YieldBar {
  readonly fromUs: number;
  readonly belowUs: number;
  readonly plan: string;
  readonly ads: number;
  /** What a thousand decisions brought, house ads with nothing. */
  readonly perThousandMicros: bigint;
}

/** Rows of `yield_by_latency` of one currency, its tiers together: by range of time and plan. */
export function yieldBars(rows: readonly ReportRow[]): YieldBar[] {
  const bars = new Map<string, { bar: YieldBar; sum: bigint }>();
  for (const row of rows) {
    const plan = String(row['plan']);
    const fromUs = numberOf(row, 'from_us');
    const before = bars.get(`${fromUs}/${plan}`);
    const ads = (before?.bar.ads ?? 0) + numberOf(row, 'selections');
    const sum = (before?.sum ?? 0n) + BigInt(String(row['ecpm_micros'])) * BigInt(numberOf(row, 'selections'));
    const bar = { fromUs, belowUs: numberOf(row, 'below_us'), plan, ads, perThousandMicros: sum / BigInt(ads) };
    bars.set(`${fromUs}/${plan}`, { bar, sum });
  }
  // What was never handed over took no time at all: it stands last.
  const rank = ({ fromUs }: YieldBar) => (fromUs < 0 ? Number.MAX_SAFE_INTEGER : fromUs);
  return Array.from(bars.values(), ({ bar }) => bar).toSorted(
    (a, b) => rank(a) - rank(b) || (a.plan < b.plan ? -1 : 1),
  );
}

/** A range of time in words. */
export function rangeOf(fromUs: number, belowUs: number): string {
  if (fromUs < 0) return 'never handed over';
  const ms = (us: number) => `${us / 1_000}`;
  return belowUs < 0 ? `${ms(fromUs)} ms and more` : `${ms(fromUs)}–${ms(belowUs)} ms`;
}
