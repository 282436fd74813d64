import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProcessGone, processName } from '../../adapters/embedded/process-liveness.ts';

/** A server that tests and demos run against, as a process of this machine: one file of this folder each, listed in `engines.ts`. */
export interface Engine {
  readonly name: string;
  /** The setting that takes its URL. */
  readonly variable: string;
  /** Gets whatever has to be there before it can start (downloaded once). Resolves with the reason if it can't be had here, else null. */
  prepare(say: (line: string) => void): Promise<string | null>;
  /** Starts it on the data in `folder` (empty the first time) and on this port of 127.0.0.1; resolves once it answers. */
  launch(place: EnginePlace): Promise<{ readonly pid: number; readonly url: string }>;
}

export interface EnginePlace {
  readonly folder: string;
  readonly port: number;
}

export interface RunningEngine {
  readonly url: string;
  readonly pid: number;
  /** Asks it to end; killed after a while. */
  stop(): Promise<void>;
  /** `kill -9`. Started again on the same folder it has the same data and the same port. */
  kill(): Promise<void>;
}

interface Running {
  readonly process: string;
  readonly pid: number;
  readonly url: string;
}

const startMs = 120_000;
const stopMs = 15_000;

/** Where downloads and data of engines are kept, outside the repository. */
export function engineCache(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'adtally');
}

/**
 * Starts an engine on a folder, or finds the one that already runs there: any number of processes may ask at the same time. It outlives the
 * process that started it.
 */
export async function startEngine(engine: Engine, folder: string): Promise<RunningEngine> {
  mkdirSync(folder, { recursive: true });
  const unlock = await lock(join(folder, 'starting'));
  try {
    const found = findEngine(folder);
    if (found) return found;
    const started = await engine.launch({ folder, port: await portOf(folder) });
    const running: Running = { ...started, process: processName(started.pid) };
    writeFileSync(join(folder, 'running.json'), JSON.stringify(running));
    return handleOf(running);
  } finally {
    unlock();
  }
}

/** The engine that runs on this folder now, if any. */
export function findEngine(folder: string): RunningEngine | null {
  const text = readIfThere(join(folder, 'running.json'));
  if (text === null) return null;
  const running = JSON.parse(text) as Running;
  return isProcessGone(running.process) ? null : handleOf(running);
}

/** Resolves once a port of this machine accepts connections; rejects if `isAlive` says that nobody will. */
export async function untilListening(port: number, isAlive: () => boolean): Promise<void> {
  for (const deadline = Date.now() + startMs; ; await sleep(50)) {
    if (await accepts(port)) return;
    if (!isAlive()) throw new Error('it ended before it was ready');
    if (Date.now() > deadline) throw new Error(`it was not ready after ${startMs / 1000} s`);
  }
}

/** A port of 127.0.0.1 on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function handleOf({ process: name, pid, url }: Running): RunningEngine {
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    if (!isProcessGone(name)) process.kill(pid, signal);
    for (const deadline = Date.now() + stopMs; !isProcessGone(name); await sleep(20)) {
      if (Date.now() > deadline && !isProcessGone(name)) process.kill(pid, 'SIGKILL');
    }
    // Its other threads may end later than its first, and its port is open until the last one has: a successor would seem to be ready at once.
    for (const port = Number(new URL(url).port); await accepts(port); await sleep(10));
  };
  return { url, pid, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

/** The port of a folder: chosen once, so that clients find a restarted engine where it was. */
async function portOf(folder: string): Promise<number> {
  const path = join(folder, 'port');
  const kept = readIfThere(path);
  if (kept !== null) return Number(kept);
  const port = await freePort();
  writeFileSync(path, String(port));
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    const done = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.on('connect', done(true)).on('error', done(false));
  });
}

/** Holds a folder as a lock among processes; taken over from one that has ended. */
export async function lock(path: string): Promise<() => void> {
  const own = `${path}.${process.pid}`;
  for (;;) {
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'holder'), processName());
    try {
      // A folder is renamed onto a name only if nothing, or an empty folder, has it.
      renameSync(own, path);
      return () => rmSync(path, { recursive: true, force: true });
    } catch (error) {
      if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'EEXIST')) throw error;
    }
    const holder = readIfThere(join(path, 'holder'));
    if (holder !== null && isProcessGone(holder)) rmSync(path, { recursive: true, force: true });
    await sleep(100);
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
