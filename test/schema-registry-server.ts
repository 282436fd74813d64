import { join } from 'node:path';
import { type RunningEngine, startEngine } from '../scripts/engines/engine.ts';
import { schemaRegistryEngine } from '../scripts/engines/schema-registry.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** A real schema registry of a test's own, empty at first. */
export interface SchemaRegistryServer {
  readonly url: string;
  kill(): Promise<void>;
  /** On the same port, with the same schemas. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** Why tests on a schema registry are skipped, or null. Nothing is skipped where engines are required. */
export async function whySkipRegistry(): Promise<string | null> {
  const reason = await schemaRegistryEngine.prepare((line) => void process.stderr.write(`${line}\n`));
  if (reason !== null && process.env['ENGINES_REQUIRED'] === '1') throw new Error(`schema registry: ${reason}`);
  return reason;
}

export async function startSchemaRegistry(): Promise<SchemaRegistryServer> {
  const folder = makeTemporaryFolder();
  const start = () => startEngine(schemaRegistryEngine, join(folder.path, 'registry'));
  let running: RunningEngine = await start();
  return {
    url: running.url,
    kill: () => running.kill(),
    restart: async () => {
      running = await start();
    },
    end: async () => {
      await running.kill();
      folder.remove();
    },
  };
}
