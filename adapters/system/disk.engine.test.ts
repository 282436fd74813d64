import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeDiskContract } from '../../ports/disk.contract.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { createSystemDisk } from './disk.ts';

describeDiskContract('the system', async () => {
  const temporary = makeTemporaryFolder();
  const folder = `${temporary.path}/disk`;
  mkdirSync(folder);
  return {
    engine: createSystemDisk(),
    folder,
    // Power can't be cut here: the next boot reads what the kernel holds. The simulated disk forgets.
    crash: async () => createSystemDisk(),
    close: async () => temporary.remove(),
  };
});

describe('The system disk', () => {
  it('raises what the system says where the port promises nothing', async () => {
    const temporary = makeTemporaryFolder();
    await expect(createSystemDisk().read(temporary.path)).rejects.toMatchObject({ code: 'EISDIR' });
    temporary.remove();
  });
});
