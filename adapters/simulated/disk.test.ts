import { describe, expect, it } from 'vitest';
import { describeDiskContract } from '../../ports/disk.contract.ts';
import { createSimulatedDisk, type SimulatedDisk } from './disk.ts';
import { createSeededRandom } from './random.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

describeDiskContract('memory', async () => {
  const disk = createSimulatedDisk({ random: createSeededRandom('contract') });
  await disk.makeFolder('/data/disk');
  return {
    engine: disk,
    folder: '/data/disk',
    crash: async () => {
      disk.crash();
      return disk;
    },
    close: async () => {},
  };
});

describe('The simulated disk', () => {
  const manyDisks = async (
    prepare: (disk: SimulatedDisk) => Promise<void>,
    look: (disk: SimulatedDisk) => Promise<string>,
  ) => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const disk = createSimulatedDisk({ random: createSeededRandom(seed) });
      await disk.makeFolder('/d');
      await prepare(disk);
      seen.add(await look(disk));
    }
    return [...seen].toSorted();
  };
  const contentOrGone = async (disk: SimulatedDisk) =>
    (await disk.list('/d')).includes('f') ? [...(await disk.read('/d/f'))].join('') : 'gone';

  it('forgets, at a crash, any part of what was not synced, and never what was', async () => {
    const prepare = async (disk: SimulatedDisk) => {
      const file = await disk.openAppend('/d/f');
      await disk.syncFolder('/d');
      await file.append(bytes(1, 2));
      await file.sync();
      await file.append(bytes(3));
      await file.append(bytes(4, 5));
      disk.crash();
    };
    expect(await manyDisks(prepare, contentOrGone)).toEqual(['12', '123', '1234', '12345']);
  });

  it('may forget, at a crash, a name whose folder was not synced, synced content or not', async () => {
    const prepare = async (disk: SimulatedDisk) => {
      const file = await disk.openAppend('/d/f');
      await file.append(bytes(1));
      await file.sync();
      disk.crash();
    };
    expect(await manyDisks(prepare, contentOrGone)).toEqual(['1', 'gone']);
  });

  it('may bring back, at a crash, a removed file whose folder was not synced', async () => {
    const prepare = async (disk: SimulatedDisk) => {
      await disk.replace('/d/f', bytes(1));
      await disk.remove('/d/f');
      disk.crash();
    };
    expect(await manyDisks(prepare, contentOrGone)).toEqual(['1', 'gone']);
  });

  it('shows, after a crash in the middle of a replacement, the old or the new content', async () => {
    const prepare = async (disk: SimulatedDisk) => {
      await disk.replace('/d/f', bytes(1));
      disk.crashWithin(1);
      await expect(disk.replace('/d/f', bytes(2))).rejects.toThrow('machine is down');
      disk.restart();
    };
    expect(await manyDisks(prepare, contentOrGone)).toEqual(['1', '2']);
  });

  it('tears the write in which the machine crashes', async () => {
    const prepare = async (disk: SimulatedDisk) => {
      const file = await disk.openAppend('/d/f');
      await disk.syncFolder('/d');
      disk.crashWithin(2);
      await file.append(bytes(1));
      await expect(file.append(bytes(2, 3))).rejects.toThrow('machine is down');
      await expect(disk.read('/d/f')).rejects.toThrow('machine is down');
      disk.restart();
    };
    expect(await manyDisks(prepare, contentOrGone)).toEqual(['', '1', '12', '123']);
  });

  it('does not sync in the operation in which the machine crashes', async () => {
    const prepare = async (disk: SimulatedDisk) => {
      const file = await disk.openAppend('/d/f');
      await disk.syncFolder('/d');
      await file.append(bytes(1));
      disk.crashWithin(1);
      await expect(file.sync()).rejects.toThrow('machine is down');
      disk.restart();
    };
    expect(await manyDisks(prepare, contentOrGone)).toEqual(['', '1']);
  });

  it('knows files no more that were open before the crash', async () => {
    const disk = createSimulatedDisk({ random: createSeededRandom(1) });
    await disk.makeFolder('/d');
    const file = await disk.openAppend('/d/f');
    disk.crash();
    await expect(file.append(bytes(1))).rejects.toThrow('EBADF');
    await expect(file.sync()).rejects.toThrow('EBADF');
  });

  it('loses the unsynced bytes when a sync fails, whatever syncs succeed later', async () => {
    const disk = createSimulatedDisk({ random: createSeededRandom(1) });
    await disk.makeFolder('/d');
    const file = await disk.openAppend('/d/f');
    await file.append(bytes(1));
    await file.sync();
    await file.append(bytes(2));
    disk.failNextSync();
    await expect(file.sync()).rejects.toMatchObject({ code: 'DISK_SYNC_FAILED' });
    await file.sync();
    expect([...(await disk.read('/d/f'))]).toEqual([1]);
  });

  it('can flip a bit', async () => {
    const disk = createSimulatedDisk({ random: createSeededRandom(1) });
    await disk.makeFolder('/d');
    await disk.replace('/d/f', bytes(4, 4));
    disk.flipBit('/d/f', 1);
    expect([...(await disk.read('/d/f'))]).toEqual([4, 5]);
    expect(() => disk.flipBit('/d/f', 2)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });
});
