import type { FastifyError, FastifyReply } from 'fastify';
import { AdtallyError, type ErrorCode } from '../domain/errors.ts';

/** An error as RFC 9457 shows it. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  /** Stable; what a program may rely on. */
  readonly code: string;
  readonly detail: string;
  /** Where in the request, e.g. `targeting.countries.include[0]`. */
  readonly path?: string;
  /** Every fault, where there is more than one. */
  readonly faults?: AdtallyError['faults'];
}

const retryAfterSeconds = '1';

/** fastify's own errors that a client can cause, by our codes. */
const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'BAD_REQUEST',
  // Of a method that only the parser knows (PRI): no router has a place for it.
  FST_ERR_NOT_FOUND: 'NOT_FOUND',
  FST_ERR_MAX_PARAM_LENGTH: 'BAD_REQUEST',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'BAD_REQUEST',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'BAD_JSON',
  FST_ERR_CTP_INVALID_JSON_BODY: 'BAD_JSON',
};

type ValidationFault = NonNullable<FastifyError['validation']>[number];

/** What a client is told of an error; of one that is not ours nothing but that it happened. */
export function asAdtallyError(error: unknown): AdtallyError {
  if (error instanceof AdtallyError) return error;
  if (!(error instanceof Error)) return internal(error);
  const { validation, validationContext, code, statusCode } = error as Partial<FastifyError>;
  const fault = validation?.[0];
  if (fault !== undefined) return invalid(fault, validationContext ?? 'body', error);
  const known = code === undefined ? undefined : frameworkCodes[code];
  if (known !== undefined) return new AdtallyError(known, error.message.slice(0, 200), { cause: error });
  // The JSON parser's complaint carries 400 and no code.
  if (statusCode === 400) return new AdtallyError('BAD_JSON', 'the body is no valid JSON', { cause: error });
  return internal(error);
}

function internal(cause: unknown): AdtallyError {
  return new AdtallyError('INVARIANT_BROKEN', 'an internal error; it was recorded', { cause });
}

/** A violation of a route's schema. */
function invalid(
  { keyword, params, instancePath, message = 'is invalid' }: ValidationFault,
  context: string,
  cause: Error,
): AdtallyError {
  const unknown = keyword === 'additionalProperties' ? params['additionalProperty'] : undefined;
  const missing = keyword === 'required' ? params['missingProperty'] : undefined;
  const path = pathOf(instancePath, unknown ?? missing);
  const where = context === 'body' ? path || 'the body' : `${path} (${context})`;
  if (unknown !== undefined) return new AdtallyError('UNKNOWN_FIELD', `${where} is not known here`, { cause, path });
  const detail = missing === undefined ? `${where} ${message}` : `${where} is missing`;
  return new AdtallyError('VALIDATION_FAILED', detail, { cause, path });
}

/** `/targeting/countries/include/0` and a property's name as `targeting.countries.include[0].name`. */
function pathOf(pointer: string, property: unknown): string {
  const parts = pointer.split('/').slice(1);
  if (typeof property === 'string') parts.push(property.slice(0, 80));
  return parts.reduce((path, part) => {
    if (/^[0-9]+$/.test(part)) return `${path}[${part}]`;
    return path === '' ? part : `${path}.${part}`;
  }, '');
}

/** The problem document of an error. */
export function problemOf({ code, status, message, path, faults }: AdtallyError): Problem {
  const title = code.toLowerCase().replaceAll('_', ' ');
  const more = { ...(path && { path }), ...(faults.length > 1 && { faults }) };
  return { type: 'about:blank', title, status, code, detail: message, ...more };
}

/** Answers with a problem document. 401 says how to come in, 429 and 503 when to try again. */
export function sendProblem(reply: FastifyReply, error: AdtallyError): FastifyReply {
  const { status } = error;
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="adtally"');
  if (status === 429 || status === 503) reply.header('retry-after', retryAfterSeconds);
  // As text: the route's own schema describes its good answers only.
  return reply
    .code(status)
    .type('application/problem+json')
    .serializer(String)
    .send(JSON.stringify(problemOf(error)));
}

/** JSON Schema of a problem, for the answers of routes. */
export const problemSchema = {
  title: 'Problem',
  type: 'object',
  description: 'RFC 9457. `code` is stable.',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    path: { type: 'string' },
    faults: {
      type: 'array',
      description: 'Every fault of an entity, where it has several.',
      items: { type: 'object', properties: { path: { type: 'string' }, detail: { type: 'string' } } },
    },
  },
} as const;
