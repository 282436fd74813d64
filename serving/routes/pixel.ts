import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { BeaconDesk, BeaconResult } from '../beacons.ts';
import { type ClientReader, isPrefetch } from '../client.ts';
import { asAdtallyError, problemOf } from '../problem.ts';
import { TurnBatch, type TurnBatchOptions } from '../turn-batch.ts';

interface PixelRoute {
  readonly Params: { readonly event: string; readonly token: string };
}

/** The smallest transparent GIF, 1×1. */
export const pixelGif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

export const pixelPath = '/v1/b/';

/** As a string, so that Node writes head and body at once and as one chunk. */
const body = pixelGif.toString('latin1');
const anyOrigin = { 'Access-Control-Allow-Origin': '*' };
const headers = Object.entries({
  ...anyOrigin,
  'Content-Type': 'image/gif',
  'Cache-Control': 'no-store',
  'Content-Length': String(pixelGif.length),
}).flat();

/** A page must not break: whatever was wrong with the beacon, it gets its picture. */
export function sendPixel(response: ServerResponse): void {
  response.writeHead(200, headers);
  response.end(body, 'latin1');
}

export interface PixelDeps {
  readonly desk: BeaconDesk;
  readonly clients: ClientReader;
  readonly endOfTurn: TurnBatchOptions<unknown>['endOfTurn'];
  /** An error that is ours, not the client's. */
  readonly onError: (error: Error) => void;
}

interface Asked {
  readonly event: string;
  readonly token: string;
  readonly ordinal: number;
}

/** `?code=303` of an error beacon, as VAST 4.2 §2.3.6.3 numbers errors: another code is another event. 0 if there is none. */
function errorCode(url: string, query: number): number {
  return query === -1 ? 0 : Number(/[?&]code=([0-9]{3})(?:&|$)/.exec(url.slice(query))?.[1] ?? 0);
}

/** `GET /v1/b/{event}/{token}`: answered once the beacon is on disk; at once if nothing is to be recorded. */
export class Pixel {
  readonly #deps: PixelDeps;
  readonly #turn: TurnBatch<readonly [request: IncomingMessage, response: ServerResponse, asked: Asked]>;

  constructor(deps: PixelDeps) {
    this.#deps = deps;
    const work = (all: readonly (readonly [IncomingMessage, ServerResponse, Asked])[]) => {
      for (const [request, response, asked] of all) this.answer(request, response, asked);
    };
    this.#turn = new TurnBatch({ endOfTurn: deps.endOfTurn, work, most: Number.MAX_SAFE_INTEGER });
  }

  /**
   * Answers a pixel before it comes to the router, whose share of it would be as much as all of ours; false for any other request, and for a path
   * that is not of the plainest form.
   */
  answers(request: IncomingMessage, response: ServerResponse): boolean {
    const { url = '', method } = request;
    if (method !== 'GET' || !url.startsWith(pixelPath) || url.includes('%')) return false;
    const slash = url.indexOf('/', pixelPath.length);
    const query = url.indexOf('?', slash);
    const token = url.slice(slash + 1, query === -1 ? url.length : query);
    if (slash === -1 || token === '' || token.includes('/')) return false;
    const event = url.slice(pixelPath.length, slash);
    this.#turn.add([request, response, { event, token, ordinal: event === 'error' ? errorCode(url, query) : 0 }]);
    return true;
  }

  /** Never throws and always answers. */
  answer(request: IncomingMessage, response: ServerResponse, { event, token, ordinal }: Asked): void {
    const fail = (error: unknown) => this.#fail(response, error);
    try {
      if (isPrefetch(request.headers)) return sendPixel(response);
      const { network, userAgent } = this.#deps.clients.clientOf(request);
      const sender = { transport: 'PIXEL' as const, network, userAgent };
      const result = this.#deps.desk.take({ event, token, ...sender, occurredAt: null, ordinal });
      if (!(result instanceof Promise)) return respond(result, response, fail);
      result.then((late) => respond(late, response, fail), fail);
    } catch (error) {
      fail(error);
    }
  }

  /** Not recorded: a picture would be an acknowledgement. */
  #fail(response: ServerResponse, error: unknown): void {
    const known = asAdtallyError(error as Error);
    if (known.status === 500) this.#deps.onError(error as Error);
    const problem = problemOf(known);
    response.writeHead(known.status, { ...anyOrigin, ...problem.headers });
    response.end(problem.body);
  }
}

function respond(result: BeaconResult, response: ServerResponse, fail: (error: unknown) => void): void {
  if (!result.taken) return sendPixel(response);
  result.stored.then(() => sendPixel(response), fail);
}

/** The same pixel as a route: for `HEAD`, for paths with percent-encoding, and for the description of the interface. */
export function registerPixel(app: FastifyInstance, pixel: Pixel): void {
  const path = `${pixelPath}:event/:token`;
  const schema = {
    tags: ['beacons'],
    summary: 'Pixel beacon',
    description:
      'Always a 1×1 GIF; a bad or forged token is recorded as rejected and never billed. 503: not recorded, try again.',
  };
  app.get<PixelRoute>(path, { schema, exposeHeadRoute: false }, (request, reply) => {
    reply.hijack();
    const { event, token } = request.params;
    const { url = '' } = request.raw;
    const ordinal = event === 'error' ? errorCode(url, url.indexOf('?')) : 0;
    pixel.answer(request.raw, reply.raw, { event, token, ordinal });
  });
  app.head<PixelRoute>(path, { schema: { hide: true } }, (_request, reply) => {
    reply.hijack();
    sendPixel(reply.raw);
  });
}
