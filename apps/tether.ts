/**
 * Preloaded by the supervisor into its processes: its end of their standard input closes when it ends, however it ends, and they stop in
 * order then. Nothing of a platform is left running without anyone who could stop it.
 */
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const { stdin } = process;
  stdin.resume();
  stdin.once('close', () => process.kill(process.pid, 'SIGTERM'));
  // The process may end by itself all the same.
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
}
