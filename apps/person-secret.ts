import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const secretBytes = 32;

/**
 * The key of the hash of raw person ids, shared by every process on one data directory; made on first use. It never changes: another one would make
 * strangers of all persons. A link is made once or not at all, so that of two processes that start together one wins and the other reads.
 */
export function readPersonSecret(dataDir: string): Uint8Array {
  const folder = join(dataDir, 'secrets');
  const path = join(folder, 'person-hash.key');
  const known = readIfThere(path);
  if (known !== null) return known;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, randomBytes(secretBytes), { mode: 0o600, flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error; // the other process has just made it
  } finally {
    rmSync(draft);
  }
  return readFileSync(path);
}

function readIfThere(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
