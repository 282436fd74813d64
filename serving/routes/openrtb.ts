import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ClientReader, networkOf, userAgentOf } from '../client.ts';
import type { Answered, DecisionDesk } from '../decision-desk.ts';
import type { Caller } from '../enrichment.ts';
import { BidRequestRefused } from '../openrtb/bid-request-refused.ts';
import { bodyLimits, readBody } from '../openrtb/bid-request-body.ts';
import { Coalescing, keyOfAsked, type SharedAnswers } from '../openrtb/coalescing.ts';
import { count, type Exchange, type ExchangeAnswer } from '../openrtb/exchange.ts';
import { fieldsOf } from '../openrtb/fields.ts';
import { noBidCodes } from '../openrtb/no-bid.ts';
import { pageViewAsked } from '../openrtb/page-view.ts';
import { asAdtallyError, problemOf, problemResponses } from '../problem.ts';

export const auctionPath = '/openrtb2/auction';

export interface OpenRtbRouteDeps {
  readonly exchange: Exchange;
  readonly desk: Pick<DecisionDesk, 'markReturned'>;
  readonly clients: ClientReader;
  /** Answers of the processes beside this one. Null: there are none. */
  readonly shared: SharedAnswers<ExchangeAnswer> | null;
  /** Monotonic time, microseconds. */
  readonly monotonicUs: () => number;
  /** An error that is ours, not the client's. */
  readonly onError: (error: Error) => void;
}

/** A request that is sent again within this time is the same request, ms. */
const coalesceMs = 1000;
const coalesced = 512;
/** Smaller answers fit into one packet as they are. */
const leastPackedBytes = 1400;
const preflightSeconds = '86400';
const readableHeaders = 'x-adtally-nbr, x-adtally-no-bid';
const nbrHeader = 'x-adtally-nbr';
const reasonHeader = 'x-adtally-no-bid';

const pack = promisify<Buffer, { level: number }, Buffer>(gzip);

const schema = {
  tags: ['exchange'],
  summary: 'OpenRTB 2.6 bid request',
  description:
    'A bid response, or 204 with the reason in `x-adtally-nbr` and `x-adtally-no-bid`. Requests of Prebid, and those with `?nbr=1`, get 200 with `nbr` instead. JSON, also as text/plain, also gzip.',
  querystring: { type: 'object', properties: { nbr: { type: 'string', enum: ['0', '1'] } } },
  // Documents the least of it: the body is held against the whole specification elsewhere.
  body: {
    type: 'object',
    required: ['id', 'imp'],
    additionalProperties: true,
    properties: {
      id: { type: 'string' },
      imp: { type: 'array', minItems: 1, items: { type: 'object', additionalProperties: true } },
    },
  },
  response: {
    200: {
      description: 'A bid response.',
      type: 'object',
      additionalProperties: true,
      properties: {
        id: { type: 'string' },
        cur: { type: 'string' },
        seatbid: { type: 'array', items: { type: 'object', additionalProperties: true } },
        nbr: { type: 'integer' },
      },
    },
    204: { description: 'No bid.', type: 'null' },
    ...problemResponses('BAD_JSON', 'VALIDATION_FAILED', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'BUFFER_FULL'),
  },
} as const;

interface Sent {
  /** As it came. */
  readonly bytes: Buffer;
}

/** `POST /openrtb2/auction`. */
export function registerOpenRtb(app: FastifyInstance, deps: OpenRtbRouteDeps): void {
  app.register(async (scope) => {
    acceptBodies(scope);
    scope.addHook('onRequest', (request, reply, done) => {
      permitOrigin(request, reply);
      // Some servers of exchanges do not say what they send; it can be nothing else.
      request.raw.headers['content-type'] ??= 'application/json';
      done();
    });
    scope.options(auctionPath, { schema: { hide: true } }, answerPreflight);
    const coalescing = new Coalescing<ExchangeAnswer>({ windowMs: coalesceMs, most: coalesced });
    scope.post(auctionPath, {
      schema,
      bodyLimit: bodyLimits.sentBytes,
      validatorCompiler: () => () => true,
      errorHandler: (error, _request, reply) => {
        sendRefusal(reply, error, deps);
      },
      handler: async (request, reply) => {
        const caller = callerOf(request, deps);
        const { bytes } = request.body as Sent;
        const client = { client: `${caller.address} ${caller.userAgent}`, nowMs: caller.arrivedUs / 1000 };
        let isFirst = false;
        const make = async (): Promise<ExchangeAnswer> => {
          const body = readBody(bytes, request.headers['content-encoding']);
          const decide = async (): Promise<ExchangeAnswer> => {
            isFirst = true;
            return deps.exchange.answer(body, caller);
          };
          const asked = pageViewAsked(fieldsOf(body));
          if (asked === null) return decide();
          const answer = await coalescing.answer({ ...client, asked }, () =>
            deps.shared === null ? decide() : deps.shared.answer(keyOfAsked({ ...client, asked }), decide),
          );
          return { ...answer, response: { ...answer.response, id: fieldsOf(body)['id'] as string } };
        };
        const answer = await coalescing.answer({ ...client, asked: bytes }, make);
        if (isFirst) markWhenSent(reply, answer.answered, deps);
        else deps.exchange.counts.repeated += 1;
        return send(request, reply, answer);
      },
    });
  });
}

/** The body is kept as bytes: by them equal requests are known, and they may be packed. */
function acceptBodies(scope: FastifyInstance): void {
  scope.removeContentTypeParser(['application/json', 'text/plain']);
  scope.addContentTypeParser(
    ['application/json', 'text/plain', 'application/x-json'],
    { parseAs: 'buffer', bodyLimit: bodyLimits.sentBytes },
    (_request, bytes, done) => done(null, { bytes: bytes as Buffer }),
  );
}

/** A browser asks with the cookies that it has for us, so it must be told that this very origin may. */
function permitOrigin({ headers }: FastifyRequest, reply: FastifyReply): void {
  const { origin } = headers;
  reply.header('vary', 'origin, accept-encoding');
  if (origin === undefined) return;
  reply.header('access-control-allow-origin', origin);
  reply.header('access-control-allow-credentials', 'true');
  reply.header('access-control-expose-headers', readableHeaders);
}

function answerPreflight({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('access-control-allow-methods', 'POST, OPTIONS');
  reply.header('access-control-allow-headers', headers['access-control-request-headers'] ?? 'content-type');
  reply.header('access-control-max-age', preflightSeconds);
  return reply.code(204).send();
}

/**
 * Who asks. The server of an exchange is not the person's browser: what it says of itself is held against nobody. A browser names the origin of its page.
 */
function callerOf(request: FastifyRequest, { clients, monotonicUs }: OpenRtbRouteDeps): Caller {
  const isBrowser = request.headers.origin !== undefined;
  return {
    channel: 'openrtb',
    userAgent: isBrowser ? userAgentOf(request.headers) : '',
    address: isBrowser ? clients.addressOf(request) : '',
    truncate: networkOf,
    trusted: false,
    arrivedUs: monotonicUs(),
  };
}

function markWhenSent(reply: FastifyReply, answered: Answered, { desk }: OpenRtbRouteDeps): void {
  if (answered.endsUs !== null) reply.raw.once('finish', () => desk.markReturned(answered));
}

async function send(request: FastifyRequest, reply: FastifyReply, answer: ExchangeAnswer): Promise<FastifyReply> {
  reply.header('x-openrtb-version', '2.6').header('cache-control', 'no-store');
  if (answer.noBid !== null) {
    reply.header(nbrHeader, String(noBidCodes[answer.noBid].nbr)).header(reasonHeader, answer.noBid);
    const { nbr } = request.query as { nbr?: string };
    if (nbr === '0' || (nbr !== '1' && !answer.wantsBody)) return reply.code(204).send();
  }
  const body = Buffer.from(JSON.stringify(answer.response));
  reply.header('content-type', 'application/json; charset=utf-8');
  const isPackable = body.length >= leastPackedBytes && acceptsGzip(request.headers['accept-encoding']);
  if (!isPackable) return reply.send(body);
  return reply.header('content-encoding', 'gzip').send(await pack(body, { level: constants.Z_BEST_SPEED }));
}

function acceptsGzip(accepted: string | string[] | undefined): boolean {
  return String(accepted ?? '')
    .split(',')
    .some((entry) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(entry));
}

/** A problem document; of a request that the specification forbids with path and rule. */
function sendRefusal(reply: FastifyReply, error: Error, { exchange, onError }: OpenRtbRouteDeps): void {
  const known = asAdtallyError(error);
  count(exchange.counts.refused, known.code);
  if (known.status === 500) onError(error);
  const { headers, body } = problemOf(known);
  reply.code(known.status).headers(headers);
  if (!(error instanceof BidRequestRefused)) return void reply.send(body);
  const problem: unknown = JSON.parse(body.toString('utf8'));
  reply.send(Buffer.from(JSON.stringify({ ...(problem as object), path: error.path ?? '', rule: error.rule })));
}
