import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdtallyError } from '../../domain/errors.ts';
import { framePolicy, policyText } from '../../domain/frame-policy.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import type { Asset, Assets } from '../pages/assets.ts';
import { viewPaths } from '../web/views.ts';

export interface PageRoutesDeps {
  readonly assets: Assets;
  /** By which browsers reach the public side: the playground asks it for ads. */
  readonly serveUrl: string;
}

/** Nothing but our own scripts and styles; no frame around us; no form, plug-in or base. */
const strict = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
} as const;

/** The console frames one page of ours, the preview of a creative. */
const framing = { ...strict, 'frame-src': "'self'" };

/**
 * The preview shows what anybody has put into the catalogue. Whoever opens it, and however, its document has an origin of its own (`sandbox`), so that it
 * reaches neither the console's page nor the key in it. Beyond that it may what an ad may in a page, but send nothing.
 */
export function previewPolicy(serveUrl: string): string {
  const frame = framePolicy(new URL(serveUrl).origin);
  return policyText({
    ...frame,
    'script-src': `'self' ${frame['script-src'] ?? ''}`,
    'connect-src': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'self'",
    sandbox: 'allow-scripts',
  });
}

/** The playground shows an ad in a frame that inherits its policy: style attributes and images of the ad, still no script. */
function playground(serveUrl: string): string {
  const serve = new URL(serveUrl).origin;
  return policyText({
    ...strict,
    'style-src-attr': "'unsafe-inline'",
    'img-src': `'self' data: https: ${serve}`,
    'connect-src': `'self' ${serve}`,
  });
}

/** The console (`GET /` and a path for each view), `GET /demo`, `GET /preview`, and their assets. The pages hold nothing secret: what they show, they ask for with the user's key. */
export function pageRoutes({ assets, serveUrl }: PageRoutesDeps): ConsoleRoutes {
  const demo = pageOf(assets.pages, 'demo');
  const preview = pageOf(assets.pages, 'preview');
  const console = pageOf(assets.built, 'index.html');
  const pages = [
    ...viewPaths.map((path) => [path, console, policyText(framing)] as const),
    ['/demo', demo, playground(serveUrl)] as const,
    ['/preview', preview, previewPolicy(serveUrl)] as const,
  ];
  return (app) => {
    for (const [path, page, csp] of pages) {
      app.get(path, { schema: { hide: true } }, (request, reply) => {
        reply.header('content-security-policy', csp).header('referrer-policy', 'no-referrer');
        return sendAsset(request, reply, page);
      });
    }
    for (const [path, files] of [
      ['/assets/:file', assets.files],
      ['/app/:file', assets.built],
    ] as const) {
      app.get(path, { schema: { hide: true } }, (request, reply) => {
        const { file } = request.params as { readonly file: string };
        const asset = files.get(file);
        if (asset === undefined) throw new AdtallyError('NOT_FOUND', 'there is no such asset');
        return sendAsset(request, reply, asset);
      });
    }
    app.get('/favicon.ico', { schema: { hide: true } }, (_request, reply) => reply.redirect('/assets/icon.svg', 302));
  };
}

function pageOf(pages: ReadonlyMap<string, Asset>, name: string): Asset {
  const page = pages.get(name);
  if (page === undefined) throw new AdtallyError('INVARIANT_BROKEN', `the page ${name} is missing`);
  return page;
}

function sendAsset(request: FastifyRequest, reply: FastifyReply, { type, body, etag }: Asset): FastifyReply {
  reply.header('etag', etag).header('cache-control', 'no-cache');
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.type(type).send(body);
}
