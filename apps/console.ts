import { join } from 'node:path';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemDisk } from '../adapters/system/disk.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import { deriveLimits } from '../config/limits.ts';
import { readSettings } from '../config/settings.ts';
import { buildConsole } from '../dashboards/console-app.ts';
import { openConsoleKeys } from '../dashboards/console-keys.ts';
import { TruthChecks } from '../dashboards/overview/truth-checks.ts';
import { truthReaders } from '../dashboards/overview/truth-lags.ts';
import { truthLagDeps } from './console-watch.ts';
import { openConsoleParts } from './console-parts.ts';
import { consoleRoutes } from './console-routes.ts';
import { openSchemas } from './engines.ts';
import { openProcessLog } from './process-log.ts';
import { runKeys } from './run-key.ts';

const processLog = openProcessLog('console');

/** Something that can't pass: the supervisor starts the console again. */
function die(error: unknown): never {
  return processLog.die(error);
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  deriveLimits(settings);
  const [clock, disk, random] = [createSystemClock(), createSystemDisk(), createSystemRandom()];
  const registry = await openSchemas(settings, clock);
  const secrets = join(settings.dataDir, 'secrets');
  const { keys, made } = await openConsoleKeys({ disk, random, folder: secrets, setting: settings.keys });
  const parts = await openConsoleParts({ settings, clock, disk, random, registry, onFailure: die });
  const truths = new TruthChecks({
    clock,
    readers: truthReaders(truthLagDeps(parts)),
    onUnread: (truth, error) => {
      const sentence = error instanceof Error ? error.message : String(error);
      processLog.say('warn', 'TRUTH_UNREAD', `the lag of ${truth} can't be read: ${sentence}`, { truth });
    },
  });
  const app = await buildConsole({
    keys: [...keys, ...runKeys(process.env)],
    routes: consoleRoutes({ ...parts, truths }),
    onError: (error) => processLog.failure(error),
  });
  await app.listen({ host: settings.consoleHost, port: settings.consolePort });
  processLog.say('info', 'PROCESS_STARTED', `listens on http://${settings.consoleHost}:${settings.consolePort}`);
  // No line of the log, which would hide it: whoever starts it has to see it once.
  for (const [role, key] of made ?? [])
    process.stdout.write(`console: made the key of ${role}, shown this once: ${key}\n`);

  truths.start();
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await app.close();
    await truths.stop();
    await parts.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop().catch(die));
}

await main().catch(die);
