import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Names a process, this one by default, so that another on the same machine can tell whether it has ended, even if its pid was given away since. */
export function processName(pid: number = process.pid): string {
  return JSON.stringify([hostname(), pid, startOf(pid)]);
}

/** True only if the process certainly has ended; of other machines nothing is known. */
export function isProcessGone(name: string): boolean {
  const [host, pid, start] = JSON.parse(name) as [string, number, string | null];
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return isErrno(error, 'ESRCH');
  }
  return start !== null && startOf(pid) !== start;
}

/** Start of a process in ticks since boot (field 22 of /proc/<pid>/stat), null where there is no /proc, '' for one that ended. */
function startOf(pid: number): string | null {
  if (process.platform !== 'linux') return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold spaces: count from its end. A zombie (Z) has ended.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? '' : (fields[18] ?? '');
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ESRCH')) return '';
    throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
