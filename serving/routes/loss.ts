import type { FastifyInstance } from 'fastify';
import { AdtallyError } from '../../domain/errors.ts';
import { type LossNotices, lossPath } from '../openrtb/loss-notices.ts';
import { problemResponses } from '../problem.ts';

interface LossRoute {
  readonly Params: { readonly token: string };
  readonly Querystring: { readonly reason?: string };
}

/** `GET /v1/loss/{token}`: an exchange says that a bid of ours was not taken, and why. */
export function registerLoss(app: FastifyInstance, notices: LossNotices): void {
  const schema = {
    tags: ['exchange'],
    summary: 'Loss notice',
    description: 'The `lurl` of a bid. `reason` is a loss reason of AdCOM. Counted once for each bid; no money moves.',
    querystring: { type: 'object', properties: { reason: { type: 'string' } } },
    response: {
      204: { description: 'Counted, now or before.', type: 'null' },
      ...problemResponses('TOKEN_FORGED', 'TOKEN_MALFORMED', 'TOKEN_KIND_NOT_ALLOWED', 'TOKEN_UNKNOWN_KEY'),
    },
  };
  app.get<LossRoute>(`${lossPath}:token`, { schema, exposeHeadRoute: false }, async (request, reply) => {
    const refusal = await notices.take(request.params.token, request.query.reason);
    if (refusal !== null) throw new AdtallyError(refusal, 'no bid belongs to this token');
    return reply.code(204).header('cache-control', 'no-store').send();
  });
}
