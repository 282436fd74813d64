import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { AdtallyError } from '../domain/errors.ts';
import type { BeaconDesk } from './beacons.ts';
import type { ClientReader } from './client.ts';
import type { FloodGate } from './flood-gate.ts';
import { asAdtallyError, problemOf, sendProblem } from './problem.ts';
import type { TurnBatchOptions } from './turn-batch.ts';
import { registerBeacons } from './routes/beacons.ts';
import { type FindCreative, registerClick } from './routes/click.ts';
import { type HealthDeps, registerHealth } from './routes/health.ts';
import { Pixel, pixelPath, registerPixel, sendPixel } from './routes/pixel.ts';

export interface ServeDeps {
  readonly desk: BeaconDesk;
  readonly clients: ClientReader;
  readonly findCreative: FindCreative;
  readonly health: HealthDeps;
  /** Further routes of the public side, `/v1/decisions` among them. Those below `/v1/` get CORS. */
  readonly routes: readonly ((app: FastifyInstance) => void)[];
  /** Asked before the router, in this order; the pixel is asked first. */
  readonly fronts?: readonly Front[];
  readonly endOfTurn: TurnBatchOptions<unknown>['endOfTurn'];
  /** Default: nothing is bounded. */
  readonly gate?: FloodGate;
  readonly timeouts?: ServeTimeouts;
  /** An error that is ours, not the client's. */
  readonly onError: (error: Error) => void;
}

/** Answers a request itself, or gives false and leaves it alone. */
export interface Front {
  answers(request: IncomingMessage, response: ServerResponse): boolean;
}

/** How long a sender may take, ms. */
export interface ServeTimeouts {
  /** From the first byte to the end of the headers. */
  readonly headersMs: number;
  /** From the first byte to the end of the body. */
  readonly requestMs: number;
  /** Without a request on a connection. */
  readonly keepAliveMs: number;
  /** Connections at the same time; 0: as many as the system has room for. */
  readonly connections: number;
}

export const defaultTimeouts: ServeTimeouts = {
  headersMs: 5_000,
  requestMs: 15_000,
  keepAliveMs: 72_000,
  connections: 0,
};
/** How often connections are looked at for being too slow, ms. */
const checkSlowMs = 1_000;
/** Node takes 16 KiB of request line and headers; a token in a path may be as long as that and is then refused as such. */
const maxParamLength = 16 * 1024;
const preflightSeconds = '86400';

/** The public side of Adtally: every route of `serve`. The caller listens and closes. */
export async function buildServe(deps: ServeDeps): Promise<FastifyInstance> {
  const { headersMs, requestMs, keepAliveMs, connections } = deps.timeouts ?? defaultTimeouts;
  const app = fastify({
    bodyLimit: 1024 * 1024,
    http: { headersTimeout: headersMs, connectionsCheckingInterval: checkSlowMs },
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength },
    frameworkErrors: (error, request, reply) => answerBadUrl(error, request, reply),
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = asAdtallyError(error);
    permitOrigin(request, reply);
    if (known.code === 'INVARIANT_BROKEN' || known.code === 'DISK_SYNC_FAILED') deps.onError(error);
    return sendProblem(reply, known);
  });
  app.setNotFoundHandler((request, reply) => answerNotFound(deps.desk, request, reply));
  acceptTextPlain(app);
  await describeRoutes(app);
  // Registered after the description plugin has loaded, which notes every route from then on. The pixel sets its own headers.
  const { desk, findCreative, clients, endOfTurn, onError } = deps;
  const pixel = new Pixel({ desk, clients, endOfTurn, onError });
  app.register(async (scope) => registerPixel(scope, pixel));
  app.register(async (scope) => {
    permitOrigins(scope);
    registerBeacons(scope, desk, clients);
    registerClick(scope, { desk, clients, findCreative });
    registerHealth(scope, deps.health);
    for (const register of deps.routes) register(scope);
  });
  await app.ready();
  if (connections > 0) app.server.maxConnections = connections;
  if (deps.gate !== undefined) boundConnections(app, deps.gate);
  putInFront(app, [...(deps.gate ? [gateFront(deps.gate, clients)] : []), pixel, ...(deps.fronts ?? [])]);
  return app;
}

function putInFront(app: FastifyInstance, fronts: readonly Front[]): void {
  const routed = app.server.listeners('request') as ((...args: Parameters<RequestListener>) => void)[];
  app.server.removeAllListeners('request');
  app.server.on('request', (request, response) => {
    for (const front of fronts) if (front.answers(request, response)) return;
    for (const listener of routed) listener(request, response);
  });
}

/** Refused before anything of it is read. */
function boundConnections(app: FastifyInstance, gate: FloodGate): void {
  app.server.on('connection', (socket: Socket) => {
    const leave = gate.connect(socket.remoteAddress ?? '');
    if (leave === null) socket.destroy();
    else socket.once('close', leave);
  });
}

/** Refused by address or key, before the body is read; the connection is closed, so that the body need not be. */
function gateFront(gate: FloodGate, clients: ClientReader): Front {
  const { headers, body } = problemOf(new AdtallyError('TOO_MANY_REQUESTS', 'too many requests from one sender'));
  const all = { 'access-control-allow-origin': '*', ...headers, connection: 'close' };
  return {
    answers: (request, response) => {
      const { url = '', headers: asked } = request;
      const kind = url.startsWith(pixelPath) || /^\/v1\/(beacons|click|loss)/.test(url) ? 'beacon' : 'other';
      if (gate.takes(clients.addressOf(request), asked.authorization, kind)) return false;
      response.writeHead(429, all).end(body);
      return true;
    },
  };
}

async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: { info: { title: 'Adtally: the public side', version: '1' }, openapi: '3.1.0' },
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

/** `sendBeacon` with a string says text/plain: the body is JSON all the same. */
function acceptTextPlain(app: FastifyInstance): void {
  app.addContentTypeParser('text/plain', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'));
}

function permitOrigin(request: FastifyRequest, reply: FastifyReply): void {
  if (request.url.startsWith('/v1/')) reply.header('access-control-allow-origin', '*');
}

function permitOrigins(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    permitOrigin(request, reply);
    done();
  });
  app.options('/v1/*', { schema: { hide: true } }, (request, reply) => {
    const asked = request.headers['access-control-request-headers'];
    reply.header('access-control-allow-methods', 'GET, HEAD, POST, OPTIONS');
    reply.header('access-control-allow-headers', asked ?? 'content-type');
    reply.header('access-control-max-age', preflightSeconds);
    reply.header('vary', 'access-control-request-headers');
    return reply.code(204).send();
  });
}

function isPixel({ method, url }: Pick<FastifyRequest, 'method' | 'url'>): boolean {
  return (method === 'GET' || method === 'HEAD') && url.startsWith(pixelPath);
}

/** A pixel whose path is no beacon's still gets its picture. */
function answerNotFound(desk: BeaconDesk, request: FastifyRequest, reply: FastifyReply): void {
  if (isPixel(request)) {
    if (request.method === 'GET') desk.refuse('PIXEL', request.url.slice(pixelPath.length));
    reply.hijack();
    return sendPixel(reply.raw);
  }
  permitOrigin(request, reply);
  sendProblem(reply, new AdtallyError('NOT_FOUND', `there is no ${request.method} on this path`));
}

/** The path can't be decoded, or a part of it is too long. */
function answerBadUrl(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  if (isPixel(request)) {
    reply.hijack();
    return sendPixel(reply.raw);
  }
  permitOrigin(request, reply);
  sendProblem(reply, asAdtallyError(error));
}
