import { spawnSync } from 'node:child_process';
import { nodeFlags } from '../apps/node-flags.ts';

/**
 * Measures in a process of its own, started as the platform starts its processes, so that neither what was measured before nor another heap
 * shows. The file prints its figures as JSON when it is given `--figures` and options.
 */
export function measureAlone<F>(file: string, options: object): F {
  const args = [...nodeFlags, file, '--figures', JSON.stringify(options)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 20 });
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as F;
}

/** What `measureAlone` asked for, or null if the file was started by hand. */
export function askedFigures<O>(): O | null {
  const at = process.argv.indexOf('--figures');
  return at < 0 ? null : (JSON.parse(process.argv[at + 1] ?? '{}') as O);
}
