import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AdtallyError } from '../../domain/errors.ts';

export interface FolderLock {
  release(): void;
}

/**
 * Takes a folder for this process alone. The lock is one of the operating system on an open file, so it ends with the process however that
 * ends, and no stale one can be left behind. Error: `NODE_NAME_TAKEN`.
 */
export function lockFolder(folder: string): FolderLock {
  const db = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    db.close();
    throw new AdtallyError('NODE_NAME_TAKEN', `another process works in ${folder}`, { cause });
  }
  return { release: () => db.close() };
}
