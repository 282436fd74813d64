import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KeyStore } from '../../ports/key-store.ts';
import { describeKeyStoreContract } from '../../ports/key-store.contract.ts';
import { startProcess } from '../../test/processes/remote-process.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { createSystemClock } from '../system/clock.ts';
import { openEmbeddedKeyStore } from './key-store.ts';

const clock = createSystemClock();

describeKeyStoreContract('SQLite', async () => {
  const folder = makeTemporaryFolder();
  const handles: KeyStore[] = [];
  const another = async () => {
    const handle = await openEmbeddedKeyStore({ folder: folder.path, clock });
    handles.push(handle);
    return handle;
  };
  const engine = await another();
  return {
    engine,
    reopen: async () => {
      await engine.close();
      return another();
    },
    putElsewhere: async (hashes, prefix) => {
      const remote = startProcess<string | string[]>('embedded-keys.ts', { folder: folder.path, hashes, prefix });
      await remote.next();
      const given = await remote.next();
      await remote.kill();
      return given as string[];
    },
    close: async () => {
      await Promise.all(handles.map((handle) => handle.close()));
      folder.remove();
    },
  };
});

describe('The embedded key store', () => {
  it('can be read by its owner alone', async () => {
    const folder = makeTemporaryFolder();
    const store = await openEmbeddedKeyStore({ folder: folder.path, clock });
    await store.putIfAbsent('h', 'k');
    const modes = readdirSync(folder.path)
      .sort()
      .map((name) => [name, statSync(join(folder.path, name)).mode & 0o777]);
    expect(modes).toEqual([
      ['keys.db', 0o600],
      ['keys.db-shm', 0o600],
      ['keys.db-wal', 0o600],
    ]);
    await store.close();
    folder.remove();
  });

  it('leaves no byte of a forgotten key in any file', async () => {
    const folder = makeTemporaryFolder();
    const store = await openEmbeddedKeyStore({ folder: folder.path, clock });
    const contains = (text: string) =>
      readdirSync(folder.path).filter((name) => readFileSync(join(folder.path, name)).includes(text));
    await store.putIfAbsent('hash-of-a-person', 'key-of-a-person');
    expect(contains('key-of-a-person')).not.toEqual([]);
    await store.delete('hash-of-a-person');
    expect([contains('key-of-a-person'), contains('hash-of-a-person')]).toEqual([[], []]);
    await store.close();
    folder.remove();
  });
});
