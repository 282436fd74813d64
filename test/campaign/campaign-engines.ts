import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, freePort, startEngine } from '../../scripts/engines/engine.ts';
import { eventStoreDbDoubleEngine } from '../../scripts/engines/eventstoredb-double.ts';
import { createKafka } from '../../scripts/engines/kafka.ts';
import { redisKeysEngine, redisViewsEngine } from '../../scripts/engines/redis.ts';
import { schemaRegistryEngine } from '../../scripts/engines/schema-registry.ts';
import { FaultProxy } from './fault-proxy.ts';

/** A server of the campaign, behind a proxy. */
export interface CampaignEngine {
  readonly name: string;
  readonly proxy: FaultProxy;
  /** `kill -9`, away for a while, then started on the data that it had. */
  restart(awayMs: number): Promise<void>;
  /** Stands still for a while. */
  freeze(forMs: number): Promise<void>;
}

export interface CampaignEngines {
  readonly engines: readonly CampaignEngine[];
  /** Settings that name the servers by their proxies. @param prefix apart from other rounds */
  urls(prefix: string): Readonly<Record<string, string>>;
  /** The same past the proxies; Kafka names its proxy all the same. */
  directUrls(prefix: string): Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

interface Running extends CampaignEngine {
  readonly variable: string;
  readonly url: string;
  end(): Promise<void>;
}

/** Makes an engine that tells its clients to find it at its proxy. */
const makers = {
  kafka: (host: string, { port }: FaultProxy) => createKafka(null, { host, port }),
  'redis-views': () => redisViewsEngine,
  'redis-keys': () => redisKeysEngine,
  'schema-registry': () => schemaRegistryEngine,
  'eventstoredb-double': () => eventStoreDbDoubleEngine,
} as const;

export type CampaignEngineName = keyof typeof makers;
export const allEngines = Object.keys(makers) as readonly CampaignEngineName[];

export interface CampaignEnginesOptions {
  readonly folder: string;
  /** Address of this machine on which the proxies listen. */
  readonly host: string;
  readonly names: readonly CampaignEngineName[];
}

/** Starts servers, each behind a proxy. Throws if one can't be had. */
export async function startCampaignEngines({ folder, host, names }: CampaignEnginesOptions): Promise<CampaignEngines> {
  const begun = await Promise.allSettled(names.map((name) => start(name, join(folder, name), host)));
  const running = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async () => void (await Promise.all(running.map((one) => one.end())));
  const failed = begun.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const proxied = ({ url, proxy }: Running) => url.replace(/127\.0\.0\.1:\d+/, `${host}:${proxy.port}`);
  const urls = (prefix: string, urlOf: (one: Running) => string) =>
    Object.fromEntries(running.map((one) => [one.variable, ownPart(one.variable, urlOf(one), prefix)]));
  return {
    engines: running,
    urls: (prefix) => urls(prefix, proxied),
    directUrls: (prefix) => urls(prefix, ({ url }) => url),
    stop,
  };
}

async function start(name: CampaignEngineName, folder: string, host: string): Promise<Running> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  // The proxy has to know the port before the server does.
  writeFileSync(join(folder, 'port'), String(port));
  const proxy = await FaultProxy.start({ target: { host: '127.0.0.1', port }, listen: { host, port: 0 } });
  const engine: Engine = makers[name](host, proxy);
  const reason = await engine.prepare((line) => process.stderr.write(`${line}\n`));
  if (reason !== null) throw new Error(`${name} can't be had here: ${reason}`);
  let running = await startEngine(engine, folder);
  return {
    name,
    variable: engine.variable,
    url: running.url,
    proxy,
    restart: async (awayMs) => {
      await running.kill();
      await pause(awayMs);
      running = await startEngine(engine, folder);
    },
    freeze: (forMs) => freeze(running.pid, forMs),
    end: async () => {
      await running.kill();
      await proxy.close();
    },
  };
}

async function freeze(pid: number, forMs: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await pause(forMs);
  process.kill(pid, 'SIGCONT');
}

/** Rounds share the servers. Redis needs nothing: its keys begin with what is random in every run. */
function ownPart(variable: string, url: string, prefix: string): string {
  if (variable === 'LOG_URL') return url.replace(/\?|$/, `/${prefix}?`);
  return variable === 'LEDGER_URL' ? `${url}&streamPrefix=${prefix}-` : url;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
