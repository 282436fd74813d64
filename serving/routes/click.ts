import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AdtallyError } from '../../domain/errors.ts';
import type { Billing, CreativePublished } from '../../domain/records.ts';
import { clickIdOf } from '../beacon-records.ts';
import type { BeaconDesk } from '../beacons.ts';
import { type ClientReader, isPrefetch } from '../client.ts';
import { landingUrl } from '../landing.ts';
import { problemResponses } from '../problem.ts';

interface ClickRoute {
  readonly Params: { readonly token: string };
}

/** The creative of an id, archived ones included; undefined while the catalogue was not read that far. */
export type FindCreative = (creativeId: string) => CreativePublished | undefined;

export interface ClickDeps {
  readonly desk: BeaconDesk;
  readonly clients: ClientReader;
  readonly findCreative: FindCreative;
}

const path = '/v1/click/:token';

/**
 * `GET /v1/click/{token}`: records the click, then leads to the landing page that the creative names and nowhere else. A genuine token
 * after its time leads there too; a forged one nowhere.
 */
export function registerClick(app: FastifyInstance, { desk, clients, findCreative }: ClickDeps): void {
  const schema = {
    tags: ['beacons'],
    summary: 'Click',
    response: {
      302: { description: 'To the landing page of the creative; the click is on disk.' },
      ...problemResponses('TOKEN_FORGED', 'TOKEN_MALFORMED', 'TOKEN_KIND_NOT_ALLOWED', 'BUFFER_FULL', 'NOT_READY'),
    },
  };
  app.get<ClickRoute>(path, { schema, exposeHeadRoute: false }, async (request, reply) => {
    if (isPrefetch(request.headers)) return redirect(reply, await inspect(desk, request), findCreative);
    const { network, userAgent } = clients.clientOf(request);
    const { token } = request.params;
    const arrival = {
      event: 'click',
      token,
      transport: 'REDIRECT' as const,
      network,
      userAgent,
      occurredAt: null,
      ordinal: 0,
    };
    const result = await desk.take(arrival);
    if (!result.taken) throw notFound(result.code);
    await result.stored;
    return redirect(reply, result.claims.billing, findCreative);
  });
  app.head<ClickRoute>(path, { schema: { hide: true } }, async (request, reply) =>
    redirect(reply, await inspect(desk, request), findCreative),
  );
}

async function inspect(desk: BeaconDesk, request: FastifyRequest<ClickRoute>): Promise<Billing> {
  const result = await desk.inspect('click', request.params.token);
  if (typeof result === 'string') throw notFound(result);
  return result.billing;
}

function notFound(code: AdtallyError['code']): AdtallyError {
  return new AdtallyError(code, 'no click belongs to this token');
}

function redirect(reply: FastifyReply, billing: Billing, findCreative: FindCreative): FastifyReply {
  const creative = findCreative(billing.creative_id);
  if (creative === undefined) throw new AdtallyError('NOT_READY', 'the creative is not known here yet');
  const url = landingUrl(creative, billing, clickIdOf(billing.selection_id));
  if (url === null) throw new AdtallyError('NOT_FOUND', 'the creative names no landing page');
  return reply.code(302).header('location', url).header('cache-control', 'no-store').send();
}
