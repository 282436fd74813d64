import type { FastifyInstance } from 'fastify';
import { AdtallyError } from '../../domain/errors.ts';
import { formatTime } from '../../domain/time-text.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { LedgerIndexStore } from '../../ports/ledger-index.ts';
import type { LedgerQueries, SelectionAnswer } from '../../ports/ledger-queries.ts';
import type { CatalogDesk } from '../catalog/catalog-desk.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import type { FinanceDesk } from '../finance/finance-desk.ts';
import { LedgerTail } from '../ledger-tail.ts';
import { requireLocal } from '../local-only.ts';
import { shownSelection } from './ledger.ts';

export interface DemoRoutesDeps {
  readonly queries: Pick<LedgerQueries, 'selection'>;
  readonly index: Pick<LedgerIndexStore, 'indexedStreams' | 'entries'>;
  readonly log: Pick<EventLog, 'bounds'>;
  readonly catalog: Pick<CatalogDesk, 'read'>;
  readonly corrections: Pick<FinanceDesk, 'invalidate'>;
  readonly clock: Clock;
  /** Who a verdict of the playground is recorded as. */
  readonly principal: string;
  readonly settings: {
    readonly serveUrl: string;
    readonly holdMs: number;
    readonly impressionTokenMs: number;
  };
  /** Process id of serve, or null while none runs. */
  readonly servePid: () => number | null;
  /** Kills serve with SIGKILL; the process id that it had. Error: `NOT_READY` if none runs. */
  readonly killServe: () => number;
}

/** Where the playground says that its ads are shown: it marks nothing as fraud that was shown elsewhere. */
export const demoPage = { url: 'https://daily.example/adtally-demo', path: '/adtally-demo' } as const;

const hidden = { hide: true } as const;
const selectionParameters = {
  type: 'object',
  properties: { selection_id: { type: 'string', maxLength: 64 } },
} as const;
const tailParameters = {
  type: 'object',
  properties: { from: { type: 'string', maxLength: 8000 } },
  additionalProperties: false,
} as const;
const verdictBody = {
  type: 'object',
  properties: { selection_id: { type: 'string', maxLength: 64 } },
  required: ['selection_id'],
  additionalProperties: false,
} as const;

/**
 * `/demo/api/*`: what the playground may do without a key. It acts with the platform's own authority, so it answers a browser on this machine alone,
 * and is there only while a supervisor runs the platform.
 */
export function demoRoutes(deps: DemoRoutesDeps): ConsoleRoutes {
  const tail = new LedgerTail(deps.index);
  return (app) => {
    app.register(async (scope) => {
      scope.addHook('onRequest', async (request) => requireLocal(request));
      addSetup(scope, deps);
      addReading(scope, deps, tail);
      addActions(scope, deps);
    });
  };
}

function addSetup(app: FastifyInstance, { catalog, settings }: DemoRoutesDeps): void {
  app.get('/demo/api/setup', { schema: hidden }, async () => {
    const { placements } = await catalog.read();
    return {
      serve_url: settings.serveUrl,
      page_url: demoPage.url,
      hold_ms: settings.holdMs,
      impression_token_ms: settings.impressionTokenMs,
      placements: [...placements.values()]
        .filter(({ status, formats }) => status === 'ACTIVE' && formats.includes('banner'))
        .map(({ placement_id, name, sizes }) => ({ placement_id, name, sizes })),
    };
  });
}

function addReading(app: FastifyInstance, { queries, log, clock, servePid }: DemoRoutesDeps, tail: LedgerTail): void {
  app.get(
    '/demo/api/selections/:selection_id',
    { schema: { ...hidden, params: selectionParameters } },
    async ({ params }) => {
      const { selection_id: id } = params as { readonly selection_id: string };
      return shownSelection(await queries.selection(id, { kind: 'latest' }));
    },
  );
  app.get('/demo/api/entries', { schema: { ...hidden, querystring: tailParameters } }, async ({ query }) => {
    const now = clock.now();
    const { from } = query as { readonly from?: string };
    const read = await tail.since(from ?? null);
    const { next } = await log.bounds('quarantine', 0);
    return { now: formatTime(now), serve_pid: servePid(), quarantine_next: next, ...read };
  });
}

function addActions(app: FastifyInstance, deps: DemoRoutesDeps): void {
  const { queries, corrections, principal, killServe } = deps;
  app.post('/demo/api/verdicts', { schema: { ...hidden, body: verdictBody } }, async ({ body }, reply) => {
    const { selection_id: selectionId } = body as { readonly selection_id: string };
    if (!isOurs(await queries.selection(selectionId, { kind: 'latest' }))) {
      throw new AdtallyError('FORBIDDEN', 'the playground judges only ads that it showed itself');
    }
    const reason = 'Marked as fraud on the demo page.';
    const decider = { principal, scope: null, idempotencyKey: null };
    const { shard, offset } = await corrections.invalidate({ selectionId, category: 'SIVT', reason }, decider);
    return reply.code(201).send({ shard, offset });
  });
  // A body is asked for so that the request says application/json, which no page of another site may send unasked.
  app.post(
    '/demo/api/kill',
    { schema: { ...hidden, body: { type: 'object', additionalProperties: false } } },
    async () => ({ killed: killServe() }),
  );
}

/** Shown on the playground's page, by the evidence of its selection. */
function isOurs({ events }: SelectionAnswer): boolean {
  return events.some(({ record }) => record?.name === 'AdSelected' && record.value.context.page_path === demoPage.path);
}
