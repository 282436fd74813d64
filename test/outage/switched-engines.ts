import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, type RunningEngine, startEngine } from '../../scripts/engines/engine.ts';
import { eventStoreDbDoubleEngine } from '../../scripts/engines/eventstoredb-double.ts';
import { kafkaEngine } from '../../scripts/engines/kafka.ts';
import { redisKeysEngine, redisViewsEngine } from '../../scripts/engines/redis.ts';
import { schemaRegistryEngine } from '../../scripts/engines/schema-registry.ts';
import { startClickhouse } from '../clickhouse/clickhouse-server.ts';

export const engineNames = ['kafka', 'redis', 'registry', 'ledger', 'warehouse'] as const;
export type EngineName = (typeof engineNames)[number];

/** How an engine goes away: its processes are killed, or they stand still and keep their connections. */
export type Outage = 'killed' | 'frozen';

/** The servers of one kind, which go away and come back together, each with the data and the port that it had. */
export interface SwitchedEngine {
  /** Settings that name them. */
  readonly urls: Readonly<Record<string, string>>;
  readonly outages: readonly Outage[];
  takeAway(outage: Outage): Promise<void>;
  bringBack(): Promise<void>;
  /** Ends them for good. */
  end(): Promise<void>;
}

const local: Readonly<Record<Exclude<EngineName, 'warehouse'>, readonly Engine[]>> = {
  kafka: [kafkaEngine],
  redis: [redisViewsEngine, redisKeysEngine],
  registry: [schemaRegistryEngine],
  ledger: [eventStoreDbDoubleEngine],
};

/** Why an engine can't be had here, or null. */
export async function whyMissing(name: EngineName): Promise<string | null> {
  if (name === 'warehouse') return null;
  const reasons = await Promise.all(local[name].map((engine) => engine.prepare((line) => process.stderr.write(line))));
  return reasons.find((reason) => reason !== null) ?? null;
}

/** Starts the servers of one kind with their data in a folder. Throws if they can't be had. */
export async function startSwitched(name: EngineName, folder: string): Promise<SwitchedEngine> {
  const missing = await whyMissing(name);
  if (missing !== null) throw new Error(`${name} can't be had here: ${missing}`);
  return name === 'warehouse' ? startWarehouse() : startLocal(local[name], folder);
}

async function startLocal(engines: readonly Engine[], folder: string): Promise<SwitchedEngine> {
  mkdirSync(folder, { recursive: true });
  const start = (engine: Engine) => startEngine(engine, join(folder, engine.name));
  let running: readonly RunningEngine[] = await Promise.all(engines.map(start));
  let frozen: readonly RunningEngine[] = [];
  const thaw = () => {
    for (const { pid } of frozen) process.kill(pid, 'SIGCONT');
    frozen = [];
  };
  return {
    urls: Object.fromEntries(engines.map(({ variable }, i) => [variable, running[i]?.url ?? ''])),
    outages: ['killed', 'frozen'],
    async takeAway(outage) {
      if (outage === 'killed') return void (await Promise.all(running.map((one) => one.kill())));
      for (const { pid } of running) process.kill(pid, 'SIGSTOP');
      frozen = running;
    },
    async bringBack() {
      if (frozen.length > 0) return thaw();
      running = await Promise.all(engines.map(start));
    },
    async end() {
      thaw();
      await Promise.all(running.map((one) => one.kill()));
    },
  };
}

/** ClickHouse's interface over chDB, in a process of its own. */
async function startWarehouse(): Promise<SwitchedEngine> {
  const server = await startClickhouse();
  return {
    urls: { WAREHOUSE_URL: `${server.url}/adtally` },
    outages: ['killed'],
    takeAway: () => server.kill(),
    bringBack: () => server.start(),
    end: () => server.remove(),
  };
}
