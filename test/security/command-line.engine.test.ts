import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort } from '../serve-process.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';

const cli = resolve(import.meta.dirname, '../../apps/cli.ts');
const folder = makeTemporaryFolder();
afterAll(() => folder.remove());

/** Runs a command on an empty data directory, beside a console that does not run. */
async function adtally(args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  const env = {
    ...process.env,
    DATA_DIR: folder.path,
    CONSOLE_PORT: String(await freePort()),
    CONSOLE_KEY: 'marker-key-8d1f',
  };
  return new Promise((settle) => {
    execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', cli, ...args],
      { env, timeout: 400_000 },
      (error, stdout, stderr) => {
        settle({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, said: stdout + stderr });
      },
    );
  });
}

describe('A command that can not be done', () => {
  it.concurrent.each([
    [['__proto__']],
    [['constructor', '--json']],
    [['ledger', 'balances', '--truth', 'all']],
    [['ledger', 'explain', "' OR 1=1 --"]],
    [['ledger', 'entries', '--limit', '1e9']],
    [['catalog', 'show', '../../etc/passwd']],
    [['report', '--sql', "SELECT * FROM file('/etc/passwd')"]],
    [['report', 'delivery', 'from=\u001b[2J']],
    [['replay', '--data', '/nonexistent/\u0007']],
    [['rotate-keys', '--force']],
    [['migrate', '--to', 'LOG_URL=kafka://user:marker-key-8d1f@a:1']],
  ])('says so in a sentence, without a stack and without a key: %j', { timeout: 480_000 }, async (args) => {
    const { code, said } = await adtally(args);
    expect(code).toBe(2);
    expect(said.trim()).not.toBe('');
    expect(said).not.toMatch(/\n\s+at |node_modules/);
    expect(said).not.toContain('marker-key-8d1f');
    expect(said).not.toContain('\u001b');
  });
});
