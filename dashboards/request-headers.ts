import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { AdtallyError } from '../domain/errors.ts';

/** The Idempotency-Key of a request, or null. Error: `VALIDATION_FAILED` for one that is empty, too long or not visible ASCII. */
export function idempotencyKey({ headers }: FastifyRequest): string | null {
  const key = headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new AdtallyError('VALIDATION_FAILED', 'an Idempotency-Key is 1 to 200 visible ASCII characters', {
    path: 'Idempotency-Key (header)',
  });
}

/** SHA-256 of method, path and body, in hex: the order of keys and the white space of the JSON do not matter. */
export function requestHash({ method, url, body }: Pick<FastifyRequest, 'method' | 'url' | 'body'>): string {
  return createHash('sha256')
    .update(`${method} ${url}\n${canonicalJson(body)}`)
    .digest('hex');
}

/** JSON that is equal for equal values, in whatever order their keys stand. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value ?? null, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/**
 * The revision that a change is made on: of `If-Match: "3"`, or null for `If-Match: *` (whatever it is at). Errors: `PRECONDITION_REQUIRED` without the
 * header, `VALIDATION_FAILED` for another form.
 */
export function expectedRevision({ headers }: FastifyRequest): number | null {
  const given = headers['if-match'];
  if (given === undefined) {
    throw new AdtallyError(
      'PRECONDITION_REQUIRED',
      'send `If-Match` with the ETag of what you change, or `If-Match: *`',
    );
  }
  if (given === '*') return null;
  const [, revision] = /^"([1-9][0-9]{0,14})"$/.exec(given) ?? [];
  if (revision !== undefined) return Number(revision);
  throw new AdtallyError('VALIDATION_FAILED', 'If-Match is one ETag, as "3", or *', { path: 'If-Match (header)' });
}

export function etagOf(revision: number): string {
  return `"${revision}"`;
}
