import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CatalogDesk } from '../catalog/catalog-desk.ts';
import { CatalogImport } from '../catalog/catalog-import.ts';
import type { Entity } from '../catalog/entities.ts';
import type { JsonSchema } from '../catalog/fields.ts';
import type { Row } from '../catalog/import-row.ts';
import { asAdtallyError } from '../problem.ts';
import { accessOf, mayUse } from './catalog-access.ts';

const mostRows = 500;

const body = {
  type: 'object',
  properties: {
    import_id: {
      type: 'string',
      pattern: '^[0-9A-Za-z]{8,64}$',
      description: 'Names the file: its row n creates one entity, however often it is sent.',
    },
    first_row: { type: 'integer', minimum: 1, maximum: 10_000_000, description: 'Number of the first row given.' },
    dry_run: { type: 'boolean', description: 'Each row is judged by the catalogue as it stands; nothing is written.' },
    rows: {
      type: 'array',
      maxItems: mostRows,
      items: { type: 'object' },
      description:
        'As an export has them. With an id: changes what differs, on the `revision` given, if one is. Without: creates.',
    },
  },
  required: ['import_id', 'first_row', 'dry_run', 'rows'],
  additionalProperties: false,
} as const;

const nullableText = { type: ['string', 'null'] } as const;
const verdict = {
  type: 'object',
  properties: {
    row: { type: 'integer' },
    verdict: { type: 'string', enum: ['new', 'changed', 'same', 'refused'] },
    id: { ...nullableText, description: 'Null for what does not exist (yet).' },
    fields: { type: 'array', items: { type: 'string' }, description: 'What changes.' },
    code: { ...nullableText, description: 'Of the refusal.' },
    path: nullableText,
    detail: nullableText,
  },
} as const;

interface ImportBody {
  readonly import_id: string;
  readonly first_row: number;
  readonly dry_run: boolean;
  readonly rows: readonly Row[];
}

/** `POST /v1/{kind}/import`: rows of a file, taken or only judged. */
export function addImport(app: FastifyInstance, desk: CatalogDesk, entity: Entity): void {
  const takes = new CatalogImport(desk, entity);
  const { change, create } = accessOf(entity);
  app.post(
    `/v1/${entity.path}/import`,
    {
      config: { ...change },
      schema: {
        summary: `Import ${entity.kind.replace('_', ' ')}s`,
        description: 'What is refused keeps nothing else from being taken. An export that is imported changes nothing.',
        tags: ['catalogue'],
        body,
        response: { 200: { type: 'object', properties: { rows: { type: 'array', items: verdict } } } },
      },
    },
    async (request) => {
      const { principal } = request;
      const { import_id: importId, first_row: first, dry_run: dryRun, rows } = request.body as ImportBody;
      const verdicts = await takes.take({
        principal: principal.name,
        scope: principal.advertiserId,
        importId,
        first,
        dryRun,
        rows,
        mayCreate: mayUse(create, principal),
        validate: (schema, row) => validate(request, schema, row),
      });
      return { rows: verdicts };
    },
  );
}

/** Judges a row as a request of its own would be judged. */
function validate(request: FastifyRequest, schema: JsonSchema, row: Row): void {
  const holds = request.getValidationFunction(schema as object) ?? request.compileValidationSchema(schema as object);
  if (holds(row)) return;
  throw asAdtallyError(
    Object.assign(new Error('a row is invalid'), { validation: holds.errors ?? [], validationContext: 'body' }),
  );
}
