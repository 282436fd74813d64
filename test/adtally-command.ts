import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/** What a command left behind. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const program = fileURLToPath(new URL('../apps/adtally.mjs', import.meta.url));

/** Runs `adtally` in a process of its own, with nothing from this environment but the path. A stack trace is never an answer. */
export async function adtally(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  const { PATH: path = '' } = process.env;
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: path, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
  const code = await new Promise<number | null>((settle) => child.once('close', settle));
  expect(`${said.out}${said.err}`).not.toMatch(/^\s+at \S+ ?\(?(node|file):/m);
  return { code, ...said };
}
