import type { FastifyInstance } from 'fastify';
import { AdtallyError, type ErrorCode } from '../../domain/errors.ts';
import type { Arrival, BeaconDesk } from '../beacons.ts';
import type { Client, ClientReader } from '../client.ts';
import { problemResponses } from '../problem.ts';

export const maxBeacons = 500;
const maxBodyBytes = 1024 * 1024;
/** Ordinals are small: an SDK counts its own mutes and pauses. */
const maxOrdinal = 1_000_000;

type Json = Readonly<Record<string, unknown>>;

interface Rejected {
  readonly index: number;
  readonly code: ErrorCode;
}

const schema = {
  tags: ['beacons'],
  summary: 'Beacons of an SDK',
  description: `{beacons:[{event, token, occurred_at?, sequence?}]}, at most ${maxBeacons} or 1 MiB; also as text/plain (sendBeacon). Answered once all are on disk. Sent again = accepted again, counted once.`,
  response: {
    202: {
      description: 'Recorded; what was not believed is listed by its place in the request.',
      type: 'object',
      properties: {
        accepted: { type: 'integer' },
        rejected: {
          type: 'array',
          items: { type: 'object', properties: { index: { type: 'integer' }, code: { type: 'string' } } },
        },
        warnings: { type: 'array', items: { type: 'string' } },
      },
    },
    ...problemResponses('BAD_JSON', 'VALIDATION_FAILED', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'BUFFER_FULL'),
  },
};

/** `POST /v1/beacons`. */
export function registerBeacons(app: FastifyInstance, desk: BeaconDesk, clients: ClientReader): void {
  app.post('/v1/beacons', { schema, bodyLimit: maxBodyBytes }, async (request, reply) => {
    const { beacons, warnings } = readBody(request.body);
    const client = clients.clientOf(request);
    const rejected: Rejected[] = [];
    const stored: Promise<void>[] = [];
    for (const [index, item] of beacons.entries()) {
      const arrival = readBeacon(item, client);
      const result = arrival === null ? null : await desk.take(arrival);
      if (result?.taken) stored.push(result.stored);
      else rejected.push({ index, code: result?.code ?? 'VALIDATION_FAILED' });
    }
    await Promise.all(stored);
    return reply.code(202).send({ accepted: stored.length, rejected, warnings });
  });
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readBody(body: unknown): { readonly beacons: readonly unknown[]; readonly warnings: readonly string[] } {
  if (!isObject(body) || !Array.isArray(body['beacons'])) {
    throw new AdtallyError('VALIDATION_FAILED', 'the body is an object with a list `beacons`', { path: 'beacons' });
  }
  const beacons: readonly unknown[] = body['beacons'];
  if (beacons.length > maxBeacons) {
    const reason = `at most ${maxBeacons} beacons at once, not ${beacons.length}`;
    throw new AdtallyError('VALIDATION_FAILED', reason, { path: 'beacons' });
  }
  const unknown = Object.keys(body).filter((key) => key !== 'beacons');
  return { beacons, warnings: unknown.slice(0, 10).map((key) => `unknown field ${key.slice(0, 40)}`) };
}

/** Null if the item is not of the shape {event, token, occurred_at?, sequence?}. */
function readBeacon(item: unknown, { network, userAgent }: Client): Arrival | null {
  if (!isObject(item)) return null;
  const { event, token, occurred_at, sequence } = item;
  if (typeof event !== 'string' || typeof token !== 'string') return null;
  const occurredAt = readTime(occurred_at);
  const ordinal = sequence ?? 0;
  if (occurredAt === undefined || !Number.isInteger(ordinal)) return null;
  if ((ordinal as number) < 0 || (ordinal as number) > maxOrdinal) return null;
  return { event, token, transport: 'SDK', network, userAgent, occurredAt, ordinal: ordinal as number };
}

/** RFC 3339 text or Unix ms; null if not given, undefined if it is neither. */
function readTime(value: unknown): number | null | undefined {
  if (value === undefined || value === null) return null;
  const timeMs = typeof value === 'string' && value.length <= 40 ? Date.parse(value) : value;
  return typeof timeMs === 'number' && Number.isSafeInteger(timeMs) && timeMs >= 0 ? timeMs : undefined;
}
