import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeEventLogContract } from '../../ports/event-log.contract.ts';
import { asMember, asWriter, type LogMessage, type LogTask } from '../../test/processes/log-tasks.ts';
import { type RemoteProcess, startProcess } from '../../test/processes/remote-process.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { topicShards } from '../../test/topic-shards.ts';
import { createSimulatedClock } from '../simulated/clock.ts';
import { createSystemClock } from '../system/clock.ts';
import { type EmbeddedEventLog, openEmbeddedEventLog } from './event-log.ts';

const clock = createSystemClock();
const shards = topicShards(4);
const value = new Uint8Array(600);

describeEventLogContract('SQLite', async () => {
  const folder = makeTemporaryFolder();
  const options = { folder: folder.path, shards, groupTimes: { sessionMs: 2000, heartbeatMs: 300 } };
  const handles: EmbeddedEventLog[] = [];
  const processes: RemoteProcess<LogMessage>[] = [];
  const another = async () => {
    const handle = await openEmbeddedEventLog({ ...options, clock });
    handles.push(handle);
    return handle;
  };
  const start = (task: LogTask) => {
    const remote = startProcess<LogMessage>('embedded-log.ts', { log: options, task });
    processes.push(remote);
    return remote;
  };
  const engine = await another();
  return {
    engine,
    another,
    reopen: async () => {
      await engine.close();
      return another();
    },
    trim: async ({ topic, shard, first }) => engine.trim(topic, shard, first),
    startWriter: async ({ name, batch }) => asWriter(start({ kind: 'write', name, batch })),
    startMember: async (group) => {
      const member = start({ kind: 'join', group });
      await member.next();
      return asMember(member);
    },
    // A dead process of the same machine is noticed by its pid, long before its session ends.
    takeOverMs: 1500,
    close: async () => {
      await Promise.all(processes.map((remote) => remote.kill()));
      await Promise.all(handles.map((handle) => handle.close()));
      folder.remove();
    },
  };
});

describe('The embedded log', () => {
  let folder: ReturnType<typeof makeTemporaryFolder>;
  let log: EmbeddedEventLog;
  beforeEach(async () => {
    folder = makeTemporaryFolder();
    log = await openEmbeddedEventLog({ folder: folder.path, shards, clock });
  });
  afterEach(async () => {
    await log.close();
    folder.remove();
  });

  it('refuses to open with another number of shards', async () => {
    const changed = openEmbeddedEventLog({ folder: folder.path, shards: { ...shards, spend: 8 }, clock });
    await expect(changed).rejects.toMatchObject({ code: 'SHARDS_CHANGED', message: expect.stringContaining('spend') });
  });

  it('notices a hole that somebody cut into a shard', async () => {
    await log.append(
      'spend',
      [0, 1, 2].map((i) => ({ shard: 0, key: `k${i}`, value })),
    );
    const { DatabaseSync } = await import('node:sqlite');
    const file = new DatabaseSync(join(folder.path, 'spend.db'));
    file.exec('DELETE FROM records_0 WHERE "offset" = 1');
    file.close();
    await expect(log.read('spend', 0, 0, 10)).rejects.toMatchObject({ code: 'OFFSET_GONE' });
    await expect(log.read('spend', 0, 1, 10)).rejects.toMatchObject({ code: 'OFFSET_GONE' });
  });

  it('notices a tail that was cut: the reader is beyond the next offset', async () => {
    await log.append(
      'spend',
      [0, 1, 2].map((i) => ({ shard: 0, key: `k${i}`, value })),
    );
    const { DatabaseSync } = await import('node:sqlite');
    const file = new DatabaseSync(join(folder.path, 'spend.db'));
    file.exec('DELETE FROM records_0 WHERE "offset" >= 1');
    file.close();
    await expect(log.read('spend', 0, 3, 10)).rejects.toMatchObject({ code: 'OFFSET_GONE' });
  });

  it('appends and reads 5,000 records of 600 bytes at once, not one by one', async () => {
    const batch = Array.from({ length: 5000 }, (_, i) => ({ shard: i % 4, key: `k${i}`, value }));
    await log.append('spend', batch);
    const startedUs = clock.monotonicUs();
    await log.append('spend', batch);
    const appendedUs = clock.monotonicUs();
    for (let shard = 0; shard < 4; shard++) expect(await log.read('spend', shard, 1250, 5000)).toHaveLength(1250);
    // Measured: 10–30 ms each, on a disk of its own. One by one they would take a minute; the bound leaves room for a busy machine.
    expect(appendedUs - startedUs).toBeLessThan(5_000_000);
    expect(clock.monotonicUs() - appendedUs).toBeLessThan(5_000_000);
  });

  it('has no table of headers before a record is traced, so that its files are what they were before there was tracing', async () => {
    const { DatabaseSync } = await import('node:sqlite');
    const tables = () => {
      const file = new DatabaseSync(join(folder.path, 'spend.db'), { readOnly: true });
      const found = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
      file.close();
      return found.map((row) => row['name']);
    };
    const records = ['records_0', 'records_1', 'records_2', 'records_3', 'shards'];
    await log.append('spend', [{ shard: 0, key: 'a', value }]);
    await log.read('spend', 0, 0, 1);
    expect(tables()).toEqual(records);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03';
    await log.append('spend', [{ shard: 0, key: 'b', value, traceparent }]);
    expect(tables()).toEqual(['headers', ...records]);
  });

  it('forgets what is older than a topic keeps, and only that', async () => {
    const past = createSimulatedClock({ startMs: clock.now() });
    const options = {
      folder: join(folder.path, 'forgetful'),
      shards,
      clock: past,
      retentionMs: { persons: 86_400_000 },
    };
    const forgetful = await openEmbeddedEventLog(options);
    const append = (key: string) => forgetful.append('persons', [{ shard: 0, key, value }]);
    await append('old');
    await past.advance(80_000_000);
    await append('young');
    await past.advance(6_400_001);
    await append('new');
    expect((await forgetful.read('persons', 0, 1, 10)).map(({ key }) => key)).toEqual(['young', 'new']);
    expect(await forgetful.bounds('persons', 0)).toEqual({ first: 1, next: 3 });
    await forgetful.close();
  });

  it('ends the membership and raises the error when a callback rejects', async () => {
    const failures: unknown[] = [];
    const onGroupFailure = (error: unknown) => failures.push(error);
    const second = await openEmbeddedEventLog({ folder: folder.path, shards, clock, onGroupFailure });
    const idle = { topics: ['spend'], onRevoked: async () => {} } as const;
    const owner = await log.join('g', { ...idle, onAssigned: async () => {} });
    const late = new Error('no room');
    let calls = 0;
    const onAssigned = async (owned: readonly number[]) => {
      calls++;
      if (owned.length === 4) throw late;
    };
    const member = await second.join('g', { ...idle, onAssigned });
    await vi.waitFor(() => expect(member.owned()).toHaveLength(2), 30_000);
    await owner.leave();
    await vi.waitFor(() => expect(failures).toEqual([late]), 30_000);
    const before = calls;
    await clock.sleep(300);
    expect(calls).toBe(before);
    await second.close();
  });

  it('is unavailable once closed, and ends all waiting', async () => {
    const waiting = log.wait([{ topic: 'spend', shard: 0, offset: 0 }], 10_000);
    await log.close();
    expect(await waiting).toBe(false);
    await expect(log.read('spend', 0, 0, 1)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    await expect(log.append('spend', [{ shard: 0, key: '', value }])).rejects.toMatchObject({
      code: 'LOG_UNAVAILABLE',
    });
    await expect(log.committed('g', 'spend', 0)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  });

  it('says that it is unavailable when its folder cannot be made', async () => {
    rmSync(join(folder.path, 'file'), { force: true });
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(folder.path, 'file'), '');
    const opened = openEmbeddedEventLog({ folder: join(folder.path, 'file', 'log'), shards, clock });
    await expect(opened).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
