import { createHash } from 'node:crypto';
import { type Catalog, type CatalogRecord, entityFacts } from '../../domain/catalog.ts';
import { archivedFault, catalogFaults, type Fault } from '../../domain/catalog-rules.ts';
import { AdtallyError } from '../../domain/errors.ts';
import { mintEntityId } from '../../domain/identity.ts';
import type { Change } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { BudgetPublisher } from './budget-publisher.ts';
import type { CatalogLog, KeptRequest } from './catalog-log.ts';
import { type Entity, entityOf } from './entities.ts';
import { readChange, readCreation } from './entity-json.ts';

export interface CatalogDeskDeps {
  readonly catalogLog: CatalogLog;
  readonly budgets: BudgetPublisher;
  /** Number of the calendar of a time zone, made if it is new. */
  readonly calendarOf: (zone: string) => Promise<number>;
  readonly clock: Clock;
  readonly random: Random;
}

/** Who asks for a change, and how. */
export interface Request {
  /** Name of the key. */
  readonly principal: string;
  /** Advertiser that the key is bound to; null: none. */
  readonly scope: string | null;
  readonly idempotencyKey: string | null;
  /** Method, path and body: equal for a repeated request only. */
  readonly hash: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The record that answers a request; `repeated`: it was made by an earlier one with the same key. */
export interface Outcome {
  readonly record: CatalogRecord;
  readonly repeated: boolean;
}

const mergeAttempts = 5;

/** Changes the catalogue: look, judge, append, read back. One change at a time in this process; between processes the first wins. */
export class CatalogDesk {
  readonly #deps: CatalogDeskDeps;
  #working: Promise<unknown> = Promise.resolve();

  private constructor(deps: CatalogDeskDeps) {
    this.#deps = deps;
  }

  /** Reads the catalogue and writes the budgets that a crash left out. */
  static async open(deps: CatalogDeskDeps): Promise<CatalogDesk> {
    const desk = new CatalogDesk(deps);
    await desk.read();
    await deps.budgets.flush(deps.catalogLog.catalog);
    return desk;
  }

  /** The catalogue as far as it was read. */
  get catalog(): Catalog {
    return this.#deps.catalogLog.catalog;
  }

  /** The catalogue at its present end. */
  async read(): Promise<Catalog> {
    await this.#deps.catalogLog.refresh();
    return this.#deps.catalogLog.catalog;
  }

  /** Errors: `NOT_FOUND` (parent), `STATE_CONFLICT`, `VALIDATION_FAILED`, `IDEMPOTENCY_CONFLICT`, those of the log. */
  create(entity: Entity, request: Request): Promise<Outcome> {
    return this.#oneAtATime(async () => (await this.#repeated(request)) ?? this.#create(entity, request));
  }

  /**
   * Changes an entity at the revision given, or at whichever it is at (`null`). Errors: as `create`, and `REVISION_CONFLICT`.
   */
  change(
    entity: Entity,
    target: { readonly id: string; readonly revision: number | null },
    request: Request,
  ): Promise<Outcome> {
    return this.#oneAtATime(async () => {
      const repeated = await this.#repeated(request);
      if (repeated !== null) return repeated;
      for (let attempt = 1; ; attempt += 1) {
        const record = this.#changed(entity, target, request);
        if (await this.#publish(record)) return { record, repeated: false };
        const other = await this.#repeated(request);
        if (other !== null) return other;
        if (target.revision !== null || attempt === mergeAttempts) throw revisionConflict(target.id);
      }
    });
  }

  /** Revisions of an entity below `before`, newest first. Error: `NOT_FOUND`. */
  async revisions(
    entity: Entity,
    id: string,
    { scope, before, limit }: { readonly scope: string | null; readonly before: number; readonly limit: number },
  ): Promise<CatalogRecord[]> {
    await this.read();
    this.find(entity, id, scope);
    return this.#deps.catalogLog.revisions(id, before, limit);
  }

  /** What a request would create, by the catalogue as it was read last, without creating it. Errors: as `create`. */
  wouldCreate(entity: Entity, request: Request): Outcome {
    const { idempotencyKey, principal } = request;
    const kept = idempotencyKey === null ? undefined : this.#deps.catalogLog.request(principal, idempotencyKey);
    if (kept === undefined) return { record: this.#draft(entity, request), repeated: false };
    refuseOther(kept, request);
    return { record: kept.record, repeated: true };
  }

  /** What a request would make of an entity, by the catalogue as it was read last, without changing it. Errors: as `change`. */
  wouldChange(
    entity: Entity,
    target: { readonly id: string; readonly revision: number | null },
    request: Request,
  ): CatalogRecord {
    return this.#changed(entity, target, request);
  }

  /** An entity that a key may see. Error: `NOT_FOUND`, the same for one that does not exist and for one of somebody else. */
  find(entity: Entity, id: string, scope: string | null): CatalogRecord {
    const value = this.#deps.catalogLog.catalog[entity.map].get(id);
    const record = value === undefined ? null : ({ name: entity.record, value } as CatalogRecord);
    if (record === null || !isVisible(record, scope)) {
      throw new AdtallyError('NOT_FOUND', `there is no ${entity.kind.replace('_', ' ')} ${id}`);
    }
    return record;
  }

  #oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#working.then(async () => {
      await this.#deps.catalogLog.refresh();
      return work();
    });
    this.#working = result.catch(() => undefined);
    return result;
  }

  /** What an earlier request with the same key was answered. Its budget may still be due, if the process ended in between. */
  async #repeated({ idempotencyKey, principal, hash }: Request): Promise<Outcome | null> {
    const kept = idempotencyKey === null ? undefined : this.#deps.catalogLog.request(principal, idempotencyKey);
    if (kept === undefined) return null;
    refuseOther(kept, { hash });
    await this.#deps.budgets.flush(this.#deps.catalogLog.catalog);
    return { record: kept.record, repeated: true };
  }

  async #create(entity: Entity, request: Request): Promise<Outcome> {
    const record = await this.#withCalendar(this.#draft(entity, request));
    if (await this.#publish(record)) return { record, repeated: false };
    const other = await this.#repeated(request);
    if (other === null) throw revisionConflict(entityFacts(record).id);
    return other;
  }

  /** The first revision of a new entity, judged. */
  #draft(entity: Entity, request: Request): CatalogRecord {
    const { catalog } = this.#deps.catalogLog;
    const above = this.#parent(entity, request);
    const fields = readCreation(entity, request.body);
    const id = { [entity.idField]: this.#newId(entity, request) };
    const calendar = entity.kind === 'advertiser' ? { calendar: 0 } : {};
    const draft = this.#record(entity, { ...id, ...above, ...fields, ...calendar }, request, 1);
    refuseArchived(catalog, draft);
    refuseFaults(catalogFaults(catalog, draft));
    return draft;
  }

  /** Only once everything else is right: a calendar, once made, stays. */
  async #withCalendar(draft: CatalogRecord): Promise<CatalogRecord> {
    if (draft.name !== 'AdvertiserPublished') return draft;
    const calendar = await this.#deps.calendarOf(draft.value.time_zone);
    return { name: draft.name, value: { ...draft.value, calendar } };
  }

  /** Ids of everything above a new entity. */
  #parent(entity: Entity, { body, scope }: Request): Record<string, unknown> {
    if (entity.parent === null) return {};
    const { kind, field } = entity.parent;
    const id = String(body[field]);
    try {
      const value = this.find(entityOf(kind), id, scope).value as unknown as Record<string, unknown>;
      return Object.fromEntries([[field, id], ...entity.inherited.map((name) => [name, value[name]])]) as Record<
        string,
        unknown
      >;
    } catch (cause) {
      throw new AdtallyError('NOT_FOUND', `there is no ${kind.replace('_', ' ')} ${id}`, { cause, path: field });
    }
  }

  /** With an idempotency key the id follows from it, so that two processes that take the same request make the same entity. */
  #newId({ kind }: Entity, { idempotencyKey, principal }: Request): string {
    if (idempotencyKey === null) return mintEntityId(kind, this.#deps.random.bytes(12));
    return mintEntityId(kind, createHash('sha256').update(`${kind}\n${principal}\n${idempotencyKey}`).digest());
  }

  #changed(
    entity: Entity,
    { id, revision }: { readonly id: string; readonly revision: number | null },
    request: Request,
  ): CatalogRecord {
    const { catalog } = this.#deps.catalogLog;
    const before = this.find(entity, id, request.scope);
    const { change } = before.value;
    if (revision !== null && revision !== change.revision) throw revisionConflict(id);
    refuseArchived(catalog, before);
    const merged = { ...before.value, ...readChange(entity, request.body) };
    const record = this.#record(entity, merged, request, change.revision + 1);
    // What was wrong before, because something else has changed since, must not keep anyone from pausing it.
    const known = new Set(catalogFaults(catalog, before).map(faultText));
    refuseFaults(catalogFaults(catalog, record).filter((fault) => !known.has(faultText(fault))));
    return record;
  }

  #record(
    entity: Entity,
    fields: Readonly<Record<string, unknown>>,
    request: Request,
    revision: number,
  ): CatalogRecord {
    const change: Change = {
      revision,
      changed_by: request.principal,
      changed_at: this.#deps.clock.now(),
      idempotency_key: request.idempotencyKey,
      request_hash: request.idempotencyKey === null ? null : request.hash,
      archived: request.body['archived'] === true,
    };
    return { name: entity.record, value: { ...fields, change } } as unknown as CatalogRecord;
  }

  async #publish(record: CatalogRecord): Promise<boolean> {
    const { catalogLog, budgets } = this.#deps;
    const held = await catalogLog.publish(record, entityFacts(record).id);
    await budgets.flush(catalogLog.catalog);
    return held;
  }
}

/** True if a key bound to an advertiser may see it. Publishers and placements belong to nobody; routes decide about them. */
export function isVisible({ value }: CatalogRecord, scope: string | null): boolean {
  return scope === null || !('advertiser_id' in value) || value.advertiser_id === scope;
}

function faultText({ path, detail }: Fault): string {
  return `${path} ${detail}`;
}

function refuseFaults(all: readonly Fault[]): void {
  const faults = all.slice(0, 20);
  const [first] = faults;
  if (first === undefined) return;
  throw new AdtallyError('VALIDATION_FAILED', faults.map(faultText).join('; '), { path: first.path, faults });
}

/** A key stands for one request for ever. */
function refuseOther(kept: KeptRequest, { hash }: Pick<Request, 'hash'>): void {
  if (kept.hash !== hash) {
    throw new AdtallyError('IDEMPOTENCY_CONFLICT', 'this Idempotency-Key was used for another request');
  }
}

function refuseArchived(catalog: Catalog, record: CatalogRecord): void {
  const fault = archivedFault(catalog, record);
  if (fault !== null) throw new AdtallyError('STATE_CONFLICT', `${entityFacts(record).id} can't be changed: ${fault}`);
}

function revisionConflict(id: string): AdtallyError {
  return new AdtallyError('REVISION_CONFLICT', `${id} was changed meanwhile: read it again and decide anew`);
}
