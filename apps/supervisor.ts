import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from './node-flags.ts';

export type ProcessKind = 'streams' | 'console' | 'serve';

/** One process to keep running. */
export interface SupervisedProcess {
  /** Its kind, or, where there are several of it, its kind and a number: `serve-2`. */
  readonly name: string;
  readonly kind: ProcessKind;
  readonly env: NodeJS.ProcessEnv;
}

export interface SupervisorOptions {
  readonly dataDir: string;
  /** Started in this order; stopped serve first, console last. */
  readonly processes: readonly SupervisedProcess[];
  /** A line that a process printed. */
  readonly onLine: (name: string, line: string) => void;
  readonly onRestart?: (name: string, reason: string, restarts: number) => void;
}

export interface Supervisor {
  /** Process ids of those that run now, by name. */
  pids(): ReadonlyMap<string, number>;
  restarts(name: string): number;
  /** Asks every process to stop, waits for it, and kills what does not stop in time. */
  stop(): Promise<void>;
}

const restartDelayMs = 250;
const longestRestartDelayMs = 5_000;
const tether = new URL('./tether.ts', import.meta.url).href;
/** A process that lived this long starts again at once when it ends. */
const steadyAfterMs = 10_000;
const stopTimeoutMs = 20_000;
const stopOrder: readonly ProcessKind[] = ['serve', 'streams', 'console'];

/** File in which the supervisor writes the process ids, so that `/demo` and the simulator can kill one on purpose. */
export function pidFile(dataDir: string): string {
  return join(dataDir, 'run', 'pids.json');
}

/** Process ids by name as the supervisor wrote them last; empty if none runs. */
export function readPids(dataDir: string): Readonly<Record<string, number>> {
  try {
    return JSON.parse(readFileSync(pidFile(dataDir), 'utf8')) as Readonly<Record<string, number>>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

interface Slot {
  child: ChildProcess | null;
  restarts: number;
  delayMs: number;
  timer: NodeJS.Timeout | null;
}

/** Starts the processes of the platform and starts each again whenever it ends. */
export function superviseProcesses(options: SupervisorOptions): Supervisor {
  const slots = new Map<string, Slot>();
  let stopping = false;

  function publishPids(): void {
    mkdirSync(join(options.dataDir, 'run'), { recursive: true });
    const pids = Object.fromEntries(
      [...slots].flatMap(([name, slot]) => (slot.child?.pid ? [[name, slot.child.pid]] : [])),
    );
    const temporary = `${pidFile(options.dataDir)}.new`;
    writeFileSync(temporary, JSON.stringify(pids));
    renameSync(temporary, pidFile(options.dataDir));
  }

  function launch({ name, kind, env }: SupervisedProcess, slot: Slot): void {
    const startedAt = Date.now();
    const file = fileURLToPath(new URL(`${kind}.ts`, import.meta.url));
    const child = spawn(process.execPath, [...nodeFlags, '--import', tether, file], {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    slot.child = child;
    slot.timer = null;
    for (const stream of [child.stdout, child.stderr]) forwardLines(stream, (line) => options.onLine(name, line));
    publishPids();
    child.once('exit', (code, signal) => {
      slot.child = null;
      publishPids();
      if (stopping) return;
      slot.delayMs =
        Date.now() - startedAt > steadyAfterMs ? restartDelayMs : Math.min(slot.delayMs * 2, longestRestartDelayMs);
      slot.restarts += 1;
      options.onRestart?.(name, signal ?? `exit ${code}`, slot.restarts);
      slot.timer = setTimeout(() => launch({ name, kind, env }, slot), slot.delayMs);
    });
  }

  for (const one of options.processes) {
    const slot: Slot = { child: null, restarts: 0, delayMs: restartDelayMs, timer: null };
    slots.set(one.name, slot);
    launch(one, slot);
  }

  return {
    pids: () =>
      new Map([...slots].flatMap(([name, slot]) => (slot.child?.pid ? [[name, slot.child.pid] as const] : []))),
    restarts: (name) => slots.get(name)?.restarts ?? 0,
    async stop() {
      stopping = true;
      // Serve first: what it has accepted must be in the log before its readers stop.
      for (const kind of stopOrder) {
        const ofKind = options.processes.filter((one) => one.kind === kind);
        await Promise.all(ofKind.map(({ name }) => stopSlot(slots.get(name))));
      }
      publishPids();
    },
  };
}

function forwardLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}

async function stopSlot(slot: Slot | undefined): Promise<void> {
  if (slot?.timer) clearTimeout(slot.timer);
  const child = slot?.child;
  if (!child) return;
  await new Promise<void>((resolve) => {
    const kill = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    child.once('exit', () => {
      clearTimeout(kill);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
