import { join } from 'node:path';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemDisk } from '../adapters/system/disk.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import { deriveLimits } from '../config/limits.ts';
import { readSettings } from '../config/settings.ts';
import { buildConsole } from '../dashboards/console-app.ts';
import { openConsoleKeys } from '../dashboards/console-keys.ts';
import { isAdtallyError } from '../domain/errors.ts';
import { openConsoleParts } from './console-parts.ts';
import { consoleRoutes } from './console-routes.ts';
import { openSchemas } from './engines.ts';
import { runKeys } from './run-key.ts';

function say(sentence: string): void {
  process.stderr.write(`console: ${sentence}\n`);
}

/** What went wrong: one sentence for what is known, where it happened for what is not. */
function describe(error: unknown): string {
  if (isAdtallyError(error) && error.code !== 'INVARIANT_BROKEN') return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Something that can't pass: the supervisor starts the console again. */
function die(error: unknown): never {
  say(describe(error));
  process.exit(1);
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  deriveLimits(settings);
  const [clock, disk, random] = [createSystemClock(), createSystemDisk(), createSystemRandom()];
  const registry = await openSchemas(settings, clock);
  const secrets = join(settings.dataDir, 'secrets');
  const { keys, made } = await openConsoleKeys({ disk, random, folder: secrets, setting: settings.keys });
  const parts = await openConsoleParts({ settings, clock, disk, random, registry, onFailure: die });
  const app = await buildConsole({
    keys: [...keys, ...runKeys(process.env)],
    routes: consoleRoutes(parts),
    onError: (error) => say(error.stack ?? error.message),
  });
  await app.listen({ host: settings.consoleHost, port: settings.consolePort });
  process.stdout.write(`console: listens on http://${settings.consoleHost}:${settings.consolePort}\n`);
  for (const [role, key] of made ?? [])
    process.stdout.write(`console: made the key of ${role}, shown this once: ${key}\n`);

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await app.close();
    await parts.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop().catch(die));
}

await main().catch(die);
