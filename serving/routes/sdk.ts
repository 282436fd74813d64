import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isLive } from '../../domain/catalog.ts';
import type { PlacementPublished } from '../../domain/records.ts';
import { formats } from '../decision-request.ts';

/** A file of the SDK as browsers get it. */
export interface SdkFile {
  /** Below `/sdk/`. */
  readonly path: string;
  readonly type: string;
  readonly body: Uint8Array;
  /** Strong: it changes with the content. */
  readonly etag: string;
}

export interface SdkRoutesDeps {
  readonly files: readonly SdkFile[];
  /** All of the catalogue. */
  readonly placements: () => Iterable<PlacementPublished>;
  /** By which browsers reach us. */
  readonly publicUrl: string;
}

/** Any page may load the script as a module, and measure it. */
const everybody = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' } as const;

/** The example page: our own scripts, our own and https pictures, frames of ads with the style attributes that they bring. */
function policyOf(publicUrl: string): string {
  const { origin } = new URL(publicUrl);
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "style-src-attr 'unsafe-inline'",
    `img-src 'self' data: https: ${origin}`,
    `media-src 'self' https: ${origin}`,
    `connect-src 'self' ${origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** `GET /sdk/adtally.js`, and the example page at `/sdk/example/` with the placements that it shows. */
export function registerSdk(app: FastifyInstance, { files, placements, publicUrl }: SdkRoutesDeps): void {
  const schema = { hide: true };
  const policy = policyOf(publicUrl);
  for (const file of files) {
    app.get(`/sdk/${file.path}`, { schema }, (request, reply) => {
      if (file.type.startsWith('text/html')) reply.header('content-security-policy', policy);
      return sendFile(request, reply, file);
    });
  }
  app.get('/sdk/example', { schema }, (_request, reply) => reply.redirect('/sdk/example/', 302));
  app.get('/sdk/example/placements.json', { schema }, () => firstOfEach(placements()));
}

function sendFile(request: FastifyRequest, reply: FastifyReply, { type, body, etag }: SdkFile): FastifyReply {
  reply.headers({ ...everybody, etag, 'cache-control': 'public, max-age=300' });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.type(type).send(body);
}

/** A placement for each format; where there are several, one that takes nothing else. */
function firstOfEach(placements: Iterable<PlacementPublished>): Record<string, string> {
  const live = [...placements].filter(isLive);
  const found: Record<string, string> = {};
  for (const format of formats) {
    const fitting = live.filter((placement) => placement.formats.includes(format));
    const [first = fitting[0]] = fitting.filter((placement) => placement.formats.length === 1);
    if (first !== undefined) found[format] = first.placement_id;
  }
  return found;
}
