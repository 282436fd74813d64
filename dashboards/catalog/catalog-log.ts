import { applyCatalog, type Catalog, type CatalogRecord, emptyCatalog, entityFacts } from '../../domain/catalog.ts';
import { AdtallyError } from '../../domain/errors.ts';
import type { AnyRecord } from '../../domain/records.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { readableRecord } from '../readable.ts';

export interface CatalogLogDeps {
  readonly log: Pick<EventLog, 'read' | 'append'>;
  readonly registry: SchemaRegistry;
}

/** What an idempotency key stands for: the request that it came with, and the record that the request made. */
export interface KeptRequest {
  readonly hash: string;
  readonly record: CatalogRecord;
}

const readRecords = 1_000;

/**
 * The `catalog` topic as the console sees it: the catalogue and every idempotency key ever used, both folded from the records alone. Errors: those
 * of the log, `UNKNOWN_SCHEMA`.
 */
export class CatalogLog {
  readonly catalog: Catalog = emptyCatalog();
  readonly #deps: CatalogLogDeps;
  readonly #requests = new Map<string, KeptRequest>();
  readonly #onRecord: (record: CatalogRecord, offset: number) => void;
  /** Where each revision of an entity stands in the topic, the first one first. */
  readonly #offsets = new Map<string, number[]>();
  /** Offsets of records that did not hold: few, because every writer looks before it appends. */
  readonly #void = new Set<number>();
  #reading: Promise<unknown> = Promise.resolve();

  /** `onRecord` is called with every record that holds, in order. */
  constructor(deps: CatalogLogDeps, onRecord: (record: CatalogRecord, offset: number) => void) {
    this.#deps = deps;
    this.#onRecord = onRecord;
  }

  /** Reads to the present end. */
  refresh(): Promise<void> {
    const reading = this.#reading.then(() => this.#readAll());
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  /** The request that a key of a principal was first used for. */
  request(principal: string, key: string): KeptRequest | undefined {
    return this.#requests.get(requestKey(principal, key));
  }

  /** Revisions of an entity below `before`, newest first, as they were written. */
  async revisions(id: string, before: number, limit: number): Promise<CatalogRecord[]> {
    const offsets = this.#offsets.get(id) ?? [];
    const wanted = offsets.slice(Math.max(0, before - 1 - limit), Math.max(0, before - 1)).reverse();
    return Promise.all(wanted.map((offset) => this.#read(offset)));
  }

  async #read(offset: number): Promise<CatalogRecord> {
    const [found] = await this.#deps.log.read('catalog', 0, offset, 1);
    if (found?.offset !== offset) throw new AdtallyError('INVARIANT_BROKEN', `catalog/${offset} is gone`);
    return this.#deps.registry.decode(found.value) as CatalogRecord;
  }

  /** Appends a record and reads back to it. False if it is void because another one of the same revision was first. */
  async publish(record: CatalogRecord, id: string): Promise<boolean> {
    const value = this.#deps.registry.encode(record.name, record.value);
    const [offset = -1] = await this.#deps.log.append('catalog', [{ shard: 0, key: id, value }]);
    await this.refresh();
    return !this.#void.has(offset);
  }

  async #readAll(): Promise<void> {
    for (;;) {
      const records = await this.#deps.log.read('catalog', 0, this.catalog.nextOffset, readRecords);
      for (const { offset, value } of records) this.#take(readableRecord(this.#deps.registry, value), offset);
      if (records.length < readRecords) return;
    }
  }

  #take(record: AnyRecord | null, offset: number): void {
    if (record === null) {
      this.catalog.nextOffset = offset + 1;
      return;
    }
    if (!applyCatalog(this.catalog, record, offset)) {
      this.#void.add(offset);
      return;
    }
    const held = record as CatalogRecord;
    const { idempotency_key: key, request_hash: hash, changed_by: principal } = held.value.change;
    const { id } = entityFacts(held);
    const offsets = this.#offsets.get(id);
    if (offsets === undefined) this.#offsets.set(id, [offset]);
    else offsets.push(offset);
    if (key !== null && hash !== null) this.#requests.set(requestKey(principal, key), { hash, record: held });
    this.#onRecord(held, offset);
  }
}

function requestKey(principal: string, key: string): string {
  return `${principal}\n${key}`;
}
