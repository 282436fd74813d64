import { parseAmount } from '../../domain/money.ts';
import { type Adjusted, AdjustmentAction, Category, type TrafficInvalidated } from '../../domain/records.ts';
import { formatTime } from '../../domain/time-text.ts';
import { amountSchema } from '../catalog/fields.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import type { Decider, FinanceDesk, Written } from '../finance/finance-desk.ts';
import { nextToClose, type SpendFacts } from '../finance/spend-facts.ts';
import { idempotencyKey } from '../request-headers.ts';
import type { FastifyRequest } from 'fastify';

const reason = { type: 'string', minLength: 1, maxLength: 500, description: 'One sentence for the auditor.' } as const;
const selectionId = { type: 'string', maxLength: 64, description: 'UUID of the selection.' } as const;
const headers = {
  type: 'object',
  properties: { 'idempotency-key': { type: 'string', description: 'Sent again with the same body: the same answer.' } },
} as const;

const adjustmentBody = {
  type: 'object',
  properties: {
    selection_id: selectionId,
    action: {
      type: 'string',
      enum: AdjustmentAction,
      description: 'RELEASE or VOID what is in suspense, or REVERSE what was certified. Nothing here raises a charge.',
    },
    amount_micros: { ...amountSchema, description: 'How much; for RELEASE and VOID the whole suspended amount.' },
    relied_certified_micros: { ...amountSchema, description: 'Certified amount of the selection that you saw.' },
    relied_reversed_micros: {
      ...amountSchema,
      description: 'Reversed amount that you saw. If either has changed since, nothing moves.',
    },
    reason,
  },
  required: ['selection_id', 'action', 'amount_micros', 'relied_certified_micros', 'relied_reversed_micros', 'reason'],
  additionalProperties: false,
} as const;

const verdictBody = {
  type: 'object',
  properties: {
    selection_id: selectionId,
    category: { type: 'string', enum: Category, description: 'GIVT, SIVT, or QUALITY if left out.' },
    reason,
  },
  required: ['selection_id', 'reason'],
  additionalProperties: false,
} as const;

const closeBody = {
  type: 'object',
  properties: {
    calendar: {
      type: 'integer',
      minimum: 0,
      maximum: 1_000_000,
      description: 'Number of the calendar, as advertisers show it.',
    },
    period: { type: 'string', pattern: '^[0-9]{4}-(0[1-9]|1[0-2])$', description: 'YYYY-MM.' },
  },
  required: ['calendar', 'period'],
  additionalProperties: false,
} as const;

const writtenProperties = {
  event_id: { type: 'string' },
  selection_id: { type: 'string' },
  reason: { type: 'string' },
  shard: { type: 'integer' },
  offset: {
    type: 'integer',
    description: 'Its place in `spend`: the ledgers show what it moved once they are past it.',
  },
} as const;

const adjustmentAnswer = {
  title: 'adjustment',
  type: 'object',
  properties: {
    ...writtenProperties,
    action: { type: 'string' },
    amount_micros: amountSchema,
    currency: { type: 'string' },
    adjustment_number: { type: 'integer' },
    adjusted_by: { type: 'string' },
    adjusted_at: { type: 'string', format: 'date-time' },
  },
} as const;

const verdictAnswer = {
  title: 'verdict by hand',
  type: 'object',
  properties: {
    ...writtenProperties,
    category: { type: 'string' },
    rule: { type: 'string' },
    judged_by: { type: 'string' },
    judged_at: { type: 'string', format: 'date-time' },
  },
} as const;

const calendarAnswer = {
  title: 'calendar',
  type: 'object',
  properties: {
    calendar: { type: 'integer' },
    zone: { type: 'string' },
    closed_through: { type: ['string', 'null'], description: 'Last month closed on every shard.' },
    next_to_close: { type: ['string', 'null'], description: 'Month that may be closed now; null: none has ended.' },
  },
} as const;

/** `/v1/finance/adjustments`, `/v1/finance/periods/close`, `/v1/finance/calendars` and `/v1/quality/verdicts`. */
export function financeRoutes(desk: FinanceDesk, facts: SpendFacts): ConsoleRoutes {
  return (app) => {
    app.post(
      '/v1/finance/adjustments',
      {
        config: { roles: ['finance'], scoped: true },
        schema: {
          summary: 'Correct a selection',
          tags: ['finance'],
          headers,
          body: adjustmentBody,
          response: { 201: adjustmentAnswer },
        },
      },
      async (request, reply) => {
        const asked = request.body as Readonly<Record<string, string>> & { readonly action: AdjustmentAction };
        const amount = (name: string) => parseAmount(asked[name] ?? '', name);
        const order = {
          selectionId: asked['selection_id'] ?? '',
          action: asked.action,
          amountMicros: amount('amount_micros'),
          reliedCertifiedMicros: amount('relied_certified_micros'),
          reliedReversedMicros: amount('relied_reversed_micros'),
          reason: asked['reason'] ?? '',
        };
        const written = await desk.adjust(order, deciderOf(request));
        reply.code(201).header('idempotent-replayed', String(written.repeated));
        return showAdjustment(written);
      },
    );

    app.post(
      '/v1/quality/verdicts',
      {
        config: { roles: ['finance'], scoped: true },
        schema: {
          summary: 'Mark a selection as invalid traffic',
          description: 'Voids what is not yet certified, reverses what is.',
          tags: ['finance'],
          headers,
          body: verdictBody,
          response: { 201: verdictAnswer },
        },
      },
      async (request, reply) => {
        const {
          selection_id,
          category = 'QUALITY',
          reason: why,
        } = request.body as {
          readonly selection_id: string;
          readonly category?: Category;
          readonly reason: string;
        };
        const written = await desk.invalidate({ selectionId: selection_id, category, reason: why }, deciderOf(request));
        reply.code(201).header('idempotent-replayed', String(written.repeated));
        return showVerdict(written);
      },
    );

    app.post(
      '/v1/finance/periods/close',
      {
        config: { roles: ['finance'] },
        schema: {
          summary: 'Close a month of a calendar',
          description: 'Only the next one, and only after its end. What comes later is booked in the open month.',
          tags: ['finance'],
          headers,
          body: closeBody,
          response: { 200: calendarAnswer },
        },
      },
      async (request, reply) => {
        const { calendar, period } = request.body as { readonly calendar: number; readonly period: string };
        const { repeated } = await desk.closePeriod(calendar, period, deciderOf(request));
        reply.header('idempotent-replayed', String(repeated));
        return showCalendars(facts).find((shown) => shown.calendar === calendar);
      },
    );

    app.get(
      '/v1/finance/calendars',
      {
        config: { roles: ['finance', 'auditor'] },
        schema: {
          summary: 'Calendars and their months',
          tags: ['finance'],
          response: {
            200: {
              type: 'object',
              properties: { items: { type: 'array', items: calendarAnswer }, next_cursor: { type: 'null' } },
            },
          },
        },
      },
      async () => {
        await facts.refresh();
        return { items: showCalendars(facts), next_cursor: null };
      },
    );
  };
}

function deciderOf(request: FastifyRequest): Decider {
  const { name, advertiserId } = request.principal;
  return { principal: name, scope: advertiserId, idempotencyKey: idempotencyKey(request) };
}

function showAdjustment({ value, shard, offset }: Written<Adjusted>): object {
  const {
    event_id,
    selection_id,
    reason: why,
    action,
    amount_micros,
    adjustment_number,
    adjusted_by,
    adjusted_at,
  } = value;
  return {
    event_id,
    selection_id,
    reason: why,
    shard,
    offset,
    action,
    amount_micros: String(amount_micros),
    currency: value.billing.currency,
    adjustment_number,
    adjusted_by,
    adjusted_at: formatTime(adjusted_at),
  };
}

function showVerdict({ value, shard, offset }: Written<TrafficInvalidated>): object {
  const { event_id, selection_id, reason: why, category, rule, judged_by, judged_at } = value;
  return {
    event_id,
    selection_id,
    reason: why,
    shard,
    offset,
    category,
    rule,
    judged_by,
    judged_at: formatTime(judged_at),
  };
}

interface ShownCalendar {
  readonly calendar: number;
  readonly zone: string;
  readonly closed_through: string | null;
  readonly next_to_close: string | null;
}

/** A calendar is where the slowest shard is. */
function showCalendars(facts: SpendFacts): ShownCalendar[] {
  const shards = facts.shards();
  return (shards[0]?.policy?.calendars ?? []).map(({ calendar, zone }) => {
    const closed = shards.map(({ closedThrough }) => closedThrough[calendar] ?? '');
    const slowest = closed.reduce((least, period) => (period < least ? period : least));
    const nexts = shards.filter((_, shard) => closed[shard] === slowest).map((shard) => nextToClose(shard, calendar));
    const next = nexts.every((period) => period !== null) ? nexts[0]?.period : undefined;
    return { calendar, zone, closed_through: slowest === '' ? null : slowest, next_to_close: next ?? null };
  });
}
