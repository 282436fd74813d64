import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A process, or an engine, that was ended, and how long until another was in its place. */
export interface Kill {
  readonly process: string;
  readonly atMs: number;
  readonly backAfterMs: number;
}

/** Something that is done to the platform while it works. */
export interface PlannedFault {
  /** Share of the selections, 0 to 1, at which it happens. */
  readonly at: number;
  /** @param startedAt Unix ms from which `Kill.atMs` counts */
  readonly strike: (startedAt: number) => Promise<readonly Kill[]>;
}

const supervisionMs = 30_000;
const lookMs = 50;
/** Where the share of the selections is at which each process is killed, of one kill each. */
const killMoments = [
  ['serve', 0.3],
  ['streams', 0.5],
  ['console', 0.7],
] as const;

/** `kill -9` of each process, so often, spread over the run. */
export function killsOfEach(dataDir: string, kills: number): readonly PlannedFault[] {
  return Array.from({ length: kills }, (_, round) =>
    killMoments.map(
      ([name, at]): PlannedFault => ({
        at: (round + at) / kills,
        strike: async (startedAt) => [await killProcess(dataDir, name, startedAt)],
      }),
    ),
  ).flat();
}

/** `kill -9` of one process of the platform. Resolves when the supervisor has started its successor; throws if it does not. */
export async function killProcess(dataDir: string, name: string, startedAt: number): Promise<Kill> {
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

/** Has one process of the platform stand still (SIGSTOP) for a while and then go on as if nothing had been. */
export async function standStill(dataDir: string, name: string, forMs: number): Promise<void> {
  const pid = await runningPid(dataDir, name);
  process.kill(pid, 'SIGSTOP');
  try {
    await new Promise((resolve) => setTimeout(resolve, forMs));
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** Process ids as the supervisor of a data directory wrote them; nothing else is ever ended. */
function pids(dataDir: string): Readonly<Record<string, number>> {
  return JSON.parse(readFileSync(join(dataDir, 'run', 'pids.json'), 'utf8')) as Readonly<Record<string, number>>;
}

/** A process that is just being started again is waited for. */
async function runningPid(dataDir: string, name: string): Promise<number> {
  const until = Date.now() + supervisionMs;
  for (;;) {
    const pid = pids(dataDir)[name];
    if (pid !== undefined) return pid;
    if (Date.now() > until) throw new Error(`${name} does not run in ${dataDir}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
