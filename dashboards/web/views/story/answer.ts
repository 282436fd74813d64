import type { EntryRow, Seal } from '../money/ledger.ts';

export interface Billing {
  readonly [field: string]: unknown;
  readonly pricing_model: string;
  readonly price_micros: string;
  readonly currency: string;
  readonly line_item_id: string;
  readonly creative_id: string;
  readonly placement_id: string;
  readonly publisher_id: string;
  readonly node: string;
  readonly selected_at: string;
}

export interface RecordValue {
  readonly [field: string]: unknown;
  readonly billing?: Billing;
  readonly beacon?: {
    readonly receipt_id: string;
    readonly judgement: string;
    readonly network: string;
    readonly transport: string;
    readonly received_at: string;
    readonly billing?: Billing;
  };
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

/** `GET /v1/ledger/selections/{id}`. */
export interface Story extends Seal {
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
  /** Null: the ad is not traced. */
  readonly trace: { readonly trace_id: string; readonly url: string | null } | null;
}

/** The part of AdSelected that says why an ad was chosen. */
export interface Choice {
  readonly tier: string;
  readonly plan?: string;
  readonly fallback: boolean;
  readonly deadline_us: number;
  readonly auction: Readonly<Record<string, string | number | null>>;
  readonly losers: readonly { readonly line_item_id: string; readonly ecpm_micros: string; readonly reason: string }[];
  readonly exclusions: readonly { readonly step: string; readonly reason: string; readonly count: number }[];
  readonly stages: readonly { readonly stage: string; readonly share_us: number; readonly took_us: number }[];
  readonly degradations: readonly { readonly stage: string; readonly reason: string }[];
  readonly context: Readonly<Record<string, unknown>>;
}

/** `GET /v1/audit/explain`: the selection decided again. */
export interface Explanation {
  readonly tallies: boolean;
  readonly known: number;
  readonly eligible: number;
  readonly participating: number;
  readonly plan: string;
  readonly exclusions: readonly { readonly step: string; readonly reason: string; readonly count: number }[];
  readonly ranking: readonly {
    readonly place: number;
    readonly line_item_id: string;
    readonly advertiser_id: string;
    readonly pricing_model: string;
    readonly priority: number;
    readonly bid_micros: string;
    readonly rank_value_micros: string;
    readonly would_pay_micros: string;
    readonly outcome: string;
  }[];
  readonly price: Readonly<Record<string, string | null>> | null;
  readonly differences: readonly { readonly field: string; readonly recorded: string; readonly recomputed: string }[];
}

/** Content of the token: of the first record that carries it. */
export function billingOf({ events }: Story): Billing | null {
  for (const { value } of events) {
    const billing = value?.billing ?? value?.beacon?.billing;
    if (billing !== undefined) return billing;
  }
  return null;
}

/** One step of the time line: records of one kind that say the same, one after the other, are one step. */
export interface Step {
  readonly at: string;
  readonly name: string;
  readonly note: string;
  readonly looks: 'step' | 'money-step' | 'verdict-step';
  readonly events: readonly StoryEvent[];
  /** What tells arrivals apart: fewer than records if a crash made the same ones arrive in the log again. */
  readonly ids: ReadonlySet<string>;
}

/** Order of what has the same time: an ad is chosen before it is paid for. */
const order = [
  'AdSelected',
  'SpendReserved',
  'MarkupReturned',
  'ImpressionRendered',
  'AdViewable',
  'AdClicked',
  'SpendIncurred',
];

export function stepsOf(events: readonly StoryEvent[], noteOf: (event: StoryEvent) => string): Step[] {
  const rank = ({ name }: StoryEvent) => (order.includes(name ?? '') ? order.indexOf(name ?? '') : order.length);
  const sorted = events
    .map((event) => ({ event, at: timeOf(event) }))
    .toSorted((a, b) => (a.at === b.at ? rank(a.event) - rank(b.event) : a.at < b.at ? -1 : 1));
  const steps: Step[] = [];
  for (const { event, at } of sorted) {
    const name = event.name ?? 'unreadable record';
    const note = noteOf(event);
    const last = steps.at(-1);
    if (last !== undefined && last.name === name && last.note === note) {
      steps[steps.length - 1] = { ...last, events: [...last.events, event], ids: new Set([...last.ids, idOf(event)]) };
    } else steps.push({ at, name, note, looks: looksOf(event), events: [event], ids: new Set([idOf(event)]) });
  }
  return steps;
}

function looksOf({ topic, name }: StoryEvent): Step['looks'] {
  if (name === 'TrafficInvalidated' || name === 'Adjusted') return 'verdict-step';
  return topic === 'spend' ? 'money-step' : 'step';
}

/** When it happened, by the record itself; when it was appended if it does not say. */
function timeOf({ value, appended_at }: StoryEvent): string {
  const received = value?.beacon?.received_at;
  if (received !== undefined) return received;
  for (const [field, part] of Object.entries(value ?? {})) {
    if (field.endsWith('_at') && !field.endsWith('expires_at') && typeof part === 'string') return part;
  }
  return value?.billing?.selected_at ?? appended_at;
}

/** A receipt for what arrived, else the event; its place if it can't be read. */
function idOf({ value, topic, shard, offset }: StoryEvent): string {
  const id = value?.beacon?.receipt_id ?? value?.['receipt_id'] ?? value?.['event_id'];
  return typeof id === 'string' ? id : `${topic}/${shard}/${offset}`;
}
