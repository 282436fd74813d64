import { describe, expect, it } from 'vitest';
import { describeClockContract } from '../../ports/clock.contract.ts';
import { startProcess } from '../../test/processes/remote-process.ts';
import { createSystemClock } from './clock.ts';

describeClockContract('the system', async () => ({
  engine: createSystemClock(),
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  close: async () => {},
}));

describe('The system clock', () => {
  it('lets a process end in spite of a timer, but not of a sleep', async () => {
    const remote = startProcess<string>('sleeper.ts', {});
    expect(await remote.next()).toBe('awake');
    await expect(remote.next()).rejects.toThrow('ended with 0');
  });
});
