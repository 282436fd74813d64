import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../apps/node-flags.ts';

/** A server in a process of its own whose CPU time can be read. */
export interface MeasuredServer {
  readonly port: number;
  /** User and system time of all threads so far, µs. */
  cpuUs(): Promise<number>;
  stop(): Promise<void>;
}

const reporter = new URL('cpu-reporter.ts', import.meta.url).href;

/** Starts a program of this repository; it is up once it prints a line. */
export async function startMeasured(
  program: string,
  port: number,
  env: Readonly<Record<string, string>> = {},
): Promise<MeasuredServer> {
  const file = fileURLToPath(new URL(`../${program}`, import.meta.url));
  const child = spawn(process.execPath, [...nodeFlags, '--import', reporter, file], {
    env: { ...process.env, SERVE_PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${program} ended with ${String(code)}`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), ended]);
  return { port, cpuUs: () => askCpu(child), stop: () => stopChild(child) };
}

async function askCpu(child: ChildProcess): Promise<number> {
  const answer = once(child, 'message');
  child.send('cpu');
  const [{ cpuUs }] = (await answer) as [{ cpuUs: number }];
  return cpuUs;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
