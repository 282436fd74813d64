/** Answers of the console, as far as the pages show them. */

export interface EntryRow {
  readonly truth: string;
  readonly kind: string;
  readonly selection_id: string | null;
  readonly debit_account: string;
  readonly credit_account: string;
  readonly amount_micros: string;
  readonly currency: string;
  readonly posted_at: string;
  readonly source_offset: number;
  readonly posting_period: string;
  readonly reference: string;
}

export interface Billing {
  readonly pricing_model: 'CPM' | 'VCPM' | 'CPC' | 'NONE';
  readonly price_micros: string;
  readonly currency: string;
  readonly line_item_id: string;
  readonly campaign_id: string;
  readonly advertiser_id: string;
  readonly placement_id: string;
  readonly revenue_share_ppm: number;
  readonly node: string;
}

export interface Beacon {
  readonly receipt_id: string;
  readonly kind: string;
  readonly judgement: string;
  readonly network: string;
  readonly transport: string;
  readonly received_at: string;
}

export interface RecordValue {
  readonly billing?: Billing;
  readonly beacon?: Beacon;
  readonly [field: string]: unknown;
}

export interface StoryEvent {
  readonly topic: string;
  readonly shard: number;
  readonly offset: number;
  readonly appended_at: string;
  readonly name: string | null;
  readonly value: RecordValue | null;
  readonly problem: string | null;
}

export interface Story {
  readonly selection_id: string;
  readonly shard: number;
  readonly advertiser_id: string | null;
  readonly campaign_id: string | null;
  readonly state: string;
  readonly why: readonly string[];
  readonly currency: string | null;
  readonly amounts: Readonly<Record<string, string>>;
  readonly tentative: readonly EntryRow[];
  readonly final: readonly EntryRow[];
  readonly events: readonly StoryEvent[];
  readonly events_total: number;
  readonly cut: string | null;
  readonly as_of_position: string;
  readonly digest: string;
}

/** The part of AdSelected that says why an ad was chosen. */
export interface Choice {
  readonly tier: string;
  readonly fallback: boolean;
  readonly deadline_us: number;
  readonly auction: Readonly<Record<string, string | number | null>>;
  readonly losers: readonly { readonly line_item_id: string; readonly ecpm_micros: string; readonly reason: string }[];
  readonly exclusions: readonly { readonly step: string; readonly reason: string; readonly count: number }[];
  readonly stages: readonly { readonly stage: string; readonly share_us: number; readonly took_us: number }[];
  readonly degradations: readonly { readonly stage: string; readonly reason: string }[];
  readonly views: readonly { readonly view: string; readonly revision: number }[];
  readonly context: Readonly<Record<string, unknown>>;
}
