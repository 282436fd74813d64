import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

/** A serve process of its own, as the supervisor starts it. */
export interface ServeProcess {
  readonly url: string;
  readonly pid: number;
  /** Standard error so far. */
  errors(): string;
  /** Resolves with exit code or signal. */
  readonly ended: Promise<number | string>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string>;
}

const program = fileURLToPath(new URL('../apps/serve.ts', import.meta.url));

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** Starts serve on a data directory; resolves when it listens, or has ended. `wrapper` is a command put before node's. */
export async function startServe(options: {
  readonly dataDir: string;
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly wrapper?: readonly string[];
}): Promise<ServeProcess> {
  const command = [...(options.wrapper ?? []), process.execPath, '--disable-warning=ExperimentalWarning', program];
  const child: ChildProcess = spawn(command[0] as string, command.slice(1), {
    env: { ...process.env, ...options.env, DATA_DIR: options.dataDir, SERVE_PORT: String(options.port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), ended]);
  const kill = (signal: 'SIGTERM' | 'SIGKILL') => {
    child.kill(signal);
    return ended;
  };
  return { url: `http://127.0.0.1:${options.port}`, pid: child.pid as number, errors: () => errors, ended, kill };
}
