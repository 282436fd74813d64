import { majorUnits } from '../domain/money.ts';
import { textTable } from './text-table.ts';

interface Count {
  readonly step: string;
  readonly reason: string;
  readonly count: number;
}

/** What `GET /v1/audit/explain` answers, as far as a terminal shows it. */
export interface ShownExplanation {
  readonly selection_id: string;
  readonly line_item_id: string;
  readonly selected_at: string;
  readonly placement_id: string;
  readonly plan: string;
  readonly tallies: boolean;
  readonly known: number;
  readonly eligible: number;
  readonly participating: number;
  readonly exclusions: readonly Count[];
  readonly ranking: readonly {
    readonly place: number;
    readonly line_item_id: string;
    readonly pricing_model: string;
    readonly priority: number;
    readonly deal_id: string | null;
    readonly bid_micros: string;
    readonly rank_value_micros: string;
    readonly would_pay_micros: string;
    readonly outcome: string;
  }[];
  readonly bidders: readonly {
    readonly bidder_id: string;
    readonly line_item_id: string;
    readonly outcome: string;
    readonly reason: string;
    readonly timeout_us: number;
    readonly latency_us: number;
    readonly bid_micros: string;
  }[];
  readonly price: ShownPrice | null;
  readonly differences: readonly { readonly field: string; readonly recorded: string; readonly recomputed: string }[];
  readonly asked: { readonly line_item_id: string; readonly step: string; readonly reason: string } | null;
}

interface ShownPrice {
  readonly rule: string;
  readonly deal_id: string | null;
  readonly pricing_model: string;
  readonly currency: string;
  readonly bid_micros: string;
  readonly floor_micros: string;
  readonly soft_floor_micros: string;
  readonly increment_micros: string;
  readonly runner_up_line_item_id: string | null;
  readonly runner_up_rank_value_micros: string | null;
  readonly due_micros: string;
  readonly price_micros: string;
}

const money = (micros: string): string => majorUnits(BigInt(micros));

/** The explanation of a selection for people. Amounts are units of the currency, bids and values for a thousand unless the model is CPC. */
export function explanationText(told: ShownExplanation): string {
  const { selection_id, line_item_id, selected_at, placement_id, plan, known, eligible, participating } = told;
  const parts = [
    `selection ${selection_id}\n${line_item_id} in ${placement_id} at ${selected_at}, plan ${plan}\n`,
    `of ${known} line items ${eligible} were eligible, ${participating} took part\n`,
    told.exclusions.length === 0
      ? ''
      : textTable(['excluded at', 'because', 'line items'], told.exclusions.map(countRow)),
    rankingText(told),
    biddersText(told),
    told.price === null ? 'price: nobody was left to pay one\n' : priceText(told.price),
    told.asked === null ? '' : `${told.asked.line_item_id}: ${told.asked.step}, ${told.asked.reason}\n`,
    differencesText(told),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function countRow({ step, reason, count }: Count): (string | number)[] {
  return [step, reason, count];
}

function rankingText({ ranking }: ShownExplanation): string {
  const header = ['', 'line item', 'model', 'priority', 'deal', 'bid', 'rank value', 'would pay', ''];
  const rows = ranking.map((one) => [
    one.place,
    one.line_item_id,
    one.pricing_model,
    one.priority,
    one.deal_id,
    money(one.bid_micros),
    money(one.rank_value_micros),
    money(one.would_pay_micros),
    one.outcome,
  ]);
  return textTable(header, rows);
}

/** Bidders of outside demand that were eligible; nothing if there was none. */
function biddersText({ bidders }: ShownExplanation): string {
  if (bidders.length === 0) return '';
  const rows = bidders.map(({ bidder_id, line_item_id, outcome, reason, timeout_us, latency_us, bid_micros }) => [
    bidder_id,
    line_item_id,
    outcome,
    reason,
    bid_micros === '0' ? '' : money(bid_micros),
    timeout_us === 0 ? '' : `${(latency_us / 1000).toFixed(1)} of ${(timeout_us / 1000).toFixed(1)}`,
  ]);
  return textTable(['bidder', 'line item', 'outcome', 'reason', 'bid', 'ms'], rows);
}

/** The sum, step by step. */
function priceText(price: ShownPrice): string {
  const { rule, deal_id, currency, pricing_model, runner_up_line_item_id, runner_up_rank_value_micros } = price;
  const rival =
    runner_up_rank_value_micros === null
      ? 'none'
      : `${money(runner_up_rank_value_micros)} (${runner_up_line_item_id ?? ''}) + ${money(price.increment_micros)}`;
  const unit = pricing_model === 'CPC' ? 'a click' : 'a thousand';
  const lines = [
    ['rule', deal_id === null ? rule : `${rule}, deal ${deal_id}`],
    ['bid', `${money(price.bid_micros)} ${unit}`],
    ['floor', money(price.floor_micros)],
    ['soft floor', price.soft_floor_micros === '0' ? 'none' : money(price.soft_floor_micros)],
    ['runner-up', rival],
    ['due', `${money(price.due_micros)} ${unit}`],
    ['price', `${money(price.price_micros)} ${currency} for one ${eventOf(pricing_model)}`],
  ];
  return `${lines.map(([name, value]) => `${(name ?? '').padEnd(12)}${value}`).join('\n')}\n`;
}

function eventOf(pricingModel: string): string {
  if (pricingModel === 'CPC') return 'click';
  return pricingModel === 'VCPM' ? 'viewable impression' : 'impression';
}

function differencesText({ differences, tallies }: ShownExplanation): string {
  if (tallies) return 'the record agrees with the recomputation\n';
  const rows = differences.map(({ field, recorded, recomputed }) => [field, recorded, recomputed]);
  return `THE RECORD DIFFERS\n${textTable(['field', 'recorded', 'recomputed'], rows)}`;
}
