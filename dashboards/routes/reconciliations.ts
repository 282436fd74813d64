import type { FastifyInstance } from 'fastify';
import type { AuditRuns } from '../audit/audit-runs.ts';
import type { Role } from '../auth.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import { listSchema, pageParameters, readCursor, readLimit, writeCursor } from '../page.ts';
import { idempotencyKey } from '../request-headers.ts';

export interface AuditRunRoutesDeps {
  readonly reconciliations: AuditRuns;
  readonly replays: AuditRuns;
}

interface Kind {
  readonly path: string;
  readonly title: string;
  readonly start: string;
  readonly description: string;
  readonly report: object;
}

interface ListQuery {
  readonly limit?: string;
  readonly cursor?: string;
}

const roles: readonly Role[] = ['auditor', 'finance'];
const micros = { type: 'string', pattern: '^-?[0-9]+$' } as const;
const many = { type: 'array', items: { type: 'object', additionalProperties: true } } as const;
const result = { type: 'string', enum: ['tallies', 'differs'], description: 'Once it is finished.' } as const;

const run = {
  id: { type: 'string' },
  status: { type: 'string', enum: ['running', 'finished', 'failed'] },
  started_at: { type: 'string', format: 'date-time' },
  finished_at: { type: ['string', 'null'], format: 'date-time' },
  progress: { type: ['string', 'null'], description: 'What is being done now.' },
  problem: { type: ['string', 'null'], description: 'Why it could not run.' },
} as const;

const reconciliation: Kind = {
  path: '/v1/reconciliations',
  title: 'reconciliation',
  start: 'Recount everything from the evidence and compare every truth, selection by selection',
  description:
    'Starts a run, or answers with the one that is under way. `GET` it by its id until `status` is `finished`. Nothing is written but the report.',
  report: {
    result,
    unexplained_micros: {
      ...micros,
      description: 'Of each selection its largest break, and breaks of no selection. 0 is what it must be.',
    },
    breaks: { ...many, description: 'Differences without a cause, each with both sides and the records it names.' },
    breaks_total: { type: 'integer' },
    causes: { ...many, description: 'Explained differences by cause: between which truths, how many, how much.' },
    differences: { ...many, description: 'Explained differences one by one, with the records that explain them.' },
    differences_total: { type: 'integer' },
    bridges: {
      ...many,
      description: 'From truth to truth over closed selections: both sums, what causes explain, what is left.',
    },
    sides: { ...many, description: 'Each truth as it says itself, by campaign and hour of selection.' },
    pacing: { ...many, description: 'The sums that pacing holds, by campaign.' },
    totals: { type: 'object', additionalProperties: micros },
    selections: { type: 'integer' },
    closed_selections: { type: 'integer', description: 'Of which nothing is in flight any more.' },
    quarantined_records: { type: 'integer' },
    positions: { type: 'object', additionalProperties: true },
    digest: { type: 'string', description: 'Of the ledger streams as they were read.' },
    self_test: { type: 'string', enum: ['passed', 'failed', 'nothing_to_corrupt'] },
    reporting: { type: 'string', enum: ['compared', 'left_out'] },
    invariants: many,
  },
};

const replay: Kind = {
  path: '/v1/audit/replays',
  title: 'replay',
  start: 'Fold the whole log into a fresh ledger and compare it with the real one, entry by entry',
  description:
    'Starts a run, or answers with the one that is under way. `GET` it by its id until `status` is `finished`.',
  report: {
    result,
    records: { type: 'integer' },
    entries: { type: 'integer' },
    records_per_s: { type: 'integer' },
    digest: { type: 'string', description: 'Of the real streams at the positions where they stand.' },
    replayed_digest: { type: 'string' },
    streams: many,
    differences: { ...many, description: 'In the order of streams and places: the first is where they part.' },
    differences_total: { type: 'integer' },
  },
};

/** `/v1/reconciliations` and `/v1/audit/replays`: start one, read one, list them. */
export function auditRunRoutes({ reconciliations, replays }: AuditRunRoutesDeps): ConsoleRoutes {
  return (app) => {
    addKind(app, reconciliations, reconciliation);
    addKind(app, replays, replay);
  };
}

function addKind(app: FastifyInstance, runs: AuditRuns, kind: Kind): void {
  const { path, title, start, description, report } = kind;
  const tags = ['audit'];
  const shown = { title, type: 'object', properties: { ...run, ...report } };
  app.post(
    path,
    {
      config: { roles },
      schema: {
        summary: start,
        description,
        tags,
        headers: { type: 'object', properties: { 'idempotency-key': { type: 'string' } } },
        body: { type: 'object', properties: {}, additionalProperties: false },
        response: { 202: shown },
      },
    },
    async (request, reply) => {
      const key = idempotencyKey(request);
      const begun = await runs.start(key === null ? null : `${path}/${request.principal.name}/${key}`);
      return reply.code(202).header('location', `${path}/${begun.id}`).send(begun);
    },
  );

  app.get(
    `${path}/:id`,
    {
      config: { roles },
      schema: {
        summary: `Read a ${title}`,
        tags,
        params: { type: 'object', properties: { id: { type: 'string', maxLength: 64 } } },
        response: { 200: shown },
      },
    },
    async ({ params }) => runs.get((params as { readonly id: string }).id),
  );

  app.get(
    path,
    {
      config: { roles },
      schema: {
        summary: `List ${title}s, newest first`,
        tags,
        querystring: { type: 'object', properties: pageParameters, additionalProperties: false },
        response: { 200: listSchema(shown) },
      },
    },
    async ({ query }) => {
      const { limit: limitText, cursor } = query as ListQuery;
      const limit = readLimit(limitText);
      const [from = 0] = cursor === undefined ? [] : readCursor(cursor, 1);
      const items = await runs.list();
      const isLast = items.length <= from + limit;
      return { items: items.slice(from, from + limit), next_cursor: isLast ? null : writeCursor([from + limit]) };
    },
  );
}
