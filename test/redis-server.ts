import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort, type RunningEngine, startEngine } from '../scripts/engines/engine.ts';
import { redisEngine, redisMissing, type RedisServerOptions } from '../scripts/engines/redis.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** A real Redis of a test's own. */
export interface RedisServer {
  readonly url: string;
  /** Stops it in the middle of whatever it does; it keeps its connections and says nothing. */
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  /** On the same port and the same files. */
  restart(): Promise<void>;
  /** One command to it, past the adapters. */
  command(name: string, ...args: (string | Buffer)[]): Promise<unknown>;
  /** Ends it for good. */
  end(): Promise<void>;
}

/** Whether tests on Redis are skipped: there is none, and none is required. */
export const skipsRedis = redisMissing() !== null && process.env['ENGINES_REQUIRED'] !== '1';

/** Options of a server whose keys outlive it. */
export const keepsKeys: RedisServerOptions = { save: '', appendonly: 'yes', appendfsync: 'always' };
/** Options of a server that forgets. */
export const forgets: RedisServerOptions = { save: '', appendonly: 'no' };

export async function startRedis(options: RedisServerOptions): Promise<RedisServer> {
  const folder = makeTemporaryFolder();
  const engine = redisEngine('redis', 'VIEWS_URL', options);
  const start = () => startEngine(engine, join(folder.path, 'redis'));
  let running: RunningEngine = await start();
  const { url } = running;
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => void process.kill(running.pid, name);
  return {
    url,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    kill: () => running.kill(),
    restart: async () => {
      running = await start();
    },
    command: (name, ...args) => commandTo(withPassword(url, options), name, args),
    end: async () => {
      await running.kill();
      folder.remove();
    },
  };
}

function withPassword(url: string, options: RedisServerOptions): string {
  const password = options['requirepass'];
  return password === undefined ? url : url.replace('//', `//:${password}@`);
}

async function commandTo(url: string, name: string, args: readonly (string | Buffer)[]): Promise<unknown> {
  const client = new Redis(url);
  try {
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
}

/** Three masters that share the slots. */
export interface RedisCluster {
  /** `redis-cluster://` of two of them: the third is found. */
  readonly url: string;
  readonly nodes: readonly RedisServer[];
  end(): Promise<void>;
}

const slots = 16_384;

export async function startRedisCluster(options: RedisServerOptions): Promise<RedisCluster> {
  const cluster = { ...options, 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000' };
  const nodes = await Promise.all([0, 1, 2].map(async () => startRedis({ ...cluster, ...(await busPort()) })));
  const share = Math.ceil(slots / nodes.length);
  for (const [i, node] of nodes.entries()) {
    const last = Math.min((i + 1) * share, slots) - 1;
    await node.command('CLUSTER', 'ADDSLOTSRANGE', String(i * share), String(last));
    const { port } = new URL(nodes[0]?.url ?? '');
    const bus = String(await nodes[0]?.command('CONFIG', 'GET', 'cluster-port')).split(',')[1] ?? '';
    if (i > 0) await node.command('CLUSTER', 'MEET', '127.0.0.1', port, bus);
  }
  await Promise.all(nodes.map(isWhole));
  const hosts = nodes.slice(0, 2).map(({ url }) => new URL(url).host);
  return {
    url: `redis-cluster://${hosts.join(',')}`,
    nodes,
    end: async () => void (await Promise.all(nodes.map((node) => node.end()))),
  };
}

/** By default a port 10,000 above, which may be none. */
async function busPort(): Promise<RedisServerOptions> {
  return { 'cluster-port': String(await freePort()) };
}

async function isWhole(node: RedisServer): Promise<void> {
  for (;;) {
    const info = String(await node.command('CLUSTER', 'INFO'));
    if (info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')) return;
    await sleep(50);
  }
}
