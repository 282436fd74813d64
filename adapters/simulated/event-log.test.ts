import { describe, expect, it } from 'vitest';
import { type Acknowledged, describeEventLogContract, type RemoteWriter } from '../../ports/event-log.contract.ts';
import type { RemoteMember } from '../../ports/event-log-groups.contract.ts';
import { topicShards } from '../../test/topic-shards.ts';
import { createSystemClock } from '../system/clock.ts';
import { createSimulatedClock } from './clock.ts';
import { createSimulatedLog, type SimulatedLogHandle } from './event-log.ts';
import { createStandstillClock } from './standstill-clock.ts';

const shards = topicShards(4);
const value = new Uint8Array(3);
const systemClock = createSystemClock();

describeEventLogContract('memory', async () => {
  const log = createSimulatedLog({ shards });
  const handles: SimulatedLogHandle[] = [];
  const openHandle = (clock = systemClock) => {
    const groupTimes = { stepMs: 5, heartbeatMs: 50, sessionMs: 300, revokeMs: 3000 };
    const handle = log.open({ clock, name: `process${handles.length}`, groupTimes });
    handles.push(handle);
    return handle;
  };
  const engine = openHandle();
  return {
    engine,
    another: async () => openHandle(),
    reopen: async () => {
      await engine.close();
      return openHandle();
    },
    trim: async ({ topic, shard, first }) => log.trim(topic, shard, first),
    startWriter: async (task) => startWriter(openHandle(), task),
    startMember: (group) => startMember(openHandle, group),
    takeOverMs: 2000,
    close: async () => {
      await Promise.all(handles.map((handle) => handle.close()));
    },
  };
});

/** The play of a writing process: it stops at its next step after it was killed, whatever became of that append. */
function startWriter(handle: SimulatedLogHandle, { name, batch }: { name: string; batch: number }): RemoteWriter {
  const acknowledged: Acknowledged[] = [];
  let killed = false;
  const write = async () => {
    for (let written = 0; !killed; written += batch) {
      const records = Array.from({ length: batch }, (_, i) => ({ shard: i % 4, key: `${name}${written + i}`, value }));
      const offsets = await handle.append('spend', records);
      for (const [i, { shard, key }] of records.entries())
        acknowledged.push({ shard, key, offset: offsets[i] ?? Number.NaN });
      await systemClock.sleep(1);
    }
  };
  const writing = write();
  return {
    acknowledged: () => [...acknowledged],
    kill: async () => {
      killed = true;
      await writing;
      handle.crash();
    },
  };
}

async function startMember(
  open: (clock: ReturnType<typeof createStandstillClock>) => SimulatedLogHandle,
  group: string,
) {
  const clock = createStandstillClock(systemClock);
  const handle = open(clock);
  const assigned: (readonly number[])[] = [];
  const revoked: number[] = [];
  await handle.join(group, {
    topics: ['spend'],
    onAssigned: async (owned) => void assigned.push(owned),
    onRevoked: async (lost) => void revoked.push(...lost),
  });
  return {
    owned: () => assigned.at(-1) ?? [],
    revoked: () => revoked,
    pause: () => clock.pause(),
    resume: () => clock.resume(),
    kill: async () => handle.crash(),
  } satisfies RemoteMember;
}

describe('The simulated log', () => {
  const record = (key: string) => ({ shard: 0, key, value });
  const open = () => {
    const log = createSimulatedLog({ shards });
    return { log, handle: log.open({ clock: createSimulatedClock(), name: 'p' }) };
  };

  it('rejects everything during an outage, and holds what it held after it', async () => {
    const { log, handle } = open();
    await handle.append('spend', [record('a')]);
    log.setAvailable(false);
    const unavailable = { code: 'LOG_UNAVAILABLE', retriable: true };
    await expect(handle.append('spend', [record('b')])).rejects.toMatchObject(unavailable);
    await expect(handle.read('spend', 0, 0, 1)).rejects.toMatchObject(unavailable);
    await expect(handle.committed('g', 'spend', 0)).rejects.toMatchObject(unavailable);
    log.setAvailable(true);
    expect(await handle.bounds('spend', 0)).toEqual({ first: 0, next: 1 });
  });

  it.each([0, 1, 2])('can write the first %d records of a batch and then reject it', async (written) => {
    const { log, handle } = open();
    log.failNextAppend(written);
    await expect(handle.append('spend', [record('a'), record('b')])).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect((await handle.read('spend', 0, 0, 10)).map(({ key }) => key)).toEqual(['a', 'b'].slice(0, written));
    expect(await handle.append('spend', [record('a'), record('b')])).toEqual([written, written + 1]);
  });

  it('waits in the time of its process', async () => {
    const log = createSimulatedLog({ shards });
    const clock = createSimulatedClock();
    const handle = log.open({ clock, name: 'p' });
    let answer: boolean | undefined;
    const waiting = handle.wait([{ topic: 'spend', shard: 0, offset: 0 }], 60_000).then((found) => {
      answer = found;
    });
    await clock.advance(59_999);
    expect(answer).toBe(undefined);
    await clock.advance(1);
    await waiting;
    expect(answer).toBe(false);
  });

  it('takes a crashed process for dead after a session of virtual time, and no sooner', async () => {
    const log = createSimulatedLog({ shards });
    const clock = createSimulatedClock();
    const groupTimes = { stepMs: 100, heartbeatMs: 1000, sessionMs: 4000, revokeMs: 5000 };
    const callbacks = { topics: ['spend'], onAssigned: async () => {}, onRevoked: async () => {} } as const;
    const dying = log.open({ clock, name: 'dying', groupTimes });
    const living = log.open({ clock, name: 'living', groupTimes });
    await dying.join('g', callbacks);
    const membership = await living.join('g', callbacks);
    await clock.advance(1500);
    expect(membership.owned()).toHaveLength(2);
    dying.crash();
    await clock.advance(3400);
    expect(membership.owned()).toHaveLength(2);
    await clock.advance(400);
    expect(membership.owned()).toEqual([0, 1, 2, 3]);
    await living.close();
  });

  it('is unavailable once its process has crashed', async () => {
    const { handle } = open();
    handle.crash();
    await expect(handle.append('spend', [record('a')])).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  });
});
