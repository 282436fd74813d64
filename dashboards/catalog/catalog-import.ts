import { entityFacts } from '../../domain/catalog.ts';
import { AdtallyError } from '../../domain/errors.ts';
import { requestHash } from '../request-headers.ts';
import type { CatalogDesk, Request } from './catalog-desk.ts';
import type { Entity } from './entities.ts';
import { changeSchema, creationSchema, showEntity } from './entity-json.ts';
import type { JsonSchema } from './fields.ts';
import { readRow, type Row, type RowReading, type RowRequest } from './import-row.ts';

export interface ImportRequest {
  readonly principal: string;
  readonly scope: string | null;
  /** Names the file: its row n creates one entity, however often it is imported. */
  readonly importId: string;
  /** Number of the first row in the file. */
  readonly first: number;
  readonly rows: readonly Row[];
  /** Nothing is written. */
  readonly dryRun: boolean;
  /** Whether the key may create such entities. */
  readonly mayCreate: boolean;
  readonly validate: RowReading['validate'];
}

/** What becomes, or would become, of one row. `fields`: what changes. `code`, `path` and `detail` say why a row is refused. */
export interface RowVerdict {
  readonly row: number;
  readonly verdict: 'new' | 'changed' | 'same' | 'refused';
  readonly id: string | null;
  readonly fields: readonly string[];
  readonly code: string | null;
  readonly path: string | null;
  readonly detail: string | null;
}

/** Takes rows as an export writes them, one after the other; a dry run judges each by the catalogue as it stands. Errors: those of the log. */
export class CatalogImport {
  readonly #desk: CatalogDesk;
  readonly #entity: Entity;
  readonly #creation: JsonSchema;
  readonly #change: JsonSchema;

  constructor(desk: CatalogDesk, entity: Entity) {
    this.#desk = desk;
    this.#entity = entity;
    this.#creation = creationSchema(entity);
    this.#change = changeSchema(entity);
  }

  async take(request: ImportRequest): Promise<RowVerdict[]> {
    await this.#desk.read();
    const verdicts: RowVerdict[] = [];
    for (const [index, row] of request.rows.entries()) {
      verdicts.push(await this.#judged(row, request.first + index, request));
    }
    return verdicts;
  }

  async #judged(row: Row, number: number, request: ImportRequest): Promise<RowVerdict> {
    const given = row[this.#entity.idField];
    const id = typeof given === 'string' && given !== '' ? given.slice(0, 64) : null;
    try {
      return await this.#take(row, number, request);
    } catch (error) {
      if (!(error instanceof AdtallyError) || error.status >= 500) throw error;
      const { code, path = null, message: detail } = error;
      return { row: number, verdict: 'refused', id, fields: [], code, path, detail };
    }
  }

  async #take(row: Row, number: number, request: ImportRequest): Promise<RowVerdict> {
    const asked = readRow(this.#entity, row, {
      shown: (id) => this.#shown(id, request.scope),
      changeSchema: this.#change,
      validate: request.validate,
    });
    if (asked.kind === 'create') return this.#create(asked, number, request);
    const fields = Object.keys(asked.body);
    if (fields.length > 0) await this.#changeTo(asked, request);
    return accepted(number, fields.length === 0 ? 'same' : 'changed', asked.id, fields);
  }

  #shown(id: string, scope: string | null): Row {
    return showEntity(this.#entity, this.#desk.catalog, this.#desk.find(this.#entity, id, scope).value);
  }

  async #create({ body }: RowRequest, number: number, request: ImportRequest): Promise<RowVerdict> {
    if (!request.mayCreate) throw new AdtallyError('FORBIDDEN', "this key can't create one");
    request.validate(this.#creation, body);
    const { path, idField } = this.#entity;
    const asked: Request = {
      ...request,
      idempotencyKey: `import-${request.importId}-${number}`,
      hash: requestHash({ method: 'POST', url: `/v1/${path}`, body }),
      body,
    };
    const desk = this.#desk;
    const { record, repeated } = request.dryRun
      ? desk.wouldCreate(this.#entity, asked)
      : await desk.create(this.#entity, asked);
    if (repeated) return accepted(number, 'same', entityFacts(record).id, []);
    const fields = Object.keys(body).filter((name) => name !== idField);
    return accepted(number, 'new', request.dryRun ? null : entityFacts(record).id, fields);
  }

  async #changeTo(
    { id, revision, body }: Extract<RowRequest, { kind: 'change' }>,
    request: ImportRequest,
  ): Promise<void> {
    const url = `/v1/${this.#entity.path}/${id}`;
    const asked: Request = {
      ...request,
      idempotencyKey: null,
      hash: requestHash({ method: 'PATCH', url, body }),
      body,
    };
    if (request.dryRun) this.#desk.wouldChange(this.#entity, { id, revision }, asked);
    else await this.#desk.change(this.#entity, { id, revision }, asked);
  }
}

function accepted(
  row: number,
  verdict: RowVerdict['verdict'],
  id: string | null,
  fields: readonly string[],
): RowVerdict {
  return { row, verdict, id, fields, code: null, path: null, detail: null };
}
