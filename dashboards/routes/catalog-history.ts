import type { FastifyInstance } from 'fastify';
import type { CatalogDesk } from '../catalog/catalog-desk.ts';
import type { Entity } from '../catalog/entities.ts';
import { showEntity, shownSchema } from '../catalog/entity-json.ts';
import { listSchema, pageParameters, readCursor, readLimit, writeCursor } from '../page.ts';
import { accessOf } from './catalog-access.ts';

/** `GET /v1/{kind}/{id}/revisions`: every state that an entity ever had, newest first, with who made it and when. */
export function addHistory(app: FastifyInstance, desk: CatalogDesk, entity: Entity): void {
  const parameters = {
    params: { type: 'object', properties: { id: { type: 'string', maxLength: 64 } } },
    querystring: { type: 'object', properties: pageParameters, additionalProperties: false },
  };
  app.get(
    `/v1/${entity.path}/:id/revisions`,
    {
      config: { ...accessOf(entity).read },
      schema: {
        summary: `Revisions of a ${entity.kind.replace('_', ' ')}, newest first`,
        tags: ['catalogue'],
        ...parameters,
        response: { 200: listSchema(shownSchema(entity)) },
      },
    },
    async (request) => {
      const { id } = request.params as { readonly id: string };
      const { limit: asked, cursor } = request.query as { readonly limit?: string; readonly cursor?: string };
      const limit = readLimit(asked);
      const { revision } = desk.find(entity, id, request.principal.advertiserId).value.change;
      const before = cursor === undefined ? revision + 1 : (readCursor(cursor, 1)[0] ?? 0);
      const records = await desk.revisions(entity, id, { scope: request.principal.advertiserId, before, limit });
      const last = records.at(-1)?.value.change.revision ?? 1;
      return {
        items: records.map(({ value }) => showEntity(entity, desk.catalog, value)),
        next_cursor: last === 1 ? null : writeCursor([last]),
      };
    },
  );
}
