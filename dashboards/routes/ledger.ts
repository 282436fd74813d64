import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { AdtallyError } from '../../domain/errors.ts';
import { isEntityId } from '../../domain/identity.ts';
import type { LedgerTruth } from '../../ports/ledger-index.ts';
import type { EntryQuestion, EntryRow, LedgerQueries, Seal, SelectionAnswer } from '../../ports/ledger-queries.ts';
import { acceptedType } from '../accepted-type.ts';
import type { Principal } from '../auth.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import { csvLine, csvTable } from '../csv.ts';
import { readLimit } from '../page.ts';
import { recordJson } from '../record-json.ts';
import type { TraceLink } from '../trace-link.ts';
import { askedCut, type CutQuery, type EntryQuery, entryFilter, given } from './ledger-parameters.ts';
import { ledgerSchemas } from './ledger-schemas.ts';
import { entryColumns, statementColumns, statementRows } from './ledger-columns.ts';

export interface LedgerRoutesDeps {
  readonly queries: LedgerQueries;
  /** Advertiser that a campaign belongs to, or null: a key that is bound to one advertiser asks for no other's campaign. */
  readonly campaignOwner: (campaignId: string) => Promise<string | null>;
  /** The trace of an ad; null if it is not traced. Default: none is. */
  readonly traceOf?: (selectionId: string) => TraceLink | null;
}

const access = { roles: ['finance', 'auditor'], scoped: true } as const;
const json = 'application/json';
const ndjson = 'application/x-ndjson';
const csv = 'text/csv';

/** `/v1/ledger/balances`, `/v1/ledger/entries`, `/v1/ledger/selections/{id}`, `/v1/ledger/statements/{advertiser_id}`. */
export function ledgerRoutes(deps: LedgerRoutesDeps): ConsoleRoutes {
  return (app) => {
    addBalances(app, deps);
    addEntries(app, deps);
    addSelection(app, deps);
    addStatement(app, deps);
  };
}

function addBalances(app: FastifyInstance, deps: LedgerRoutesDeps): void {
  const schema = ledgerSchemas.balances;
  app.get('/v1/ledger/balances', { config: { ...access }, schema }, async ({ query, principal }, reply) => {
    const asked = query as CutQuery & { truth?: LedgerTruth; advertiser_id?: string; campaign_id?: string };
    const filter = await scoped(
      deps,
      principal,
      given({ advertiserId: asked.advertiser_id, campaignId: asked.campaign_id }),
    );
    const answer = await deps.queries.balances({ truth: asked.truth ?? 'final', ...filter, at: askedCut(asked) });
    return sendJson(reply, answer);
  });
}

function addEntries(app: FastifyInstance, deps: LedgerRoutesDeps): void {
  const schema = ledgerSchemas.entries;
  app.get('/v1/ledger/entries', { config: { ...access }, schema }, async ({ query, headers, principal }, reply) => {
    const asked = query as EntryQuery;
    const question: EntryQuestion = {
      truths: asked.truth === undefined ? ['tentative', 'final'] : [asked.truth],
      filter: await scoped(deps, principal, entryFilter(asked)),
      at: askedCut(asked),
      limit: readLimit(asked.limit),
      ...given({ cursor: asked.cursor }),
    };
    const type = acceptedType(headers.accept, [json, ndjson, csv]);
    if (type === json) return sendJson(reply, await deps.queries.entries(question));
    const most = asked.limit === undefined ? Number.POSITIVE_INFINITY : question.limit;
    return sendRows(reply, type, await rowsFrom(deps.queries, question, most));
  });
}

function addSelection(app: FastifyInstance, { queries, traceOf }: LedgerRoutesDeps): void {
  const schema = ledgerSchemas.selection;
  app.get('/v1/ledger/selections/:selection_id', { config: { ...access }, schema }, async (request, reply) => {
    const { selection_id: selectionId } = request.params as { selection_id: string };
    const answer = await queries.selection(selectionId, askedCut(request.query as CutQuery));
    const { advertiserId } = request.principal;
    if (answer.state === 'unknown' || (advertiserId !== null && advertiserId !== answer.advertiser_id)) {
      throw new AdtallyError('NOT_FOUND', `there is no selection ${selectionId}`);
    }
    const shown = { ...shownSelection(answer), trace: traceOf?.(answer.selection_id) ?? null };
    return sendJson(reply, shown);
  });
}

function addStatement(app: FastifyInstance, { queries }: LedgerRoutesDeps): void {
  const schema = ledgerSchemas.statement;
  app.get('/v1/ledger/statements/:advertiser_id', { config: { ...access }, schema }, async (request, reply) => {
    const { advertiser_id: advertiserId } = request.params as { advertiser_id: string };
    const { period, ...cut } = request.query as CutQuery & { period: string };
    const own = request.principal.advertiserId;
    if (!isEntityId('advertiser', advertiserId) || (own !== null && own !== advertiserId)) {
      throw new AdtallyError('NOT_FOUND', `there is no advertiser ${advertiserId}`);
    }
    const answer = await queries.statement({ advertiserId, period, at: askedCut(cut) });
    if (acceptedType(request.headers.accept, [json, csv]) === json) return sendJson(reply, answer);
    const name = `statement-${advertiserId}-${period}.csv`;
    sealHeaders(reply, answer).header('content-disposition', `attachment; filename="${name}"`);
    return reply.type(`${csv}; charset=utf-8; header=present`).send(csvTable(statementColumns, statementRows(answer)));
  });
}

/** A key that is bound to one advertiser asks for its data only; another's is not there. */
async function scoped<F extends { readonly advertiserId?: string; readonly campaignId?: string }>(
  { campaignOwner }: LedgerRoutesDeps,
  { advertiserId: own }: Principal,
  filter: F,
): Promise<F> {
  if (own === null) return filter;
  const foreignCampaign = filter.campaignId !== undefined && (await campaignOwner(filter.campaignId)) !== own;
  if (foreignCampaign) throw new AdtallyError('NOT_FOUND', `there is no campaign ${filter.campaignId}`);
  if ((filter.advertiserId ?? own) !== own) {
    throw new AdtallyError('NOT_FOUND', `there is no advertiser ${filter.advertiserId}`);
  }
  return { ...filter, advertiserId: own };
}

/** The cut of every answer stands in its headers as well, for those that are no JSON. */
function sealHeaders(reply: FastifyReply, { cut, as_of_position, digest }: Seal): FastifyReply {
  if (cut !== null) reply.header('adtally-cut', cut);
  return reply.header('adtally-as-of-position', as_of_position).header('adtally-digest', digest);
}

function sendJson(reply: FastifyReply, answer: Seal): FastifyReply {
  return sealHeaders(reply, answer).type(json).send(answer);
}

interface Rows {
  readonly seal: Seal;
  readonly rows: AsyncGenerator<EntryRow>;
}

const rowsAtATime = 1000;

/** All entries of a question, page by page as they are taken, at the cut of the first page. */
async function rowsFrom(queries: LedgerQueries, question: EntryQuestion, most: number): Promise<Rows> {
  const page = { ...question, limit: Math.min(most, rowsAtATime) };
  const first = await queries.entries(page);
  return { seal: first, rows: rows() };

  async function* rows() {
    let left = most;
    for (let next: typeof first | null = first; next !== null && left > 0; ) {
      yield* next.items.slice(0, left);
      left -= next.items.length;
      next = next.next_cursor === null ? null : await queries.entries({ ...page, cursor: next.next_cursor });
    }
  }
}

function sendRows(reply: FastifyReply, type: typeof ndjson | typeof csv, { seal, rows }: Rows): FastifyReply {
  sealHeaders(reply, seal);
  if (type === ndjson) return reply.type(ndjson).send(Readable.from(ndjsonLines(rows)));
  reply.header('content-disposition', 'attachment; filename="entries.csv"');
  return reply.type(`${csv}; charset=utf-8; header=present`).send(Readable.from(csvLines(rows)));
}

async function* ndjsonLines(rows: AsyncGenerator<EntryRow>) {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

async function* csvLines(rows: AsyncGenerator<EntryRow>) {
  yield csvLine(entryColumns);
  for await (const row of rows) yield csvLine(entryColumns.map((column) => row[column]));
}

/** The story of a selection as JSON shows it. */
export function shownSelection(answer: SelectionAnswer) {
  const events = answer.events.map(({ record, ...event }) => ({
    ...event,
    name: record?.name ?? null,
    value: record === null ? null : recordJson(record),
  }));
  return { ...answer, events };
}
