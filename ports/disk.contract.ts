import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Disk } from './disk.ts';

export interface DiskHarness {
  readonly engine: Disk;
  /** A folder that exists; its parent is not the root. */
  readonly folder: string;
  /** The worst crash that the engine can stage; then the disk as the next boot sees it. */
  crash(): Promise<Disk>;
  close(): Promise<void>;
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const missing = { code: 'NOT_FOUND' };

/** The promises of the Disk port, for one engine. */
export function describeDiskContract(name: string, open: () => Promise<DiskHarness>): void {
  describe(`Disk on ${name}`, () => {
    let harness: DiskHarness;
    let disk: Disk;
    let folder: string;
    beforeEach(async () => {
      harness = await open();
      disk = harness.engine;
      folder = harness.folder;
    });
    afterEach(() => harness.close());

    const content = async (path: string) => [...(await disk.read(path))];
    const listed = async (path: string) => (await disk.list(path)).toSorted();

    describeFolders();
    describeAppending();
    describeWholeFiles();
    describeCrashes();

    function describeFolders(): void {
      it('makes a folder with its parents, and again without harm', async () => {
        await disk.makeFolder(`${folder}/a/b`);
        await disk.makeFolder(`${folder}/a/b`);
        expect(await disk.list(`${folder}/a/b`)).toEqual([]);
        expect(await disk.list(`${folder}/a`)).toEqual(['b']);
      });

      it('lists the names in a folder, not those below', async () => {
        await disk.makeFolder(`${folder}/deep`);
        for (const path of ['one', 'two', 'deep/three']) await disk.replace(`${folder}/${path}`, bytes());
        expect(await listed(folder)).toEqual(['deep', 'one', 'two']);
      });

      it('says so if a folder or file does not exist', async () => {
        await expect(disk.list(`${folder}/none`)).rejects.toMatchObject(missing);
        await expect(disk.read(`${folder}/none`)).rejects.toMatchObject(missing);
        await expect(disk.syncFolder(`${folder}/none`)).rejects.toMatchObject(missing);
        await expect(disk.openAppend(`${folder}/none/file`)).rejects.toMatchObject(missing);
        await expect(disk.replace(`${folder}/none/file`, bytes())).rejects.toMatchObject(missing);
      });

      it('removes a file, and one that is not there without harm', async () => {
        await disk.replace(`${folder}/f`, bytes(1));
        await disk.remove(`${folder}/f`);
        await disk.remove(`${folder}/f`);
        expect(await disk.list(folder)).toEqual([]);
        await expect(disk.read(`${folder}/f`)).rejects.toMatchObject(missing);
      });
    }

    function describeAppending(): void {
      it('appends at the end, and knows the size', async () => {
        const file = await disk.openAppend(`${folder}/f`);
        expect(file.size).toBe(0);
        await file.append(bytes(1, 2));
        await file.append(bytes());
        await file.append(bytes(3));
        expect(file.size).toBe(3);
        expect(await content(`${folder}/f`)).toEqual([1, 2, 3]);
        await file.close();
      });

      it('goes on at the end of a file that is there', async () => {
        const first = await disk.openAppend(`${folder}/f`);
        await first.append(bytes(1, 2));
        await first.close();
        const second = await disk.openAppend(`${folder}/f`);
        expect(second.size).toBe(2);
        await second.append(bytes(3));
        await second.sync();
        expect(await content(`${folder}/f`)).toEqual([1, 2, 3]);
        await second.close();
      });

      it('takes megabytes at once', async () => {
        const large = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
        const file = await disk.openAppend(`${folder}/f`);
        await file.append(large);
        expect(Buffer.compare(await disk.read(`${folder}/f`), large)).toBe(0);
        await file.close();
      });

      it('keeps what was appended, whatever becomes of the array', async () => {
        const reused = bytes(1, 2);
        const file = await disk.openAppend(`${folder}/f`);
        await file.append(reused);
        reused.fill(9);
        expect(await content(`${folder}/f`)).toEqual([1, 2]);
        await file.close();
      });

      it('refuses a file that was closed', async () => {
        const file = await disk.openAppend(`${folder}/f`);
        await file.close();
        await expect(file.append(bytes(1))).rejects.toThrow(/closed/i);
      });
    }

    function describeWholeFiles(): void {
      it('replaces a file whole, and makes it if it is not there', async () => {
        await disk.replace(`${folder}/f`, bytes(1, 2, 3));
        await disk.replace(`${folder}/f`, bytes(4));
        expect(await content(`${folder}/f`)).toEqual([4]);
        expect(await disk.list(folder)).toEqual(['f']);
      });
    }

    function describeCrashes(): void {
      it('keeps what was synced, and after it at most a prefix of the rest', async () => {
        const step = fc.record({ append: fc.uint8Array({ minLength: 1, maxLength: 30 }), sync: fc.boolean() });
        let run = 0;
        const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
          const path = `${folder}/f${run++}`;
          const file = await disk.openAppend(path);
          await disk.syncFolder(folder);
          const written: number[] = [];
          let synced = 0;
          for (const { append, sync } of steps) {
            await file.append(append);
            written.push(...append);
            if (!sync) continue;
            await file.sync();
            synced = written.length;
          }
          disk = await harness.crash();
          await file.close();
          const survived = await content(path);
          expect(survived.length).toBeGreaterThanOrEqual(synced);
          expect(survived).toEqual(written.slice(0, survived.length));
        });
        await fc.assert(property, { numRuns: 40 });
      });

      it('keeps a replaced file and a synced name', async () => {
        await disk.replace(`${folder}/whole`, bytes(1, 2));
        const named = await disk.openAppend(`${folder}/named`);
        await disk.syncFolder(folder);
        disk = await harness.crash();
        await named.close();
        expect(await listed(folder)).toEqual(['named', 'whole']);
        expect(await content(`${folder}/whole`)).toEqual([1, 2]);
      });

      it('does not bring a removed file back whose folder was synced', async () => {
        await disk.replace(`${folder}/f`, bytes(1));
        await disk.remove(`${folder}/f`);
        await disk.syncFolder(folder);
        disk = await harness.crash();
        expect(await disk.list(folder)).toEqual([]);
      });

      it('makes durable, by opening it, what an earlier process left in a file', async () => {
        const left = await disk.openAppend(`${folder}/f`);
        await disk.syncFolder(folder);
        await left.append(bytes(1, 2, 3));
        await left.close();
        const opened = await disk.openAppend(`${folder}/f`);
        expect(opened.size).toBe(3);
        disk = await harness.crash();
        await opened.close();
        expect(await content(`${folder}/f`)).toEqual([1, 2, 3]);
      });
    }
  });
}
