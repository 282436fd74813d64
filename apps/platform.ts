import { randomBytes } from 'node:crypto';
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
import { type PlannedProcess, planProcesses, type Scale } from './process-plan.ts';
import { runKeyVariable } from './run-key.ts';
import { type Supervisor, superviseProcesses } from './supervisor.ts';

export interface PlatformOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Omitted: one process of each kind. */
  readonly scale?: Scale;
  /** A line that a process printed. */
  readonly onLine: (name: string, line: string) => void;
  readonly onRestart: (name: string, reason: string) => void;
}

/** The processes of a platform, running and ready. */
export interface Platform {
  readonly settings: Settings;
  readonly dataDir: string;
  readonly serveUrl: string;
  /** Public sides of all serving nodes, `serveUrl` first. */
  readonly serveUrls: readonly string[];
  readonly consoleUrl: string;
  /** Keys of the roles, if they were made just now: nobody can read them again. */
  readonly madeKeys: ReadonlyMap<Role, string> | null;
  /** Calls of the private side with a key of this run alone. */
  readonly client: ConsoleClient;
  readonly supervisor: Supervisor;
  stop(): Promise<void>;
}

const readyWithinMs = 120_000;
const askAgainMs = 100;
/** A process that ends so often before all are ready will not become ready. */
const hopelessRestarts = 4;
const runKeyBytes = 32;
const oneOfEach: Scale = { serve: 1, streams: 1 };
/** Where Node keeps what it compiled: a process that is started again is back in two thirds of the time. */
const compiled = resolve(import.meta.dirname, '../node_modules/.cache/adtally');

/**
 * Starts streams, console and serve on the engines of the settings and resolves when all answer. Errors: `BAD_SETTING` for a setting that can't be
 * used or a port that is taken, `NODE_NAME_TAKEN` if another platform runs on the data directory, `NOT_READY`.
 */
export async function startPlatform({ env, scale, onLine, onRestart }: PlatformOptions): Promise<Platform> {
  const given = readSettings(env);
  deriveLimits(given);
  const dataDir = resolve(given.dataDir);
  const runKey = randomBytes(runKeyBytes).toString('base64url');
  const childEnv = { NODE_COMPILE_CACHE: compiled, ...env, DATA_DIR: dataDir, [runKeyVariable]: runKey };
  const processes = await planProcesses(given, scale ?? oneOfEach, childEnv);
  const disk = createSystemDisk();
  await disk.makeFolder(join(dataDir, 'run'));
  const lock = lockFolder(join(dataDir, 'run'));
  const made = await makeKeys(disk, dataDir, given);
  const supervisor = superviseProcesses({ dataDir, processes, onLine, onRestart });
  const wire = new Wire();
  const stop = async () => {
    await wire.close();
    await supervisor.stop();
    lock.release();
  };
  try {
    await Promise.all(processes.map((one) => becomeReady(wire, one, { supervisor, processes })));
  } catch (error) {
    await stop();
    throw error;
  }
  const urlsOf = (kind: string) => processes.filter((one) => one.kind === kind).map(({ url }) => url);
  const [serveUrls, [consoleUrl = '']] = [urlsOf('serve'), urlsOf('console')];
  const [serveUrl = ''] = serveUrls;
  const settings = { ...given, servePort: portOf(serveUrl), consolePort: portOf(consoleUrl) };
  const client = new ConsoleClient({ wire, url: consoleUrl, key: runKey });
  return { settings, dataDir, serveUrl, serveUrls, consoleUrl, madeKeys: made, client, supervisor, stop };
}

async function makeKeys(disk: ReturnType<typeof createSystemDisk>, dataDir: string, { keys }: Settings) {
  const folder = join(dataDir, 'secrets');
  const { made } = await openConsoleKeys({ disk, random: createSystemRandom(), folder, setting: keys });
  return made;
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

async function becomeReady(
  wire: Wire,
  { readyUrl: url }: PlannedProcess,
  { supervisor, processes }: { readonly supervisor: Supervisor; readonly processes: readonly PlannedProcess[] },
): Promise<void> {
  const until = Date.now() + readyWithinMs;
  for (;;) {
    const { status } = await wire.send({ method: 'GET', url, headers: {}, from: null });
    if (status === 200) return;
    const failing = processes.find(({ name }) => supervisor.restarts(name) >= hopelessRestarts);
    if (failing !== undefined) {
      throw new AdtallyError('NOT_READY', `${failing.name} keeps ending; its last lines say why`);
    }
    if (Date.now() > until) throw new AdtallyError('NOT_READY', `${url} did not become ready in ${readyWithinMs} ms`);
    await new Promise((settle) => setTimeout(settle, askAgainMs));
  }
}
