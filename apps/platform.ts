import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { lockFolder } from '../adapters/embedded/folder-lock.ts';
import { createSystemDisk } from '../adapters/system/disk.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import { deriveLimits } from '../config/limits.ts';
import { readSettings, type Settings } from '../config/settings.ts';
import type { Role } from '../dashboards/auth.ts';
import { openConsoleKeys } from '../dashboards/console-keys.ts';
import { AdtallyError } from '../domain/errors.ts';
import { ConsoleClient } from '../simulate/console-client.ts';
import { Wire } from '../simulate/wire.ts';
import { runKeyVariable } from './run-key.ts';
import { type ProcessName, type Supervisor, superviseProcesses } from './supervisor.ts';

export interface PlatformOptions {
  readonly env: NodeJS.ProcessEnv;
  /** A line that a process printed. */
  readonly onLine: (name: ProcessName, line: string) => void;
  readonly onRestart: (name: ProcessName, reason: string) => void;
}

/** The three processes, running and ready. */
export interface Platform {
  readonly settings: Settings;
  readonly dataDir: string;
  readonly serveUrl: string;
  readonly consoleUrl: string;
  /** Keys of the roles, if they were made just now: nobody can read them again. */
  readonly madeKeys: ReadonlyMap<Role, string> | null;
  /** Calls of the private side with a key of this run alone. */
  readonly client: ConsoleClient;
  readonly supervisor: Supervisor;
  stop(): Promise<void>;
}

const readyWithinMs = 60_000;
const askAgainMs = 100;
/** A process that ends so often before all are ready will not become ready. */
const hopelessRestarts = 4;
const runKeyBytes = 32;
/** Where Node keeps what it compiled: a process that is started again is back in two thirds of the time. */
const compiled = resolve(import.meta.dirname, '../node_modules/.cache/adtally');

/**
 * Starts streams, console and serve on the embedded engines and resolves when both sides answer. Errors: `BAD_SETTING` for a setting that can't be
 * used or a port that is taken, `NODE_NAME_TAKEN` if another platform runs on the data directory, `NOT_READY`.
 */
export async function startPlatform({ env, onLine, onRestart }: PlatformOptions): Promise<Platform> {
  const ported = await withPorts(env);
  const settings = readSettings(ported);
  deriveLimits(settings);
  const dataDir = resolve(settings.dataDir);
  const disk = createSystemDisk();
  await disk.makeFolder(join(dataDir, 'run'));
  const lock = lockFolder(join(dataDir, 'run'));
  const secrets = join(dataDir, 'secrets');
  const { made } = await openConsoleKeys({
    disk,
    random: createSystemRandom(),
    folder: secrets,
    setting: settings.keys,
  });
  const runKey = randomBytes(runKeyBytes).toString('base64url');
  const childEnv = { NODE_COMPILE_CACHE: compiled, ...ported, DATA_DIR: dataDir, [runKeyVariable]: runKey };
  const supervisor = superviseProcesses({ dataDir, env: childEnv, onLine, onRestart });
  const wire = new Wire();
  const stop = async () => {
    await wire.close();
    await supervisor.stop();
    lock.release();
  };
  const serveUrl = `http://${settings.serveHost}:${settings.servePort}`;
  const consoleUrl = `http://${settings.consoleHost}:${settings.consolePort}`;
  try {
    await Promise.all([serveUrl, consoleUrl].map((url) => becomeReady(wire, `${url}/readyz`, supervisor)));
  } catch (error) {
    await stop();
    throw error;
  }
  const client = new ConsoleClient({ wire, url: consoleUrl, key: runKey });
  return { settings, dataDir, serveUrl, consoleUrl, madeKeys: made, client, supervisor, stop };
}

/** Settles both ports before anything starts: 0 becomes one that is free, and a taken one is said at once. */
async function withPorts(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const { servePort, serveHost, consolePort, consoleHost } = readSettings(env);
  const serve = await claimPort('SERVE_PORT', serveHost, servePort);
  const console = await claimPort('CONSOLE_PORT', consoleHost, consolePort);
  return { ...env, SERVE_PORT: String(serve), CONSOLE_PORT: String(console) };
}

async function claimPort(variable: string, host: string, port: number): Promise<number> {
  const probe = createServer();
  try {
    await new Promise<void>((settle, reject) => probe.once('error', reject).listen(port, host, settle));
  } catch (cause) {
    const sentence = `${variable}: ${host}:${port} can't be used (${String(cause)}); is Adtally running already?`;
    throw new AdtallyError('BAD_SETTING', sentence, { cause });
  }
  const address = probe.address();
  await new Promise<void>((settle) => probe.close(() => settle()));
  return address === null || typeof address === 'string' ? port : address.port;
}

async function becomeReady(wire: Wire, url: string, supervisor: Supervisor): Promise<void> {
  const until = Date.now() + readyWithinMs;
  for (;;) {
    const { status } = await wire.send({ method: 'GET', url, headers: {}, from: null });
    if (status === 200) return;
    const failing = (['streams', 'console', 'serve'] as const).find(
      (name) => supervisor.restarts(name) >= hopelessRestarts,
    );
    if (failing !== undefined) throw new AdtallyError('NOT_READY', `${failing} keeps ending; its last lines say why`);
    if (Date.now() > until) throw new AdtallyError('NOT_READY', `${url} did not become ready in ${readyWithinMs} ms`);
    await new Promise((settle) => setTimeout(settle, askAgainMs));
  }
}
