import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { deriveLimits } from '../../config/limits.ts';
import { AdtallyError } from '../../domain/errors.ts';
import { type Command, exitCodes } from '../exit-codes.ts';
import { type Platform, startPlatform } from '../platform.ts';
import { publishDemo } from '../publish-demo.ts';
import { runSimulation } from '../simulation-run.ts';
import { asText, numberOf, ratesOf } from './simulate.ts';

const usage = `adtally demo [options]

Starts the platform on a fresh data directory, with a hold of 10 s and short token lives, runs simulated traffic with every misbehaviour against
it, kills each process once, waits until all windows close, and holds every truth against the simulator's own account.

  --data DIR         data directory; one that exists is emptied if a demo made it, and refused otherwise (default data-demo)
  --seed TEXT        default 1
  --selections N     default 20000
  --rate N           visits a second (default 260; fewer where the machine can't take so many)
  --requests DIR     pages and devices from the OpenRTB bid requests in DIR/valid
  --kills N          kill -9 of each process so often (default 1)
  --keep             leaves the platform running afterwards, until Ctrl-C
  --verbose          shows what the processes say

Exit 0: everything tallies; 1: something does not; 2: it could not run.`;

export const command: Command = { usage, run: (args) => run(args) };

/** Windows close soon, so that a demo ends: everything else is as the platform always runs. */
const demoSettings = {
  HOLD_MS: '10s',
  IMPRESSION_TOKEN_MS: '20s',
  CLICK_TOKEN_MS: '25s',
  BUFFER_BOUND_MS: '5s',
  CLOCK_SKEW_MS: '500',
  QUALITY_CLICK_DELAY_MS: '5s',
  // A click is judged up to half a window later, which is twice the hold: one part is voided, the other was certified and has to be reversed.
  QUALITY_FARM_WINDOW_MS: '40s',
} as const;

/** What must have gone wrong at least for the demo to mean something. The plan's own rates lie somewhat above. */
const leastRates = { duplicates: 0.05, late: 0.01, forged: 0.005, bots: 0.08 } as const;

/** From this size on a farm shows in every shard: some of what it is charged is to be voided and some to be reversed. */
const wholeSelections = 20_000;

/** Visits are held back while so many requests are unanswered, so that a slow machine takes longer instead of losing its breath. */
const mostUnderWay = 150;

const options = {
  data: { type: 'string', default: 'data-demo' },
  seed: { type: 'string', default: '1' },
  selections: { type: 'string', default: String(wholeSelections) },
  rate: { type: 'string', default: '260' },
  requests: { type: 'string' },
  kills: { type: 'string', default: '1' },
  keep: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
} as const;

function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const startedAt = Date.now();
  const stamp = () => `${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s`;
  prepareFolder(values.data);
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
  });
  const platform = await startPlatform({
    env: { SERVE_PORT: '0', CONSOLE_PORT: '0', ...process.env, ...demoSettings, DATA_DIR: values.data },
    onLine: (name, line) => values.verbose && say(`  ${name.padEnd(7)} │ ${line}`),
    onRestart: (name, reason) => say(`${stamp()}  ${name} ended (${reason}) and is started again`),
  });
  say(`${stamp()}  the platform is ready: ${platform.consoleUrl}/ (data in ${platform.dataDir})`);
  let code: number = exitCodes.couldNotRun;
  try {
    await publishDemo(platform);
    const traffic = simulateOn(platform, values, (sentence) => say(`${stamp()}  ${sentence}`));
    const done = await Promise.race([traffic, interrupted]);
    if (done === 'interrupted') return exitCodes.couldNotRun;
    say(asText(done).join('\n'));
    say(`Took ${stamp().trim()}.`);
    code = done.holds ? exitCodes.tallies : exitCodes.differs;
    if (values.keep) await keep(platform, interrupted);
  } finally {
    await platform.stop();
  }
  return code;
}

function simulateOn(
  { settings, client, serveUrl, dataDir }: Platform,
  values: { seed: string; selections: string; rate: string; kills: string; requests?: string | undefined },
  sayLine: (sentence: string) => void,
) {
  const selections = numberOf('selections', values.selections, 10_000_000);
  const kills = numberOf('kills', values.kills, 100);
  const rates = ratesOf({});
  const least = selections >= wholeSelections ? 1 : 0;
  return runSimulation({
    settings,
    limits: deriveLimits(settings),
    client,
    serveUrls: [serveUrl],
    seed: values.seed,
    selections,
    perSecond: numberOf('rate', values.rate, 100_000),
    mostUnderWay,
    rates,
    kills,
    dataDir,
    requests: values.requests ?? null,
    demands: { selections, rates: { ...rates, ...leastRates }, kills, voided: least, reversed: least },
    say: sayLine,
  });
}

async function keep({ consoleUrl, madeKeys }: Platform, interrupted: Promise<unknown>): Promise<void> {
  say(`\nThe platform goes on: ${consoleUrl}/ and ${consoleUrl}/demo. Ctrl-C stops it.`);
  for (const [role, key] of madeKeys ?? []) say(`  ${role.padEnd(10)} ${key}`);
  await interrupted;
}

/** A demo starts from nothing; what it did not make itself it does not touch. */
function prepareFolder(folder: string): void {
  const mark = join(folder, 'demo');
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    if (!existsSync(mark)) {
      throw new AdtallyError('BAD_SETTING', `${folder} exists and was not made by a demo; name another with --data`);
    }
    rmSync(folder, { recursive: true });
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(mark, '');
}
