import type { ConsoleRoutes } from '../console-app.ts';

/** Why a line item was not chosen for a selection, as the decision's own code judges it again. */
export interface WhyNotAnswer {
  readonly line_item_id: string;
  readonly step: string;
  readonly reason: string;
  readonly detail: string | null;
  readonly creative_id: string | null;
  readonly ecpm_micros: number | null;
}

/** Errors: `NOT_FOUND` if there is no such selection, or was no such line item then. */
export type AskWhyNot = (selectionId: string, lineItemId: string) => Promise<WhyNotAnswer>;

/** The same for one slot of a request that nobody made. */
export interface DryRunVerdict extends WhyNotAnswer {
  readonly slot_id: string;
  readonly winner_line_item_id: string | null;
}

export interface DryRunAnswer {
  readonly slots: readonly DryRunVerdict[];
  readonly assumed: readonly string[];
  readonly warnings: readonly string[];
}

/** Errors: `VALIDATION_FAILED` for a body that is no decision request, `NOT_FOUND` for a line item that does not exist. */
export type AskDryRun = (body: unknown, lineItemId: string) => Promise<DryRunAnswer>;

const lineItemId = { type: 'string', pattern: '^li_[0-9A-Za-z]{1,12}$' } as const;

const parameters = {
  type: 'object',
  required: ['selection_id', 'line_item_id'],
  properties: {
    selection_id: { type: 'string', pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' },
    line_item_id: lineItemId,
  },
  additionalProperties: false,
} as const;

const verdictProperties = {
  line_item_id: { type: 'string' },
  step: {
    type: 'string',
    description:
      'slot, status, deal, targeting, brand_safety, creative, frequency, separation, budget, floor, ranking, auction; won.',
  },
  reason: { type: 'string', description: 'Stable code.' },
  detail: {
    type: ['string', 'null'],
    description: 'The part of the targeting expression that failed, or the cap and what was counted.',
  },
  creative_id: { type: ['string', 'null'] },
  ecpm_micros: {
    type: ['string', 'null'],
    description: 'Ranking value for a thousand; null if it was refused before its bid.',
  },
} as const;

const answerSchema = {
  title: 'why_not',
  type: 'object',
  properties: { selection_id: { type: 'string' }, ...verdictProperties },
} as const;

const sentences = { type: 'array', items: { type: 'string' } } as const;
const dryRunSchema = {
  title: 'why_not_dry_run',
  type: 'object',
  properties: {
    slots: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          slot_id: { type: 'string' },
          ...verdictProperties,
          winner_line_item_id: { type: ['string', 'null'], description: 'Who would be shown.' },
        },
      },
    },
    assumed: { ...sentences, description: 'What a decision would read and this does not.' },
    warnings: { ...sentences, description: 'As a decision would have them.' },
  },
} as const;

const dryRunBody = {
  type: 'object',
  required: ['line_item_id', 'request'],
  properties: {
    line_item_id: lineItemId,
    request: { type: 'object', description: 'The body of `POST /v1/decisions`.' },
  },
  additionalProperties: false,
} as const;

const roles = ['auditor', 'trafficker', 'admin'] as const;

function withText<T extends WhyNotAnswer>(answer: T) {
  return { ...answer, ecpm_micros: answer.ecpm_micros === null ? null : String(answer.ecpm_micros) };
}

/**
 * `GET /v1/audit/why-not?selection_id=&line_item_id=`: recomputed from the recorded selection and the catalogue at its recorded revision.
 * `POST /v1/audit/why-not`: for a request that nobody made, on the present catalogue.
 */
export function whyNotRoutes(ask: AskWhyNot, askDryRun: AskDryRun): ConsoleRoutes {
  return (app) => {
    app.post<{ Body: { line_item_id: string; request: unknown } }>(
      '/v1/audit/why-not',
      {
        config: { roles },
        schema: {
          tags: ['audit'],
          summary: 'Why a line item would not be chosen; draws and writes nothing',
          body: dryRunBody,
          response: { 200: dryRunSchema },
        },
      },
      async ({ body }) => {
        const { slots, ...more } = await askDryRun(body.request, body.line_item_id);
        return { slots: slots.map(withText), ...more };
      },
    );
    app.get<{ Querystring: { selection_id: string; line_item_id: string } }>(
      '/v1/audit/why-not',
      {
        config: { roles },
        schema: {
          tags: ['audit'],
          summary: 'Why a line item was not chosen',
          querystring: parameters,
          response: { 200: answerSchema },
        },
      },
      async ({ query }) => {
        const answer = await ask(query.selection_id, query.line_item_id);
        return { selection_id: query.selection_id, ...withText(answer) };
      },
    );
  };
}
