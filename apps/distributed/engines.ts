import { join } from 'node:path';
import { AdtallyError } from '../../domain/errors.ts';
import { type Engine, findEngine, type RunningEngine, startEngine } from '../../scripts/engines/engine.ts';
import { engines, upFolder } from '../../scripts/engines/engines.ts';
import type { Kill } from '../../simulate/faults.ts';

/** The engines of a distributed run. */
export interface RunEngines {
  /** Settings that name them. */
  readonly urls: Readonly<Record<string, string>>;
  /** Names of those that this machine runs: they can be killed. */
  readonly local: readonly string[];
  /** `kill -9` of one of `local`; resolves when it has started again on the same data. */
  killAndRestart(name: string, startedAt: number): Promise<Kill>;
  /** Ends those that were started for this run. */
  stop(): Promise<void>;
}

export interface RunEnginesOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Where those that have to be started keep their data. */
  readonly folder: string;
  /** Apart from others on the same engines: prefix of topics, groups and streams. */
  readonly prefix: string;
  readonly say: (line: string) => void;
}

interface LocalEngine {
  readonly engine: Engine;
  readonly folder: string;
  readonly isOwn: boolean;
  readonly url: string;
}

/**
 * Finds or starts an engine for every port: the one that a setting names, else the one that `npm run engines:up` started, else one of its own
 * on loopback. Error: `BAD_SETTING` for one that can't be had here.
 */
export async function openRunEngines({ env, folder, prefix, say }: RunEnginesOptions): Promise<RunEngines> {
  const missing = engines.filter(({ variable }) => !isGiven(env[variable]));
  const found = await Promise.allSettled(missing.map((engine) => open(engine, join(folder, engine.name), say)));
  const local = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async () => {
    await Promise.all(local.filter(({ isOwn }) => isOwn).map(async (one) => findEngine(one.folder)?.stop()));
  };
  const failed = found.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const urls = Object.fromEntries(local.map(({ engine, url }) => [engine.variable, ownPart(engine, url, prefix)]));
  return {
    urls,
    local: local.map(({ engine }) => engine.name),
    killAndRestart: (name, startedAt) => killAndRestart(local, name, startedAt),
    stop,
  };
}

/** Ends what an earlier run may have left running in its folder. */
export async function endLeftEngines(folder: string): Promise<void> {
  await Promise.all(engines.map(async ({ name }) => findEngine(join(folder, name))?.stop()));
}

function isGiven(url: string | undefined): boolean {
  return url !== undefined && url !== '' && url !== 'embedded';
}

async function open(engine: Engine, folder: string, say: (line: string) => void): Promise<LocalEngine> {
  const up = findEngine(upFolder(engine));
  if (up !== null) return { engine, folder: upFolder(engine), isOwn: false, url: up.url };
  const reason = await engine.prepare(say);
  if (reason !== null) {
    const sentence = `${engine.variable} is not set, and ${engine.name} can't be had here: ${reason}`;
    throw new AdtallyError('BAD_SETTING', sentence);
  }
  const { url } = await startEngine(engine, folder);
  return { engine, folder, isOwn: true, url };
}

/** Others may work on the same engines. Redis needs nothing: its keys begin with what is random in every run. */
function ownPart({ variable }: Engine, url: string, prefix: string): string {
  if (variable === 'LOG_URL') return url.replace(/\?|$/, `/${prefix}?`);
  if (variable === 'LEDGER_URL') return `${url}&streamPrefix=${prefix}-`;
  return url;
}

async function killAndRestart(local: readonly LocalEngine[], name: string, startedAt: number): Promise<Kill> {
  const { engine, folder } = local.find((one) => one.engine.name === name) ?? {};
  const running: RunningEngine | null = folder === undefined ? null : findEngine(folder);
  if (engine === undefined || folder === undefined || running === null) {
    throw new AdtallyError('NOT_READY', `${name} does not run on this machine`);
  }
  const killedAt = Date.now();
  await running.kill();
  await startEngine(engine, folder);
  return { process: name, atMs: killedAt - startedAt, backAfterMs: Date.now() - killedAt };
}
