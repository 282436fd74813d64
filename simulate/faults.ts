import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const processNames = ['serve', 'streams', 'console'] as const;
export type ProcessName = (typeof processNames)[number];

/** A process that was ended, and how long until the supervisor had another in its place. */
export interface Kill {
  readonly process: ProcessName;
  readonly atMs: number;
  readonly backAfterMs: number;
}

const supervisionMs = 30_000;
const lookMs = 50;

/** Process ids as the supervisor of a data directory wrote them; nothing else is ever ended. */
function pids(dataDir: string): Partial<Record<ProcessName, number>> {
  return JSON.parse(readFileSync(join(dataDir, 'run', 'pids.json'), 'utf8')) as Partial<Record<ProcessName, number>>;
}

/** `kill -9` of one process of the platform. Resolves when the supervisor has started its successor; throws if it does not. */
export async function killProcess(dataDir: string, name: ProcessName, startedAt: number): Promise<Kill> {
  const pid = await runningPid(dataDir, name);
  const killedAt = Date.now();
  process.kill(pid, 'SIGKILL');
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    const successor = pids(dataDir)[name];
    const backAfterMs = Date.now() - killedAt;
    if (successor !== undefined && successor !== pid) return { process: name, atMs: killedAt - startedAt, backAfterMs };
    if (backAfterMs > supervisionMs) throw new Error(`${name} was not started again`);
  }
}

/** A process that is just being started again is waited for. */
async function runningPid(dataDir: string, name: ProcessName): Promise<number> {
  const until = Date.now() + supervisionMs;
  for (;;) {
    const pid = pids(dataDir)[name];
    if (pid !== undefined) return pid;
    if (Date.now() > until) throw new Error(`${name} does not run in ${dataDir}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
