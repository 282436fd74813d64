import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { createSimulatedClock } from '../simulated/clock.ts';
import { createSystemClock } from '../system/clock.ts';
import { Sqlite } from './sqlite.ts';

const systemClock = createSystemClock();

describe('A database file', () => {
  let folder: ReturnType<typeof makeTemporaryFolder>;
  let path: string;
  const opened: (Sqlite | DatabaseSync)[] = [];
  const open = async (options: { durability?: 'power_loss' | 'process_kill'; clock?: typeof systemClock } = {}) => {
    const { durability = 'power_loss', clock = systemClock } = options;
    const schema = 'CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)';
    const db = await Sqlite.open({ path, clock, durability, schema, unavailable: 'LOG_UNAVAILABLE' });
    opened.push(db);
    return db;
  };
  /** Another process's connection, which takes the lock. */
  const lock = () => {
    const other = new DatabaseSync(path);
    opened.push(other);
    other.exec('BEGIN IMMEDIATE');
    return other;
  };
  const insert = (db: Sqlite, n: number) => db.write(() => db.prepare('INSERT INTO t VALUES (?)').run(n));
  const numbers = (db: Sqlite) => db.read(() => db.prepare('SELECT n FROM t ORDER BY n').all().flat());
  beforeEach(() => {
    folder = makeTemporaryFolder();
    path = join(folder.path, 'deep', 'down', 'file.db');
  });
  afterEach(() => {
    for (const db of opened.splice(0)) if (!(db instanceof DatabaseSync) || db.isOpen) db.close();
    folder.remove();
  });

  it.each([
    ['power_loss', 2],
    ['process_kill', 1],
  ] as const)('is synced as its durability demands: %s', async (durability, level) => {
    const exec = vi.spyOn(DatabaseSync.prototype, 'exec');
    await open({ durability });
    const connection = exec.mock.contexts.at(-1) as unknown as DatabaseSync;
    exec.mockRestore();
    expect(connection.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: level });
    expect(connection.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  });

  it('keeps nothing of a transaction that throws', async () => {
    const db = await open();
    const failed = db.write(() => {
      db.prepare('INSERT INTO t VALUES (1)').run();
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    await insert(db, 2);
    expect(await numbers(db)).toEqual([2]);
  });

  it('waits for the lock of another process without holding up its own', async () => {
    const db = await open();
    const other = lock();
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 5);
    const inserted = insert(db, 1);
    await systemClock.sleep(150);
    await expect.poll(() => ticks).toBeGreaterThan(5);
    expect(await numbers(db)).toEqual([]);
    other.exec('COMMIT');
    await inserted;
    clearInterval(ticking);
    expect(await numbers(db)).toEqual([1]);
  });

  it('gives up after ten seconds', async () => {
    const clock = createSimulatedClock();
    const db = await open({ clock });
    lock();
    let ended = false;
    const outcome = Promise.allSettled([insert(db, 1)]).finally(() => {
      ended = true;
    });
    await clock.advance(9_000);
    expect(ended).toBe(false);
    await clock.advance(2_000);
    expect(await outcome).toMatchObject([{ reason: { code: 'LOG_UNAVAILABLE', message: 'database is locked' } }]);
  }, 240_000);

  it('can be created by several processes at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => open()));
    await Promise.all(all.map((db, n) => insert(db, n)));
    expect(await numbers(all[0] as Sqlite)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('raises a mistake of ours as it is, not as an outage that passes', async () => {
    const db = await open();
    await insert(db, 1);
    await expect(insert(db, 1)).rejects.toMatchObject({
      code: 'ERR_SQLITE_ERROR',
      message: expect.stringContaining('UNIQUE'),
    });
  });
});
