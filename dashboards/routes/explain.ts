import type { ExclusionCount } from '../../domain/records.ts';
import { formatTime } from '../../domain/time-text.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import type { WhyNotAnswer } from './why-not.ts';

/** A selection decided again, amounts in micros (`explainSelection`). */
export interface Explained {
  readonly selection_id: string;
  readonly line_item_id: string;
  readonly selected_at: number;
  readonly placement_id: string;
  readonly slot_id: string;
  readonly position: number;
  readonly plan: string;
  readonly known: number;
  readonly eligible: number;
  readonly participating: number;
  readonly exclusions: readonly ExclusionCount[];
  /** As the decision counted them, up to where it stopped. */
  readonly recorded_exclusions: readonly ExclusionCount[];
  readonly ranking: readonly object[];
  readonly bidders: readonly object[];
  readonly price: object | null;
  readonly differences: readonly object[];
  /** Of the line item that was asked about. */
  readonly asked: WhyNotAnswer | null;
}

/** Errors: `NOT_FOUND` if there is no such selection, or was no such line item then; `STATE_CONFLICT` if what it was decided by can't be had. */
export type AskExplanation = (selectionId: string, lineItemId: string | null) => Promise<Explained>;

const parameters = {
  type: 'object',
  required: ['selection_id'],
  properties: {
    selection_id: { type: 'string', pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' },
    line_item_id: { type: 'string', pattern: '^li_[0-9A-Za-z]{1,12}$', description: 'Also: why not this one.' },
  },
  additionalProperties: false,
} as const;

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const whole = { type: 'integer' } as const;
const micros = { type: 'string', pattern: '^(0|[1-9][0-9]*)$' } as const;
const microsOrNull = { type: ['string', 'null'] } as const;
const counts = {
  type: 'array',
  items: { type: 'object', properties: { step: text, reason: text, count: whole } },
} as const;

const standing = {
  type: 'object',
  properties: {
    place: whole,
    line_item_id: text,
    advertiser_id: text,
    creative_id: text,
    pricing_model: text,
    priority: whole,
    deal_id: textOrNull,
    bid_micros: micros,
    click_ppm: whole,
    view_ppm: whole,
    quality_ppm: whole,
    rank_value_micros: micros,
    would_pay_micros: { ...micros, description: 'For one billable event, with everybody before it away.' },
    outcome: {
      ...text,
      description: 'won, outbid, lost_tie; no_budget or not_reached if it was ahead of the winner or the runner-up.',
    },
  },
} as const;

const bidderOutcome = {
  type: 'object',
  properties: {
    bidder_id: text,
    line_item_id: text,
    outcome: { ...text, description: 'not_asked, bid, no_bid, invalid, late, not_awaited, timed_out …' },
    reason: { ...text, description: 'Why it was not asked, what was wrong, or what became of its bid.' },
    timeout_us: whole,
    latency_us: whole,
    bid_micros: micros,
    domains: { type: 'array', items: text },
    categories: { type: 'array', items: text },
  },
} as const;

const price = {
  type: ['object', 'null'],
  properties: {
    rule: { ...text, description: 'first_price, second_price, fixed_price or fallback.' },
    deal_id: textOrNull,
    pricing_model: text,
    currency: text,
    bid_micros: micros,
    floor_micros: micros,
    soft_floor_micros: micros,
    increment_micros: micros,
    runner_up_line_item_id: textOrNull,
    runner_up_rank_value_micros: microsOrNull,
    due_micros: { ...micros, description: 'In the unit of the bid.' },
    price_micros: { ...micros, description: 'Of one billable event.' },
  },
} as const;

const answerSchema = {
  title: 'explanation',
  type: 'object',
  properties: {
    selection_id: text,
    line_item_id: text,
    selected_at: { type: 'string', format: 'date-time' },
    placement_id: text,
    slot_id: text,
    position: whole,
    plan: text,
    tallies: { type: 'boolean', description: 'False if the record says anything otherwise than the recomputation.' },
    known: { ...whole, description: 'Line items in the catalogue then.' },
    eligible: whole,
    participating: whole,
    exclusions: counts,
    recorded_exclusions: { ...counts, description: 'The decision stopped once its first few were certain.' },
    ranking: { type: 'array', items: standing },
    bidders: { type: 'array', items: bidderOutcome },
    price,
    differences: {
      type: 'array',
      items: { type: 'object', properties: { field: text, recorded: text, recomputed: text } },
    },
    asked: {
      type: ['object', 'null'],
      properties: {
        line_item_id: text,
        step: text,
        reason: text,
        detail: textOrNull,
        creative_id: textOrNull,
        ecpm_micros: microsOrNull,
      },
    },
  },
} as const;

/** The same with every amount as a decimal string. */
export function amountsAsText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(amountsAsText);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, part]) => [
    name,
    name.endsWith('_micros') && typeof part === 'number' ? String(part) : amountsAsText(part),
  ]);
  return Object.fromEntries(entries);
}

/** `GET /v1/audit/explain?selection_id=[&line_item_id=]`: the selection decided again from its record, the catalogue and the predictions of then. */
export function explainRoutes(ask: AskExplanation): ConsoleRoutes {
  return (app) => {
    app.get<{ Querystring: { selection_id: string; line_item_id?: string } }>(
      '/v1/audit/explain',
      {
        config: { roles: ['auditor', 'trafficker', 'admin'] },
        schema: {
          tags: ['audit'],
          summary: 'Why this ad, at this price',
          querystring: parameters,
          response: { 200: answerSchema },
        },
      },
      async ({ query }) => {
        const explained = await ask(query.selection_id, query.line_item_id ?? null);
        const selected_at = formatTime(explained.selected_at);
        return amountsAsText({ ...explained, selected_at, tallies: explained.differences.length === 0 });
      },
    );
  };
}
