import type { ConsoleRoutes } from '../console-app.ts';

/** Why a line item was not chosen for a selection, as the decision's own code judges it again. */
export interface WhyNotAnswer {
  readonly line_item_id: string;
  readonly step: string;
  readonly reason: string;
  readonly creative_id: string | null;
  readonly ecpm_micros: number | null;
}

/** Errors: `NOT_FOUND` if there is no such selection, or was no such line item then. */
export type AskWhyNot = (selectionId: string, lineItemId: string) => Promise<WhyNotAnswer>;

const parameters = {
  type: 'object',
  required: ['selection_id', 'line_item_id'],
  properties: {
    selection_id: { type: 'string', pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' },
    line_item_id: { type: 'string', pattern: '^li_[0-9A-Za-z]{1,12}$' },
  },
  additionalProperties: false,
} as const;

const answerSchema = {
  title: 'why_not',
  type: 'object',
  properties: {
    selection_id: { type: 'string' },
    line_item_id: { type: 'string' },
    step: {
      type: 'string',
      description:
        'status, targeting, brand_safety, creative, frequency, separation, budget, floor, ranking, auction; won.',
    },
    reason: { type: 'string', description: 'Stable code.' },
    creative_id: { type: ['string', 'null'] },
    ecpm_micros: {
      type: ['string', 'null'],
      description: 'Ranking value for a thousand; null if it was refused before its bid.',
    },
  },
} as const;

/** `GET /v1/audit/why-not?selection_id=&line_item_id=`: recomputed from the recorded selection and the catalogue at its recorded revision. */
export function whyNotRoutes(ask: AskWhyNot): ConsoleRoutes {
  return (app) => {
    app.get<{ Querystring: { selection_id: string; line_item_id: string } }>(
      '/v1/audit/why-not',
      {
        config: { roles: ['auditor', 'trafficker', 'admin'] },
        schema: {
          tags: ['audit'],
          summary: 'Why a line item was not chosen',
          querystring: parameters,
          response: { 200: answerSchema },
        },
      },
      async ({ query }) => {
        const answer = await ask(query.selection_id, query.line_item_id);
        const ecpm = answer.ecpm_micros === null ? null : String(answer.ecpm_micros);
        return { selection_id: query.selection_id, ...answer, ecpm_micros: ecpm };
      },
    );
  };
}
