import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import type { AnyRecord, EntriesBooked, Entry, RecordName, RecordTypes, Topic } from '../domain/records.ts';
import { batchEventId } from '../ledger/batch.ts';
import { EntryChain } from '../ledger/chain.ts';

const registry = openFileSchemaRegistry();
/** For the first record of a shard: after everything of the script. */
const lateEnough = Date.UTC(2026, 10, 2);

/** A data directory on which somebody lays hands: by SQL, past everything that guards it. */
export class Tampering {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Places and values of the records of a name in a shard. */
  records<N extends RecordName>(topic: Topic, shard: number, name: N): { offset: number; value: RecordTypes[N] }[] {
    return this.#log(topic, (db) =>
      db
        .prepare(`SELECT "offset" AS at, value FROM records_${shard} ORDER BY "offset"`)
        .all()
        .flatMap((row) => {
          const record = registry.decode(row['value'] as Uint8Array);
          return record.name === name ? [{ offset: Number(row['at']), value: record.value as RecordTypes[N] }] : [];
        }),
    );
  }

  /** The one record of a name that a test holds of. */
  record<N extends RecordName>(topic: Topic, shard: number, name: N, holds: (value: RecordTypes[N]) => boolean) {
    const [found] = this.records(topic, shard, name).filter(({ value }) => holds(value));
    if (found === undefined) throw new Error(`no such ${name} in ${topic}/${shard}`);
    return found;
  }

  replaceRecord(topic: Topic, shard: number, offset: number, { name, value }: AnyRecord): void {
    const bytes = registry.encode(name, value as never);
    this.#log(topic, (db) => db.prepare(`UPDATE records_${shard} SET value = ? WHERE "offset" = ?`).run(bytes, offset));
  }

  appendRecord(topic: Topic, shard: number, key: string, { name, value }: AnyRecord): number {
    const bytes = registry.encode(name, value as never);
    return this.#log(topic, (db) => {
      const sql = `INSERT INTO records_${shard} SELECT coalesce(max("offset") + 1, 0), ?, ?, coalesce(max(appended_at), ${lateEnough}) FROM records_${shard} RETURNING "offset" AS at`;
      return Number(db.prepare(sql).get(key, bytes)?.['at']);
    });
  }

  /** Cuts the bytes of a record short. */
  corruptRecord(topic: Topic, shard: number, offset: number): void {
    const sql = `UPDATE records_${shard} SET value = substr(value, 1, 40) WHERE "offset" = ?`;
    this.#log(topic, (db) => db.prepare(sql).run(offset));
  }

  loseRecord(topic: Topic, shard: number, offset: number): void {
    this.#log(topic, (db) => db.prepare(`DELETE FROM records_${shard} WHERE "offset" = ?`).run(offset));
  }

  /** Cuts everything from an offset on. */
  cutTail(topic: Topic, shard: number, offset: number): void {
    this.#log(topic, (db) => db.prepare(`DELETE FROM records_${shard} WHERE "offset" >= ?`).run(offset));
  }

  /** All entries of a stream. */
  entries(stream: string): Entry[] {
    return this.#batches(stream).flatMap(({ batch }) => batch.entries);
  }

  /** Changes the entries of a stream as a clumsy hand does: the hashes stay what they were. */
  changeEntries(stream: string, change: (entry: Entry) => Entry | null): void {
    for (const { revision, batch } of this.#batches(stream)) {
      const entries = batch.entries.flatMap((entry) => change(entry) ?? []);
      if (entries.some((entry, index) => entry !== batch.entries[index]) || entries.length < batch.entries.length)
        this.#writeEvent(stream, revision, { data: registry.encode('EntriesBooked', { ...batch, entries }) });
    }
  }

  /** Changes the entries of a stream as one does who knows the form: every hash, count and id after it fits. */
  forgeEntries(stream: string, change: (entry: Entry) => Entry | readonly Entry[] | null): void {
    const chain = new EntryChain(stream);
    let count = 0;
    for (const { revision, batch } of this.#batches(stream)) {
      const entries = batch.entries.flatMap((entry) => {
        const kept = [change(entry) ?? []].flat();
        return kept.map((one) => ({ ...one, chain_hash: Uint8Array.from(chain.link(one)) }));
      });
      count += entries.length;
      const forged = { ...batch, entries, entry_count: count, chain_head: chain.head };
      const data = registry.encode('EntriesBooked', forged);
      this.#writeEvent(stream, revision, { data, id: batchEventId(stream, forged, data) });
    }
  }

  /** Turns the first byte of a text in the stream's bytes into another; returns the revision. */
  flipByte(stream: string, text: string): number {
    const sql = `SELECT revision, data FROM events WHERE stream = (SELECT number FROM streams WHERE name = ?) AND instr(data, CAST(? AS BLOB)) > 0 ORDER BY revision LIMIT 1`;
    const [revision, data] = this.#ledger((db) => {
      const row = db.prepare(sql).get(stream, text);
      return [Number(row?.['revision']), Buffer.from(row?.['data'] as Uint8Array)] as const;
    });
    const at = data.indexOf(text);
    data[at] = (data[at] as number) ^ 1;
    this.#writeEvent(stream, revision, { data });
    return revision;
  }

  /** Takes away the last events of a stream, down to the first that has entries. Returns those entries. */
  cutStream(stream: string): readonly Entry[] {
    const batches = this.#batches(stream);
    const last = batches.findLastIndex(({ batch }) => batch.entries.length > 0);
    const sql = 'DELETE FROM events WHERE stream = (SELECT number FROM streams WHERE name = ?) AND revision >= ?';
    this.#ledger((db) => db.prepare(sql).run(stream, batches[last]?.revision ?? 0));
    return batches[last]?.batch.entries ?? [];
  }

  warehouse(...statements: readonly string[]): void {
    const script = resolve(import.meta.dirname, 'processes/warehouse-statement.ts');
    execFileSync(process.execPath, [script, join(this.#folder, 'warehouse'), ...statements]);
  }

  #batches(stream: string): { revision: number; batch: EntriesBooked }[] {
    const sql =
      'SELECT revision, data FROM events WHERE stream = (SELECT number FROM streams WHERE name = ?) ORDER BY revision';
    return this.#ledger((db) => db.prepare(sql).all(stream)).map((row) => {
      const record = registry.decode(row['data'] as Uint8Array);
      if (record.name !== 'EntriesBooked') throw new Error(`a ${record.name} in ${stream}`);
      return { revision: Number(row['revision']), batch: record.value };
    });
  }

  #writeEvent(
    stream: string,
    revision: number,
    { data, id }: { readonly data: Uint8Array; readonly id?: string },
  ): void {
    const where = 'WHERE stream = (SELECT number FROM streams WHERE name = ?) AND revision = ?';
    this.#ledger((db) => {
      db.prepare(`UPDATE events SET data = ? ${where}`).run(data, stream, revision);
      if (id !== undefined) db.prepare(`UPDATE events SET id = ? ${where}`).run(id, stream, revision);
    });
  }

  #log<T>(topic: Topic, work: (db: DatabaseSync) => T): T {
    return withDatabase(join(this.#folder, 'log', `${topic}.db`), work);
  }

  #ledger<T>(work: (db: DatabaseSync) => T): T {
    return withDatabase(join(this.#folder, 'ledger', 'ledger.db'), work);
  }
}

function withDatabase<T>(path: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path);
  try {
    return work(db);
  } finally {
    db.close();
  }
}
