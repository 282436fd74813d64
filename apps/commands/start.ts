import { parseArgs } from 'node:util';
import { type Command, exitCodes } from '../exit-codes.ts';
import { type Platform, startPlatform } from '../platform.ts';
import { openProcessLog } from '../process-log.ts';
import { publishDemo } from '../publish-demo.ts';

const usage = `adtally start

Runs streams, console and serve on this machine, on the embedded engines in DATA_DIR, and starts each again whenever it ends. Into an empty
catalogue it publishes a small one to play with. Ctrl-C stops it; started again, it carries on where it was.
Settings come from the environment; the README has their table.`;

export const command: Command = { usage, run };

async function run(args: readonly string[]): Promise<number> {
  parseArgs({ args: [...args], options: {}, strict: true });
  return start();
}

const isJson = process.env['LOG_FORMAT'] === 'json';

function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Between lines of JSON only further ones may stand, but for keys, which are shown once. */
function sayToPeople(line = ''): void {
  if (!isJson) say(line);
}

async function start(): Promise<number> {
  const startedAt = Date.now();
  sayToPeople('Adtally is starting …');
  const stopped = waitForSignal();
  const log = isJson ? openProcessLog('start') : null;
  const platform = await startPlatform({
    env: process.env,
    onLine: (name, line) => say(isJson ? line : `  ${name.padEnd(7)} │ ${line}`),
    onRestart: (name, reason) => {
      const sentence = `${name} ended (${reason}) and is started again`;
      if (log === null) say(`  ${sentence}`);
      else log.say('warn', 'PROCESS_RESTARTED', sentence, { name });
    },
  });
  if (await publishDemo(platform)) {
    sayToPeople('  The catalogue was empty: published two advertisers, a publisher and three placements to play with.');
  }
  log?.say('info', 'PROCESS_STARTED', `the platform answers at ${platform.consoleUrl}`);
  await greet(platform, Date.now() - startedAt);
  const signal = await stopped;
  sayToPeople(`\n${signal}: stopping; what was accepted is written down first …`);
  await platform.stop();
  log?.say('info', 'PROCESS_STOPPED', 'stopped');
  sayToPeople('Stopped.');
  return exitCodes.tallies;
}

/** A second signal ends the process as usual: whoever presses Ctrl-C twice does not want to wait. */
function waitForSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(signal));
  });
}

const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

interface PlacementRow {
  readonly placement_id: string;
  readonly name: string;
}

async function greet(platform: Platform, tookMs: number): Promise<void> {
  const { consoleUrl, madeKeys, dataDir } = platform;
  sayToPeople(
    `\nAdtally runs (ready after ${(tookMs / 1000).toFixed(1)} s, data in ${dataDir}). Open\n\n  ${consoleUrl}/demo\n`,
  );
  if (madeKeys !== null) {
    say('Keys of the roles, made just now and shown this once (the console keeps only their hashes):\n');
    for (const [role, key] of madeKeys) say(`  ${role.padEnd(10)} ${key}`);
    sayToPeople();
  }
  sayToPeople('Try, in another terminal:\n');
  for (const command of await commandsToTry(platform)) sayToPeople(`  ${command}`);
  sayToPeople('\nCtrl-C stops it.');
}

/** Three commands that work as they stand here. */
async function commandsToTry({ client, serveUrl, settings, madeKeys }: Platform): Promise<string[]> {
  const { items } = await client.get<{ items: readonly PlacementRow[] }>('/v1/placements?limit=1');
  // A browser's name: to the platform, curl is a robot that says so, and robots get no ad.
  const slots = [{ id: 'top', placement_id: items[0]?.placement_id ?? 'pl_…' }];
  const body = JSON.stringify({ slots, device: { ua: browser } });
  const data = process.env['DATA_DIR'] === undefined ? '' : `DATA_DIR=${settings.dataDir} `;
  const port = process.env['CONSOLE_PORT'] === undefined ? '' : `CONSOLE_PORT=${settings.consolePort} `;
  const key = madeKeys?.get('auditor') ?? "'the key of an auditor'";
  return [
    `curl -s ${serveUrl}/v1/decisions -H 'content-type: application/json' -d '${body}'`,
    `${data}npx adtally ledger balances --truth tentative`,
    `${port}CONSOLE_KEY=${key} npx adtally reconcile`,
  ];
}
