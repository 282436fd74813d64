import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { AdtallyError } from '../../domain/errors.ts';
import type { Topic } from '../../domain/records.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { checkWarehouse, isExact, type ShardCheck } from '../../streams/processors/warehouse-check.ts';
import { repairWarehouse } from '../../streams/processors/warehouse-repair.ts';
import { createWarehouseSink } from '../../streams/processors/warehouse-sink.ts';
import { emptyLog, openTestWarehouse, remake, rowsOf, sinkAll, sinkOf } from './reporting-platform.ts';
import { append } from './sample-log.ts';
import { scenario } from './sample-scenario.ts';

let warehouse: Warehouse;
let remove: () => Promise<void>;
let log: EventLog;
let registry: SchemaRegistry;
beforeAll(async () => {
  ({ warehouse, remove } = await openTestWarehouse());
});
afterAll(() => remove());
beforeEach(async () => {
  await remake(warehouse);
  ({ log, registry } = emptyLog());
  await append(log, registry, scenario());
});

const parts = () => ({ log, registry, warehouse });
const count = async (table: string): Promise<number> =>
  Number((await warehouse.query(`SELECT count() AS n FROM adtally.${table}`)).rows[0]?.['n']);
const inexact = (checks: readonly ShardCheck[]) => checks.filter((check) => !isExact(check));

/** The log, of which one shard is said to begin at `first`. */
function trimmed(topic: Topic, first: number): EventLog {
  const bounds: EventLog['bounds'] = async (asked, shard) => {
    const whole = await log.bounds(asked, shard);
    return asked === topic ? { ...whole, first: Math.min(first, whole.next) } : whole;
  };
  return {
    ...log,
    bounds,
    read: async (asked, shard, from, max) => {
      if (from < (await bounds(asked, shard)).first) throw new AdtallyError('OFFSET_GONE', `${asked}/${shard}/${from}`);
      return log.read(asked, shard, from, max);
    },
  };
}

describe('The sink', () => {
  test('has one row for each record of the log, and goes on where it was', async () => {
    await sinkAll(parts());
    expect(await count('sunk')).toBe(scenario().length);
    await append(log, registry, scenario());
    await sinkAll(parts());
    expect(await count('sunk')).toBe(2 * scenario().length);
    const sink = sinkOf(parts());
    expect(inexact(await sink.verify())).toEqual([]);
  });

  test('sinks what arrives while it runs, and knows how far it is behind', async () => {
    const clock = createSystemClock();
    const sink = createWarehouseSink({ ...parts(), clock, onFailure: () => {} });
    expect(await sink.lag()).toEqual([]);
    await sink.start();
    await sink.catchUp();
    await append(log, registry, scenario());
    const behind = await sink.lag();
    expect(behind.find(({ topic }) => topic === 'selected')).toMatchObject({ offsets: 24 });
    const startedMs = clock.now();
    await sink.catchUp();
    expect(clock.now() - startedMs).toBeLessThan(30_000);
    expect((await sink.lag()).every(({ offsets, ms }) => offsets === 0 && ms === 0)).toBe(true);
    await sink.stop();
  });

  test('shows whole batches to whoever asks for quiet', async () => {
    const sink = sinkOf(parts());
    await sink.start();
    await sink.catchUp();
    const counts = await sink.quietly(async () => {
      const before = await count('sunk');
      await append(log, registry, scenario());
      await new Promise((resolve) => setTimeout(resolve, 100));
      return [before, await count('sunk')];
    });
    expect(counts).toEqual([scenario().length, scenario().length]);
    await sink.catchUp();
    expect(await count('sunk')).toBe(2 * scenario().length);
    await sink.stop();
  });

  test('puts what can not be decoded aside, and its counts still agree with the log', async () => {
    const whole = registry.encode('TimeAdvanced', { advanced_to: 5, ticker: 't' });
    const unknown = Uint8Array.from(whole);
    unknown[2] = 0x7f;
    const bad = [
      ['corrupt', Uint8Array.of(9, 9, 9), 'UNREADABLE_RECORD'],
      ['truncated', whole.subarray(0, 6), 'UNREADABLE_RECORD'],
      ['empty', new Uint8Array(0), 'UNREADABLE_RECORD'],
      ['unknown schema', unknown, 'UNKNOWN_SCHEMA'],
    ] as const;
    await log.append(
      'spend',
      bad.map(([key, value]) => ({ shard: 1, key, value })),
    );
    await log.append('click', [{ shard: 2, key: 'misplaced', value: whole }]);
    await sinkAll(parts());
    const { rows } = await warehouse.query(
      'SELECT topic, shard, code, byte_length FROM adtally.unreadable ORDER BY topic, offset',
    );
    expect(rows).toEqual([
      { topic: 'click', shard: 2, code: 'UNREADABLE_RECORD', byte_length: String(whole.length) },
      ...bad.map(([, value, code]) => ({ topic: 'spend', shard: 1, code, byte_length: String(value.length) })),
    ]);
    expect(inexact(await sinkOf(parts()).verify())).toEqual([]);
  });

  test('decodes a record of an unknown schema once the schema is known', async () => {
    const known: SchemaRegistry = {
      ...registry,
      decode: (bytes) => {
        const record = registry.decode(bytes);
        if (record.name === 'AdClicked') throw new AdtallyError('UNKNOWN_SCHEMA', 'not yet');
        return record;
      },
    };
    await sinkAll({ ...parts(), registry: known });
    expect([await count('ad_clicked'), await count('unreadable')]).toEqual([0, 3]);
    const sink = sinkOf(parts());
    expect(await sink.start()).toMatchObject({ decoded: 3 });
    await sink.stop();
    expect([await count('ad_clicked'), await count('unreadable')]).toEqual([3, 0]);
    expect(inexact(await sink.verify())).toEqual([]);
  });

  test('keeps nothing of a person but the random key', async () => {
    const person = { person_hash: 'abcdef0123456789', segments: ['secret'], seen_at: 1_800_000_000_000 };
    await log.append('persons', [{ shard: 0, key: person.person_hash, value: registry.encode('PersonSeen', person) }]);
    await sinkAll(parts());
    const { rows } = await warehouse.query('SELECT * FROM adtally.person_seen');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toMatch(/abcdef|secret/);
  });

  test('repeats an insert whose outcome is unknown, and no number counts it twice', async () => {
    await sinkAll(parts());
    const expected = await rowsOf(warehouse, 'delivery');
    await remake(warehouse);
    let failures = 3;
    const shaky: Warehouse = {
      ...bound(warehouse),
      insert: async (table, columns, rows) => {
        await warehouse.insert(table, columns, rows);
        if (failures-- > 0) throw new AdtallyError('WAREHOUSE_UNAVAILABLE', 'the answer was lost');
      },
    };
    await sinkAll({ ...parts(), warehouse: shaky });
    expect(await rowsOf(warehouse, 'delivery')).toEqual(expected);
    const sink = sinkOf(parts());
    const copies = inexact(await sink.verify());
    expect(copies.length).toBeGreaterThan(0);
    expect(copies.every(({ missing, beyond }) => missing === 0 && beyond === 0)).toBe(true);
    await sink.repair();
    expect(inexact(await sink.verify())).toEqual([]);
  });

  test('stops and says so on what can not pass', async () => {
    let failure: unknown;
    const broken: Warehouse = {
      ...bound(warehouse),
      insert: () => Promise.reject(new AdtallyError('WAREHOUSE_QUERY', 'no such column')),
    };
    const sink = createWarehouseSink({
      ...parts(),
      warehouse: broken,
      clock: createSystemClock(),
      gatherMs: 1,
      onFailure: (error) => {
        failure = error;
      },
    });
    await sink.start();
    await expect(sink.catchUp()).rejects.toMatchObject({ code: 'WAREHOUSE_QUERY' });
    expect(failure).toMatchObject({ code: 'WAREHOUSE_QUERY' });
    await sink.stop();
  });
});

describe('The check finds and the repair mends', () => {
  let delivered: unknown;
  beforeEach(async () => {
    await sinkAll(parts());
    delivered = await rowsOf(warehouse, 'delivery');
  });

  const harms: readonly (readonly [string, string, Partial<ShardCheck>])[] = [
    [
      'one lost row',
      'DELETE FROM adtally.ad_selected WHERE shard = 1 AND offset = 2',
      { topic: 'selected', shard: 1, missing: 1 },
    ],
    [
      'a lost beginning',
      'DELETE FROM adtally.entry_booked WHERE shard = 0 AND offset < 3',
      { topic: 'journal', shard: 0, missing: 3 },
    ],
    [
      'a copied row',
      'INSERT INTO adtally.spend_incurred SELECT * FROM adtally.spend_incurred WHERE shard = 2',
      { topic: 'spend', shard: 2, missing: 0 },
    ],
  ];
  test.each(harms)('%s', async (_, harm, found) => {
    await warehouse.command(harm);
    const sink = sinkOf(parts());
    expect(inexact(await sink.verify())).toEqual([expect.objectContaining(found)]);
    await sink.repair();
    expect(inexact(await sink.verify())).toEqual([]);
    expect(await rowsOf(warehouse, 'delivery')).toEqual(delivered);
  });

  test('a lost end, by going on from there', async () => {
    await warehouse.command('DELETE FROM adtally.ad_selected WHERE shard = 3');
    await warehouse.command('DELETE FROM adtally.markup_returned WHERE shard = 3');
    await sinkAll(parts());
    expect(await rowsOf(warehouse, 'delivery')).toEqual(delivered);
  });

  test('a lost end under a sink that is running', async () => {
    const sink = sinkOf(parts());
    await sink.start();
    await warehouse.command('TRUNCATE TABLE adtally.ad_clicked');
    expect(inexact(await sink.verify()).map(({ topic, missing }) => [topic, missing])).toEqual([
      ['click', 2],
      ['click', 1],
    ]);
    expect(await sink.repair()).toMatchObject({ refilled: 3 });
    expect(await rowsOf(warehouse, 'delivery')).toEqual(delivered);
    await sink.stop();
  });

  test('a gap, though rows from beyond arrive between the check and the repair', async () => {
    const late = 'CREATE TABLE adtally.late ENGINE = Memory AS SELECT * FROM adtally.entry_booked WHERE shard = 0';
    await warehouse.command(late);
    await warehouse.command('DELETE FROM adtally.entry_booked WHERE shard = 0 AND (offset = 2 OR offset > 3)');
    const sunk = () => 0;
    const found = await checkWarehouse({ ...parts(), firstKept: async (_, { first }) => first }, sunk);
    expect(inexact(found)).toEqual([expect.objectContaining({ topic: 'journal', shard: 0, missing: 1, next: 4 })]);
    await warehouse.command('INSERT INTO adtally.entry_booked SELECT * FROM adtally.late WHERE offset > 3');
    await warehouse.command('DROP TABLE adtally.late');
    expect(await repairWarehouse(parts(), found)).toMatchObject({ refilled: 1 });
    expect(await rowsOf(warehouse, 'delivery')).toEqual(delivered);
  });

  test('a whole table', async () => {
    await warehouse.command('TRUNCATE TABLE adtally.entry_booked');
    await sinkAll(parts());
    expect(await rowsOf(warehouse, 'delivery')).toEqual(delivered);
  });

  test('but not a row that the log does not have: log and warehouse do not belong together', async () => {
    await warehouse.command(
      'INSERT INTO adtally.ad_selected SELECT * REPLACE (99 AS offset) FROM adtally.ad_selected WHERE shard = 0 LIMIT 1',
    );
    const sink = sinkOf(parts());
    expect(inexact(await sink.verify())).toEqual([
      expect.objectContaining({ topic: 'selected', shard: 0, beyond: 94 }),
    ]);
    await expect(sink.start()).rejects.toMatchObject({ code: 'OFFSET_GONE' });
  });

  test('but not records that the log has forgotten before they were sunk', async () => {
    await remake(warehouse);
    const sink = sinkOf({ ...parts(), log: trimmed('spend', 2) });
    await expect(sink.start()).rejects.toMatchObject({ code: 'OFFSET_GONE' });
  });

  test('and leaves what the log forgot after it was sunk, and what persons forget', async () => {
    const person = { person_hash: 'a', segments: [], seen_at: 1_800_000_000_000 };
    const seen = { shard: 0, key: 'a', value: registry.encode('PersonSeen', person) };
    await log.append('persons', [seen, seen, seen]);
    await sinkAll({ ...parts(), log: trimmed('spend', 2) });
    await sinkAll({ ...parts(), log: trimmed('persons', 2) });
    expect(await count('person_seen')).toBe(3);
    await remake(warehouse);
    await sinkAll({ ...parts(), log: trimmed('persons', 2) });
    expect(await count('person_seen')).toBe(1);
  });
});

/** The methods of an object with private state, to be spread. */
function bound(engine: Warehouse): Warehouse {
  return {
    command: (sql) => engine.command(sql),
    insert: (table, columns, rows, name) => engine.insert(table, columns, rows, name),
    query: (sql, parameters) => engine.query(sql, parameters),
    syntaxTree: (sql) => engine.syntaxTree(sql),
    queryAsAnalyst: (sql, limits) => engine.queryAsAnalyst(sql, limits),
    close: () => engine.close(),
  };
}
