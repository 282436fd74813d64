import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { embeddedLogShards } from '../../adapters/embedded/log-shards.ts';
import { readSettings, type Settings } from '../../config/settings.ts';
import { AdtallyError } from '../../domain/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Where one installation keeps what can be moved. Two places are the same if they are equal texts; none shows a password. */
export interface Installation {
  readonly settings: Settings;
  readonly dataDir: string;
  readonly log: string;
  readonly ledger: string;
  readonly keys: string;
  readonly views: string;
  readonly registry: string;
}

/** What is kept in another place afterwards. */
export type Moved = 'log' | 'ledger' | 'keys' | 'views';
export const movable: readonly Moved[] = ['log', 'ledger', 'keys', 'views'];

const pair = /^([A-Z][A-Z0-9_]*)=(.*)$/s;

/**
 * Settings as one is given them on the command line: files in the form of `.env`, and `NAME=value`, the later ones before the earlier ones. A file stands for
 * itself; without one, what is not named is as in `base`. Error: `BAD_SETTING`.
 */
export function readEnvironment(given: readonly string[], base: Env): Env {
  const isWhole = given.some((one) => !pair.test(one));
  let env: Env = isWhole ? {} : base;
  for (const one of given) {
    const [, name = '', value = ''] = pair.exec(one) ?? [];
    env = name === '' ? { ...env, ...readFile(one) } : { ...env, [name]: value };
  }
  return env;
}

function readFile(path: string): Env {
  if (existsSync(path)) return parseEnv(readFileSync(path, 'utf8'));
  throw new AdtallyError('BAD_SETTING', `${JSON.stringify(path)} is neither a file of settings nor NAME=value`);
}

/** The installation that is copied. The number of its shards is looked up where that can be done. */
export function readSource(env: Env): Installation {
  const { logUrl, dataDir } = readSettings(env);
  if (logUrl !== 'embedded') return installationOf(env);
  const shards = embeddedLogShards(join(resolve(dataDir), 'log'));
  if (shards === null) throw new AdtallyError('NOT_READY', `there is no log to copy in ${resolve(dataDir)}`);
  return installationOf({ ...env, SHARDS: String(shards) });
}

/** The installation that it becomes, with as many shards. Error: `BAD_SETTING`. */
export function readTarget(env: Env, source: Installation): Installation {
  const { shards } = source.settings;
  const target = installationOf({ ...env, SHARDS: env['SHARDS'] || String(shards) });
  if (target.settings.shards === shards) return target;
  const detail = `the target has SHARDS=${target.settings.shards}, the source ${shards}: the number of shards can never change`;
  throw new AdtallyError('BAD_SETTING', detail);
}

/** What is to be copied. Error: `BAD_SETTING` if that makes no sense. */
export function movedBetween(source: Installation, target: Installation): ReadonlySet<Moved> {
  const moved = new Set(movable.filter((what) => source[what] !== target[what]));
  if (moved.size === 0 && source.dataDir === target.dataDir)
    throw new AdtallyError('BAD_SETTING', `source and target are one installation: --to names nothing else`);
  for (const what of ['log', 'ledger'] as const) {
    if (moved.has(what) || source.registry === target.registry) continue;
    const detail = `the ${what} stays at ${source[what]}, but its schemas would be those of ${target.registry}: move it too`;
    throw new AdtallyError('BAD_SETTING', detail);
  }
  return moved;
}

function installationOf(env: Env): Installation {
  const settings = readSettings(env);
  const { logUrl, ledgerUrl, keysUrl, viewsUrl, schemaRegistryUrl } = settings;
  const dataDir = resolve(settings.dataDir);
  const local = (folder: string) => join(dataDir, folder);
  return {
    settings: { ...settings, dataDir },
    dataDir,
    log: logUrl === 'embedded' ? local('log') : `kafka://${logUrl.brokers.toSorted().join(',')}/${logUrl.prefix}`,
    ledger:
      ledgerUrl === 'embedded'
        ? local('ledger')
        : `esdb://${ledgerUrl.endpoints.map(({ address, port }) => `${address}:${port}`).join(',')}/${ledgerUrl.streamPrefix}`,
    keys: keysUrl === 'embedded' ? local('keys') : withoutUser(keysUrl),
    views: viewsUrl === 'embedded' ? local('views') : withoutUser(viewsUrl),
    registry: schemaRegistryUrl === 'embedded' ? 'the files of this build' : withoutUser(schemaRegistryUrl),
  };
}

function withoutUser(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
