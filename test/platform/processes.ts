import { ConsoleClient } from '../../simulate/console-client.ts';
import { type CatalogSpec, type PublishedCatalog, publishCatalog } from '../../simulate/publish-catalog.ts';
import { Wire } from '../../simulate/wire.ts';
import { keyOf, roleKeys } from '../console-world.ts';
import { freePort } from '../serve-process.ts';
import { end, type Running, runProgram } from './running-platform.ts';

/** An answer of the console: JSON of an entity, a list or a problem. */
export interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Asking {
  readonly key?: string;
  readonly body?: unknown;
}

/** Streams, console and serving nodes on one data directory, each a process of its own, without a supervisor. */
export interface Processes {
  readonly consoleUrl: string;
  /** Public sides by name of the node. */
  readonly serveUrls: ReadonlyMap<string, string>;
  readonly ask: (method: string, path: string, asking?: Asking) => Promise<Answer>;
  readonly publish: (spec: CatalogSpec) => Promise<PublishedCatalog>;
  readonly stop: () => Promise<void>;
}

export interface ProcessesOptions {
  readonly dataDir: string;
  /** Names of the serving nodes. */
  readonly nodes: readonly string[];
  /** Keys of the console besides those of `keyOf`, as the setting gives them. */
  readonly moreKeys?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts them and resolves when all are ready. */
export async function startProcesses({ dataDir, nodes, moreKeys, env = {} }: ProcessesOptions): Promise<Processes> {
  const keys = moreKeys === undefined ? roleKeys : `${roleKeys},${moreKeys}`;
  const common = { ...env, DATA_DIR: dataDir, ADTALLY_KEYS: keys };
  const running: Running[] = [];
  const launch = async (file: string, port: string, more: Record<string, string> = {}): Promise<string> => {
    const free = await freePort();
    const child = runProgram(file, [], { ...common, ...more, [port]: String(free) });
    running.push(child);
    const url = `http://127.0.0.1:${free}`;
    await becomeReady(child, url);
    return url;
  };
  const stop = async () => {
    for (const child of running.toReversed()) await end(child);
  };
  try {
    const [consoleUrl] = await Promise.all([
      launch('apps/console.ts', 'CONSOLE_PORT'),
      launch('apps/streams.ts', 'STREAMS_PORT'),
    ]);
    const serving = nodes.map(
      async (node) => [node, await launch('apps/serve.ts', 'SERVE_PORT', { NODE_NAME: node })] as const,
    );
    const serveUrls = new Map(await Promise.all(serving));
    const ask = (method: string, path: string, asking: Asking = {}) =>
      askConsole(`${consoleUrl}${path}`, method, asking);
    const publish = async (spec: CatalogSpec) => {
      const wire = new Wire();
      try {
        return await publishCatalog(new ConsoleClient({ wire, url: consoleUrl, key: keyOf.admin }), spec);
      } finally {
        await wire.close();
      }
    };
    return { consoleUrl, serveUrls, ask, publish, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function askConsole(url: string, method: string, { key = keyOf.admin, body }: Asking): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers: {
      ...(key !== '' && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(method === 'PATCH' && { 'if-match': '*' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as Answer['json'] };
}

const readyWithinMs = 300_000;

async function becomeReady({ ended, output }: Running, url: string): Promise<void> {
  let isOver = false;
  void ended.then(() => (isOver = true));
  for (const until = Date.now() + readyWithinMs; ; ) {
    const isReady = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false, // it does not listen yet
    );
    if (isReady) return;
    if (isOver || Date.now() > until) throw new Error(`${url} did not become ready:\n${output().slice(-4_000)}`);
    await new Promise((settle) => setTimeout(settle, 50));
  }
}
