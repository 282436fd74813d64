import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Catalog, type CatalogRecord, entityFacts } from '../../domain/catalog.ts';
import { type CatalogDesk, isVisible, type Outcome, type Request } from '../catalog/catalog-desk.ts';
import { type Entity, entities } from '../catalog/entities.ts';
import { changeSchema, creationSchema, showEntity, shownSchema } from '../catalog/entity-json.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import { listSchema, pageParameters, readCursor, readLimit, writeCursor } from '../page.ts';
import { etagOf, expectedRevision, idempotencyKey, requestHash } from '../request-headers.ts';
import { accessOf } from './catalog-access.ts';
import { addHistory } from './catalog-history.ts';
import { addImport } from './catalog-import.ts';
import { addKinds } from './catalog-kinds.ts';

const idempotencyHeader = {
  'idempotency-key': {
    type: 'string',
    description: 'Sent again with the same body: the same answer. With another: 409.',
  },
} as const;

/** `/v1/{advertisers,campaigns,line-items,creatives,publishers,placements,deadline-policies,bidders}` and `/v1/catalogue/kinds`. */
export function catalogRoutes(desk: CatalogDesk): ConsoleRoutes {
  return (app) => {
    addKinds(app);
    for (const entity of entities) {
      addEntity(app, desk, entity);
      addHistory(app, desk, entity);
      addImport(app, desk, entity);
    }
  };
}

function addEntity(app: FastifyInstance, desk: CatalogDesk, entity: Entity): void {
  const access = accessOf(entity);
  const name = entity.kind.replace('_', ' ');
  const collection = `/v1/${entity.path}`;
  const shown = shownSchema(entity);
  const tags = ['catalogue'];

  app.post(
    collection,
    {
      config: { ...access.create },
      schema: {
        summary: `Create a ${name}`,
        tags,
        headers: { type: 'object', properties: idempotencyHeader },
        body: creationSchema(entity),
        response: { 201: shown },
      },
    },
    async (request, reply) => {
      const outcome = await desk.create(entity, asked(request));
      reply.code(201).header('location', `${collection}/${entityFacts(outcome.record).id}`);
      return answer(reply, { desk, entity, outcome });
    },
  );

  app.get(
    collection,
    {
      config: { ...access.read },
      schema: {
        summary: `List ${name}s, oldest first`,
        tags,
        querystring: listParameters(entity),
        response: { 200: countedListSchema(shown) },
      },
    },
    async (request) => list(await desk.read(), entity, request.query as ListQuery, request.principal.advertiserId),
  );

  app.get(
    `${collection}/:id`,
    {
      config: { ...access.read },
      schema: { summary: `Read a ${name}`, tags, params: idParameter, response: { 200: shown } },
    },
    async (request, reply) => {
      await desk.read();
      const record = desk.find(entity, idOf(request), request.principal.advertiserId);
      return answer(reply, { desk, entity, outcome: { record, repeated: false } });
    },
  );

  app.patch(
    `${collection}/:id`,
    {
      config: { ...access.change },
      schema: {
        summary: `Change a ${name}`,
        description: 'Only what is given changes. `If-Match` carries the ETag of what you read, or `*`.',
        tags,
        params: idParameter,
        headers: { type: 'object', properties: { ...idempotencyHeader, 'if-match': { type: 'string' } } },
        body: changeSchema(entity),
        response: { 200: shown },
      },
    },
    async (request, reply) => {
      const target = { id: idOf(request), revision: expectedRevision(request) };
      return answer(reply, { desk, entity, outcome: await desk.change(entity, target, asked(request)) });
    },
  );
}

const idParameter = { type: 'object', properties: { id: { type: 'string', maxLength: 64 } } } as const;

function idOf({ params }: FastifyRequest): string {
  return (params as { readonly id: string }).id;
}

function asked(request: FastifyRequest): Request {
  return {
    principal: request.principal.name,
    scope: request.principal.advertiserId,
    idempotencyKey: idempotencyKey(request),
    hash: requestHash(request),
    body: request.body as Readonly<Record<string, unknown>>,
  };
}

async function answer(
  reply: FastifyReply,
  { desk, entity, outcome }: { readonly desk: CatalogDesk; readonly entity: Entity; readonly outcome: Outcome },
): Promise<Record<string, unknown>> {
  const { record, repeated } = outcome;
  reply.header('etag', etagOf(record.value.change.revision));
  if (repeated) reply.header('idempotent-replayed', 'true');
  return showEntity(entity, desk.catalog, record.value);
}

interface ListQuery {
  readonly limit?: string;
  readonly cursor?: string;
  readonly archived?: 'true' | 'false' | 'any';
  readonly status?: 'active' | 'paused';
  readonly search?: string;
}

function countedListSchema(shown: object): object {
  const list = listSchema(shown) as { readonly properties: object };
  const total = { type: 'integer', description: 'How many there are on all pages.' };
  return { ...list, properties: { ...list.properties, total } };
}

/** Ids by which a list can be narrowed: its parents'. */
function parentFields({ parent, inherited }: Entity): string[] {
  return parent === null ? [] : [parent.field, ...inherited];
}

function listParameters(entity: Entity): object {
  const parents = parentFields(entity).map((name) => [name, { type: 'string', maxLength: 64 }]);
  const properties = {
    ...(Object.fromEntries(parents) as object),
    status: { type: 'string', enum: ['active', 'paused'] },
    archived: { type: 'string', enum: ['true', 'false', 'any'], description: '`false` if left out.' },
    search: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      description: 'Part of the name, or the id; case does not matter.',
    },
    ...pageParameters,
  };
  return { type: 'object', properties, additionalProperties: false };
}

/**
 * A page, in the order of creation. The cursor counts what the key may see of the parents asked for: that never shrinks and keeps its order, whatever
 * is archived or paused between two pages, and it says nothing about others' data.
 */
function list(catalog: Catalog, entity: Entity, query: ListQuery, scope: string | null): object {
  const limit = readLimit(query.limit);
  const from = query.cursor === undefined ? 0 : (readCursor(query.cursor, 1)[0] ?? 0);
  const items: Record<string, unknown>[] = [];
  let seen = 0;
  let total = 0;
  let next: string | null = null;
  for (const value of catalog[entity.map].values()) {
    if (!isAskedFor(entity, value, { query, scope })) continue;
    seen += 1;
    if (!hasState(value, query) || !isSoughtFor(entity, value, query)) continue;
    total += 1;
    if (seen <= from) continue;
    if (items.length < limit) items.push(showEntity(entity, catalog, value));
    else next ??= writeCursor([seen - 1]);
  }
  return { items, next_cursor: next, total };
}

function isAskedFor(
  entity: Entity,
  value: CatalogRecord['value'],
  { query, scope }: { readonly query: ListQuery; readonly scope: string | null },
): boolean {
  const asked = query as Readonly<Record<string, string | undefined>>;
  const fields = value as unknown as Readonly<Record<string, unknown>>;
  if (!isVisible({ name: entity.record, value } as CatalogRecord, scope)) return false;
  return parentFields(entity).every((name) => asked[name] === undefined || asked[name] === fields[name]);
}

function hasState({ change, status }: CatalogRecord['value'], query: ListQuery): boolean {
  const archived = query.archived ?? 'false';
  if (archived !== 'any' && change.archived !== (archived === 'true')) return false;
  return query.status === undefined || status.toLowerCase() === query.status;
}

function isSoughtFor(entity: Entity, value: CatalogRecord['value'], { search }: ListQuery): boolean {
  if (search === undefined) return true;
  const sought = search.toLowerCase();
  const id = (value as unknown as Readonly<Record<string, string>>)[entity.idField] ?? '';
  return value.name.toLowerCase().includes(sought) || id.toLowerCase() === sought;
}
