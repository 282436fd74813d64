import { spawn, spawnSync } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, type EnginePlace, untilListening } from './engine.ts';

/** Options of `redis-server`, by name. */
export type RedisServerOptions = Readonly<Record<string, string>>;

/** Views can be built again: nothing is kept on disk. */
export const redisViewsEngine = redisEngine('redis-views', 'VIEWS_URL', { save: '', appendonly: 'no' });

/** Keys can't: each is on disk before it is acknowledged. */
export const redisKeysEngine = redisEngine('redis-keys', 'KEYS_URL', {
  save: '',
  appendonly: 'yes',
  appendfsync: 'always',
});

/** Redis as Debian packages it, started by us on loopback alone. */
export function redisEngine(name: string, variable: string, options: RedisServerOptions): Engine {
  return {
    name,
    variable,
    prepare: async () => redisMissing(),
    launch: (place) => launchRedis(place, options),
  };
}

const leastRedis = 7;

/** Why there is no Redis here, or null. */
export function redisMissing(): string | null {
  const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  if (status !== 0) return 'there is no `redis-server`';
  const version = Number(/v=(\d+)/.exec(stdout)?.[1]);
  return version >= leastRedis ? null : `Redis ${leastRedis} is needed, this is ${version}`;
}

async function launchRedis(
  { folder, port }: EnginePlace,
  options: RedisServerOptions,
): Promise<{ pid: number; url: string }> {
  const all = { bind: '127.0.0.1', port: String(port), dir: folder, daemonize: 'no', ...options };
  const out = openSync(join(folder, 'server.log'), 'a');
  const server = spawn(
    'redis-server',
    Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
    { cwd: folder, detached: true, stdio: ['ignore', out, out] },
  );
  const { pid } = server;
  if (pid === undefined) throw new Error('redis-server could not be started');
  try {
    await untilListening(port, () => server.exitCode === null && server.signalCode === null);
  } catch (error) {
    server.kill('SIGKILL');
    const tail = readFileSync(join(folder, 'server.log'), 'utf8').slice(-2000);
    throw new Error(`Redis did not start:\n${tail}`, { cause: error });
  }
  server.unref();
  return { pid, url: `redis://127.0.0.1:${port}` };
}
