import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of its own, in memory and small, that can be filled up. */
export interface SmallDisk {
  /** Takes what is left of it, to the last byte. */
  fill(): void;
  /** Gives that back. */
  free(): void;
  remove(): void;
}

const block = Buffer.alloc(1024 * 1024);
const ballastFile = '.ballast';

/** Mounts one of so many MiB on a folder. @returns the reason if this machine does not let us */
export function mountSmallDisk(folder: string, mebibytes: number): SmallDisk | string {
  mkdirSync(folder, { recursive: true });
  const options = `size=${mebibytes}m,mode=0700`;
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], {
    encoding: 'utf8',
  });
  if (status !== 0) return `a tmpfs can't be mounted: ${error?.message ?? stderr.trim()}`;
  const ballast = join(folder, ballastFile);
  const free = () => rmSync(ballast, { force: true });
  return {
    free,
    fill: () => fill(ballast, folder),
    remove: () => {
      // A process that was killed a moment ago may still have it open: it goes when that has ended.
      spawnSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function fill(ballast: string, folder: string): void {
  const file = openSync(ballast, 'a');
  try {
    for (let size = block.length; size >= 1; ) {
      const { bavail, bsize } = statfsSync(folder);
      if (bavail * bsize < size) size = Math.floor(size / 2);
      else if (!writes(file, size)) return;
    }
  } finally {
    closeSync(file);
  }
}

function writes(file: number, size: number): boolean {
  try {
    return writeSync(file, block, 0, size) > 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}
