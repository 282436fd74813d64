import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AdtallyError } from '../../domain/errors.ts';
import type { AppendFile, Disk } from '../../ports/disk.ts';

/** The machine's file system. */
export function createSystemDisk(): Disk {
  return {
    makeFolder,
    list: (folder) => found(folder, readdir(folder)),
    read: (path) => found(path, readFile(path)),
    openAppend,
    replace,
    remove: (path) => rm(path, { force: true }),
    syncFolder,
  };
}

class SystemAppendFile implements AppendFile {
  #size: number;
  readonly #path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle, size: number) {
    this.#path = path;
    this.#handle = handle;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written);
      written += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  sync(): Promise<void> {
    return synced(this.#path, this.#handle.datasync());
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function openAppend(path: string): Promise<AppendFile> {
  const flags = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY;
  const handle = await found(dirname(path), open(path, flags, 0o600));
  try {
    // A predecessor that was killed may have left bytes that are in the file but not on the disk.
    await synced(path, handle.datasync());
    return new SystemAppendFile(path, handle, (await handle.stat()).size);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function replace(path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.new`;
  const handle = await found(dirname(path), open(temporary, 'w', 0o600));
  try {
    await handle.writeFile(content);
    await synced(temporary, handle.datasync());
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** For their owner alone: secrets are in one of them. Syncs the parent of every folder that it made, so that their names are durable too. */
async function makeFolder(path: string): Promise<void> {
  const firstMade = await mkdir(path, { recursive: true, mode: 0o700 });
  if (firstMade === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === firstMade) return;
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows can't open a folder; NTFS journals names by itself.
  if (process.platform === 'win32') return;
  const handle = await found(path, open(path, 'r'));
  try {
    await synced(path, handle.sync());
  } finally {
    await handle.close();
  }
}

async function synced(path: string, sync: Promise<void>): Promise<void> {
  try {
    await sync;
  } catch (error) {
    throw new AdtallyError('DISK_SYNC_FAILED', `${path}: ${String(error)}`, { cause: error });
  }
}

async function found<T>(path: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOENT') throw error;
    throw new AdtallyError('NOT_FOUND', `${path} does not exist`, { cause: error });
  }
}
