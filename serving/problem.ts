import type { FastifyError, FastifyReply } from 'fastify';
import { AdtallyError, type ErrorCode, errorCodes } from '../domain/errors.ts';

/** An RFC 9457 problem, as every error of the public side is answered. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** Where in the request, e.g. `slots[0].placement_id`. */
  readonly path?: string;
}

const retryAfterSeconds = '1';
const problemType = 'application/problem+json';

/** fastify's own errors that a client can cause, by our codes. */
const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'BAD_REQUEST',
  // Of a method that only the parser knows (PRI): no router has a place for it.
  FST_ERR_NOT_FOUND: 'NOT_FOUND',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'BAD_REQUEST',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'BAD_JSON',
  FST_ERR_CTP_INVALID_JSON_BODY: 'BAD_JSON',
  FST_ERR_VALIDATION: 'VALIDATION_FAILED',
  FST_ERR_CTP_EMPTY_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
};

/** What a client is told of an error; of an unknown one nothing but that it happened. */
export function asAdtallyError(error: FastifyError | AdtallyError | Error): AdtallyError {
  if (error instanceof AdtallyError) return error;
  const known = 'code' in error ? frameworkCodes[error.code] : undefined;
  if (known !== undefined) return new AdtallyError(known, error.message, { cause: error });
  // A parser's complaint (SyntaxError of secure-json-parse) carries 400 and no code.
  if ('statusCode' in error && error.statusCode === 400) {
    return new AdtallyError('BAD_JSON', 'the body is no valid JSON', { cause: error });
  }
  return new AdtallyError('INVARIANT_BROKEN', 'an internal error', { cause: error });
}

/** Headers and body of a problem document. 429 and 503 say when to try again. */
export function problemOf({ status, code, message, path }: AdtallyError): {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
} {
  const title = code.toLowerCase().replaceAll('_', ' ');
  const problem: Problem = { type: 'about:blank', title, status, code, detail: message, ...(path && { path }) };
  const retry = status === 429 || status === 503 ? { 'retry-after': retryAfterSeconds } : {};
  return { headers: { 'content-type': problemType, ...retry }, body: Buffer.from(JSON.stringify(problem)) };
}

/** Answers with a problem document. */
export function sendProblem(reply: FastifyReply, error: AdtallyError): FastifyReply {
  const { headers, body } = problemOf(error);
  return reply.code(error.status).headers(headers).send(body);
}

/** Codes that a route may answer with, for its documentation. */
export function problemResponses(...codes: readonly ErrorCode[]): Record<number, { readonly description: string }> {
  const byStatus: Record<number, { description: string }> = {};
  for (const code of codes) {
    const { status } = errorCodes[code];
    const before = byStatus[status]?.description;
    byStatus[status] = { description: before === undefined ? code : `${before}, ${code}` };
  }
  return byStatus;
}
