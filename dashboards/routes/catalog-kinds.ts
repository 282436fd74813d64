import type { FastifyInstance } from 'fastify';
import { entities } from '../catalog/entities.ts';
import { changeSchema, creationSchema } from '../catalog/entity-json.ts';
import { accessOf, mayUse, readers } from './catalog-access.ts';

const described = entities.map((entity) => ({
  entity,
  facts: {
    path: entity.path,
    id_field: entity.idField,
    parent_field: entity.parent?.field ?? null,
    inherited: entity.inherited,
    creation: creationSchema(entity),
    change: changeSchema(entity),
  },
}));

/** `GET /v1/catalogue/kinds`: the schemas by which bodies are judged, so that a form needs no other description, and what the key may do. */
export function addKinds(app: FastifyInstance): void {
  app.get(
    '/v1/catalogue/kinds',
    {
      config: { roles: readers, scoped: true },
      schema: {
        summary: 'Kinds of the catalogue that the key may see, with the JSON Schemas of their bodies',
        tags: ['catalogue'],
        response: {
          200: { type: 'object', properties: { items: { type: 'array', items: { additionalProperties: true } } } },
        },
      },
    },
    async ({ principal }) => ({
      items: described
        .filter(({ entity }) => mayUse(accessOf(entity).read, principal))
        .map(({ entity, facts }) => ({
          ...facts,
          may_create: mayUse(accessOf(entity).create, principal),
          may_change: mayUse(accessOf(entity).change, principal),
        })),
    }),
  );
}
