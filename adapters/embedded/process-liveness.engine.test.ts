import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { startProcess } from '../../test/processes/remote-process.ts';
import { isProcessGone, processName } from './process-liveness.ts';

describe('The name of a process', () => {
  it('is that of a living process as long as it lives', async () => {
    const remote = startProcess<string>('name-teller.ts', {});
    const name = await remote.next();
    expect(isProcessGone(name)).toBe(false);
    await remote.kill();
    expect(isProcessGone(name)).toBe(true);
    expect(isProcessGone(processName())).toBe(false);
  });

  it('is not that of another process which was given the same number later', () => {
    expect(isProcessGone(JSON.stringify([hostname(), process.pid, '1']))).toBe(process.platform === 'linux');
  });

  it('says nothing of another machine', () => {
    expect(isProcessGone(JSON.stringify(['elsewhere', 2 ** 22 - 1, '1']))).toBe(false);
  });
});
