import { createHmac } from 'node:crypto';
import { shardOf } from '../../domain/identity.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { ConsoleRoutes } from '../console-app.ts';

export interface PersonRoutesDeps {
  readonly log: Pick<EventLog, 'shards' | 'append'>;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  /** Key of the hash of raw ids: the same that serving uses. */
  readonly hashSecret: Uint8Array;
}

const body = {
  type: 'object',
  properties: {
    id: { type: 'string', minLength: 1, maxLength: 500, description: 'The id as requests give it in `user.id`.' },
  },
  required: ['id'],
  additionalProperties: false,
} as const;

/** `POST /v1/persons/forget`: deletes the person's key; what was recorded under it can no longer be traced to anyone. Again is harmless. */
export function personRoutes(deps: PersonRoutesDeps): ConsoleRoutes {
  return (app) => {
    app.post(
      '/v1/persons/forget',
      {
        config: { roles: [] },
        schema: {
          summary: 'Forget a person',
          description: 'The raw id is hashed at once and neither kept nor logged.',
          tags: ['privacy'],
          body,
          response: { 202: { type: 'object', properties: { accepted: { type: 'boolean' } } } },
        },
      },
      async (request, reply) => {
        const { id } = request.body as { readonly id: string };
        await forgetPerson(deps, { id, requestedBy: request.principal.name });
        reply.code(202);
        return { accepted: true };
      },
    );
  };
}

/** Writes the request down; `id` as requests to serving give it. Error: `LOG_UNAVAILABLE`. */
export async function forgetPerson(
  { log, registry, clock, hashSecret }: PersonRoutesDeps,
  { id, requestedBy }: { readonly id: string; readonly requestedBy: string },
): Promise<void> {
  const person_hash = createHmac('sha256', hashSecret).update(id).digest('hex');
  const value = { person_hash, requested_by: requestedBy, forgotten_at: clock.now() };
  const shard = shardOf(person_hash, log.shards('persons'));
  await log.append('persons', [{ shard, key: person_hash, value: registry.encode('PersonForgotten', value) }]);
}
