import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BeaconDesk, BeaconResult } from '../beacons.ts';
import { clientOf, isPrefetch } from '../client.ts';

interface PixelRoute {
  readonly Params: { readonly event: string; readonly token: string };
}

/** The smallest transparent GIF, 1×1. */
export const pixelGif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

export const pixelPath = '/v1/b/';

/** As a string, so that Node writes head and body at once and as one chunk. */
const body = pixelGif.toString('latin1');
const headers = Object.entries({
  'Access-Control-Allow-Origin': '*',
  'Content-Type': 'image/gif',
  'Cache-Control': 'no-store',
  'Content-Length': String(pixelGif.length),
}).flat();

/**
 * A page must not break: whatever was wrong with the beacon, it gets its picture. Past fastify, whose hooks, serialisers and header objects are a
 * fifth of what a pixel costs.
 */
export function sendPixel(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.writeHead(200, headers);
  reply.raw.end(body, 'latin1');
}

/** `GET /v1/b/{event}/{token}`: answered once the beacon is on disk; at once if nothing is to be recorded. */
export function registerPixel(app: FastifyInstance, desk: BeaconDesk): void {
  const schema = {
    tags: ['beacons'],
    summary: 'Pixel beacon',
    description:
      'Always a 1×1 GIF; a bad or forged token is recorded as rejected and never billed. 503: not recorded, try again.',
  };
  app.get<PixelRoute>(`${pixelPath}:event/:token`, { schema, exposeHeadRoute: false }, (request, reply) => {
    if (isPrefetch(request.headers)) return sendPixel(reply);
    const result = desk.take(arrivalOf(request));
    if (!(result instanceof Promise)) return answer(result, reply);
    result.then(
      (late) => answer(late, reply),
      (error: unknown) => reply.send(error),
    );
  });
  app.head<PixelRoute>(`${pixelPath}:event/:token`, { schema: { hide: true } }, (_request, reply) => sendPixel(reply));
}

function answer(result: BeaconResult, reply: FastifyReply): void {
  if (!result.taken) return sendPixel(reply);
  result.stored.then(
    () => sendPixel(reply),
    (error: unknown) => reply.send(error),
  );
}

function arrivalOf({ params, headers, socket }: FastifyRequest<PixelRoute>) {
  const { network, userAgent } = clientOf(socket.remoteAddress, headers);
  const { event, token } = params;
  return { event, token, transport: 'PIXEL' as const, network, userAgent, occurredAt: null, ordinal: 0 };
}
