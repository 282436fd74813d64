import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

const house = resolve(import.meta.dirname, '../..');

/** A command of ours in a process of its own, with what it printed so far. */
export interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves with the first match of what it printed; rejects if it ends, or in time. */
  readonly until: (pattern: RegExp, withinMs?: number) => Promise<RegExpExecArray>;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** No test here is about load: a machine that is busy with other things must not make the platform shed or do without. */
export const unhurried = { OVERLOAD_TURN_MS: '10000' } as const;

/** Runs a program of the house under this Node, on ports that are free. */
export function runProgram(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Running {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', resolve(house, file), ...args], {
    cwd: house,
    env: { ...process.env, SERVE_PORT: '0', CONSOLE_PORT: '0', ...unhurried, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  let isOver = false;
  void ended.then(() => (isOver = true));
  const until = async (pattern: RegExp, withinMs = 300_000): Promise<RegExpExecArray> => {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = pattern.exec(text);
      if (found !== null) return found;
      if (isOver || Date.now() > deadline) throw new Error(`${String(pattern)} did not come:\n${text.slice(-4_000)}`);
      await new Promise((settle) => setTimeout(settle, 50));
    }
  };
  return { child, output: () => text, until, ended };
}

/** Ends what a test may have left running; only the process that it started. */
export async function end({ child, ended }: Running): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  await ended;
}

/** A name that is no robot's: robots get no ad. */
export const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** Asks until there is an answer that is not null. */
export async function eventually<T>(ask: () => Promise<T | null>, withinMs = 120_000): Promise<T> {
  for (const until = Date.now() + withinMs; ; ) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > until) throw new Error('it did not happen in time');
    await new Promise((settle) => setTimeout(settle, 100));
  }
}
