/** A run of a reconciliation, as the console gives it. */
export interface RunSummary {
  readonly id: string;
  readonly status: 'running' | 'finished' | 'failed';
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly progress: string | null;
  readonly problem: string | null;
  readonly result?: 'tallies' | 'differs';
  readonly unexplained_micros?: string;
  readonly breaks_total?: number;
  readonly selections?: number;
  readonly closed_selections?: number;
}

export interface Difference {
  readonly cause: string;
  readonly from: string;
  readonly to: string;
  readonly selection_id: string;
  readonly campaign_id: string;
  readonly amount_micros: string;
  readonly refs: readonly string[];
}

export interface Break {
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

export type Side = Readonly<Record<string, string | number>> & {
  readonly campaign_id: string;
  readonly currency: string;
  readonly hour: string;
};

export interface Run extends RunSummary {
  readonly self_test?: string;
  readonly reporting?: string;
  readonly digest?: string;
  readonly causes?: readonly {
    readonly cause: string;
    readonly from: string;
    readonly to: string;
    readonly count: number;
    readonly amount_micros: string;
  }[];
  readonly bridges?: readonly {
    readonly from: string;
    readonly to: string;
    readonly currency: string;
    readonly from_micros: string;
    readonly to_micros: string;
    readonly explained_micros: string;
    readonly left_micros: string;
  }[];
  readonly sides?: readonly Side[];
  readonly differences?: readonly Difference[];
  readonly differences_total?: number;
  readonly breaks?: readonly Break[];
  readonly invariants?: readonly { readonly number: number; readonly holds: boolean; readonly detail: string }[];
}

/** From one truth to the next: what each side says, and between which truths the causes of the difference stand. */
export const hops = [
  {
    name: 'delivery',
    title: 'Selection → delivery',
    from: 'selected_micros',
    to: 'billable_micros',
    truths: ['selection', 'delivery'],
  },
  {
    name: 'tentative',
    title: 'Delivery → tentative',
    from: 'billable_micros',
    to: 'tentative_incurred_micros',
    truths: ['delivery', 'spend', 'tentative'],
  },
  {
    name: 'final',
    title: 'Tentative → final',
    from: 'tentative_incurred_micros',
    to: 'certified_micros',
    truths: ['tentative', 'final'],
  },
  {
    name: 'adjusted',
    title: 'Final → fraud-adjusted',
    from: 'certified_micros',
    to: 'final_billable_micros',
    truths: ['final', 'fraud_adjusted'],
  },
  {
    name: 'reporting',
    title: 'Fraud-adjusted → reporting',
    from: 'final_billable_micros',
    to: 'reported_billable_micros',
    truths: ['fraud_adjusted', 'reporting'],
  },
] as const;
export type Hop = (typeof hops)[number];

/** What is lost from one truth to the next, micros. */
export function lostBetween(side: Side, hop: Hop): bigint {
  return BigInt(side[hop.from] ?? '0') - BigInt(side[hop.to] ?? '0');
}

const hourMs = 3_600_000;

/** Start of the hour of selection: a UUIDv7 begins with its time. */
export function hourOfSelection(selectionId: string): string {
  const ms = Number.parseInt(selectionId.replaceAll('-', '').slice(0, 12), 16);
  return Number.isNaN(ms) ? '' : new Date(ms - (ms % hourMs)).toISOString();
}

/** Whether the cause of a difference stands in this hop. */
export function standsIn({ from, to }: { readonly from: string; readonly to: string }, { truths }: Hop): boolean {
  const [a, b] = [truths.indexOf(from as never), truths.indexOf(to as never)];
  return a >= 0 && b > a;
}

/** How far a run is, where its sentence says `n of m`; null where it does not. */
export function shareDone(sentence: string): number | null {
  const [, done, all] = /(\d{1,15}) of (\d{1,15})/.exec(sentence) ?? [];
  return done === undefined || Number(all) === 0 ? null : Number(done) / Number(all);
}
