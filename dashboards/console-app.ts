import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { type FastifyInstance, type FastifySchema, fastify } from 'fastify';
import { AdtallyError } from '../domain/errors.ts';
import { type KeptKey, type Role, requireKeys } from './auth.ts';
import { decodeJsonText } from './json-body.ts';
import { asAdtallyError, problemSchema, sendProblem } from './problem.ts';

/** Adds routes to the console. Each below /v1/ says in its `config` which roles may use it. */
export type ConsoleRoutes = (app: FastifyInstance) => void | Promise<void>;

export interface ConsoleDeps {
  readonly keys: readonly KeptKey[];
  readonly routes: readonly ConsoleRoutes[];
  /** An error that is ours, not the client's. */
  readonly onError: (error: Error) => void;
}

const bodyLimitBytes = 1024 * 1024;
/** From the first byte of a request to its last, ms. */
const slowestMs = 15_000;

/** The private side of Adtally: every route of the console. The caller listens and closes. */
export async function buildConsole({ keys, routes, onError }: ConsoleDeps): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    // Whoever sends a byte now and then is let go after this, not after the minute that Node gives.
    http: { headersTimeout: slowestMs, connectionsCheckingInterval: 1_000 },
    requestTimeout: slowestMs,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 2_000 },
    // What a client sends is judged as it is: nothing coerced, dropped or filled in behind its back.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allowUnionTypes: true } },
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, asAdtallyError(error)),
  });
  app.setErrorHandler((error, _request, reply) => {
    const known = asAdtallyError(error);
    if (known.status >= 500 && !known.retriable) onError(error instanceof Error ? error : known);
    return sendProblem(reply, known);
  });
  app.setNotFoundHandler(({ method, url }, reply) =>
    sendProblem(
      reply,
      new AdtallyError('NOT_FOUND', `there is no ${method} on ${url.split('?', 1)[0]?.slice(0, 200)}`),
    ),
  );
  acceptJson(app);
  // Not async: on a request of a method that only the parser knows (PRI), fastify would wait for it for ever.
  app.addHook('onSend', (_request, reply, payload, done) => {
    reply.header('x-content-type-options', 'nosniff');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    done(null, payload);
  });
  requireKeys(app, keys);
  await describeRoutes(app);
  app.register(async (scope) => {
    for (const register of routes) await register(scope);
  });
  await app.ready();
  return app;
}

/** JSON in strict UTF-8 only. */
function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      void parse(request, decodeJsonText(body as Buffer), done);
    } catch (error) {
      done(error as Error);
    }
  });
}

async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Adtally: the private side',
        version: '1',
        description:
          'Amounts are decimal strings of integer micros, times RFC 3339 in UTC, errors RFC 9457 with a stable `code`.',
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    },
    transform: ({ schema, url, route }) => ({ schema: describe(schema ?? {}, route.config?.roles), url }),
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

/** Adds who may use a route, and the form of its errors. */
function describe(schema: FastifySchema, roles: readonly Role[] | undefined): FastifySchema {
  const described = schema as FastifySchema & { readonly response?: object; readonly description?: string };
  const response = {
    ...described.response,
    '4XX': { description: 'Problem', content: { 'application/problem+json': { schema: problemSchema } } },
  };
  if (roles === undefined) return schema;
  const description = `${described.description ?? ''}\n\nRoles: ${['admin', ...roles].join(', ')}.`.trim();
  return { ...schema, response, description, security: [{ key: [] }] } as FastifySchema;
}
