import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { deriveLimits } from '../../config/limits.ts';
import { AdtallyError } from '../../domain/errors.ts';
import { type BidderProcess, startBidderProcess } from '../bidder-process.ts';
import { embeddedStage, type Stage, type StageOptions } from '../demo-stage.ts';
import { type Command, exitCodes } from '../exit-codes.ts';
import { type Platform, startPlatform } from '../platform.ts';
import { publishDemo } from '../publish-demo.ts';
import { runSimulation, type SimulationRun } from '../simulation-run.ts';
import { asText, numberOf, ratesOf } from './simulate.ts';

const usage = `adtally demo [options]

Starts the platform on a fresh data directory, with a hold of 10 s and short token lives, runs simulated traffic with every misbehaviour against
it, kills each process once, waits until all windows close, and holds every truth against the simulator's own account.

  --engines WHICH    embedded (default): one process of each kind on the engines of this machine. distributed: two serve, three streams and a
                     console on Kafka, a schema registry, Redis and EventStoreDB, by the settings that name them; those that none names are
                     what npm run engines:up started, or are started for the demo. The broker is killed as well, and a second owner of shards
                     while the rebalance after the first one is on
  --data DIR         data directory; one that exists is emptied if a demo made it, and refused otherwise (default data-demo)
  --seed TEXT        default 1
  --selections N     default 20000; distributed: 4000
  --rate N           visits a second (default 260, distributed: 40; fewer where the machine can't take so many)
  --requests DIR     pages and devices from the OpenRTB bid requests in DIR/valid
  --bidders N        N simulated bidders of OpenRTB buy as well, a third of them volatile, some lying or dead (default 0)
  --kills N          kill -9 of each so often (default 1)
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
  MODEL_WAIT_MS: '5s',
  MODEL_PUBLISH_MS: '10s',
} as const;

/** What must have gone wrong at least for the demo to mean something. The plan's own rates lie somewhat above. */
const leastRates = { duplicates: 0.05, late: 0.01, forged: 0.005, bots: 0.08 } as const;

/** Among few selections what is rare might by chance not come as often as is asked for. */
const smallSelections = 5_000;
const ratesOfFew = { duplicates: 0.13, late: 0.03, forged: 0.04 } as const;

/** From this size on a farm shows in every shard: some of what it is charged is to be voided and some to be reversed. */
const wholeSelections = 20_000;

/** Selections and visits a second. Several processes and engines on one machine need more time, and faults need some to be seen under load. */
const sizes = {
  embedded: { selections: wholeSelections, rate: 260 },
  distributed: { selections: 4_000, rate: 40 },
} as const;

/** Visits are held back while so many requests are unanswered, so that a slow machine takes longer instead of losing its breath. */
const mostUnderWay = 150;

const options = {
  engines: { type: 'string', default: 'embedded' },
  data: { type: 'string', default: 'data-demo' },
  seed: { type: 'string', default: '1' },
  selections: { type: 'string' },
  rate: { type: 'string' },
  requests: { type: 'string' },
  bidders: { type: 'string', default: '0' },
  kills: { type: 'string', default: '1' },
  keep: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
} as const;

function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

type Values = ReturnType<typeof readArguments>;

function readArguments(args: readonly string[]) {
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const engines = enginesOf(values.engines);
  const { selections = String(sizes[engines].selections), rate = String(sizes[engines].rate) } = values;
  return {
    ...values,
    engines,
    selections: numberOf('selections', selections, 10_000_000),
    rate: numberOf('rate', rate, 100_000),
    kills: numberOf('kills', values.kills, 100),
    bidders: numberOf('bidders', values.bidders, 1_000),
  };
}

async function run(args: readonly string[]): Promise<number> {
  const values = readArguments(args);
  const startedAt = Date.now();
  const sayAt = (sentence: string) => say(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${sentence}`);
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
  });
  const { engines, data, kills } = values;
  const stage = await openStage(engines, { env: process.env, dataDir: resolve(data), kills, say: sayAt });
  try {
    const bidders = values.bidders === 0 ? null : await startBidderProcess(biddersOf(values));
    try {
      const platform = await startOn(stage, values, sayAt);
      try {
        return await perform({ platform, bidders, stage, values, interrupted, sayAt });
      } finally {
        await platform.stop();
      }
    } finally {
      await bidders?.stop();
    }
  } finally {
    await stage.close();
  }
}

/** They bid so much that about half of what they can buy is theirs. */
function biddersOf({ bidders, seed }: Values): readonly string[] {
  return ['--count', String(bidders), '--seed', seed, '--price', '4'];
}

/** Simulated bidders are on this machine. What has no time for them is not what is shown here: only a process that stands still does without. */
const withBidders = { BIDDER_ADDRESSES_ALLOWED: '127.0.0.1/32', OVERLOAD_TURN_MS: '2000' };

function startOn(
  stage: Stage,
  { data, verbose, bidders }: Values,
  sayAt: (sentence: string) => void,
): Promise<Platform> {
  return startPlatform({
    env: {
      SERVE_PORT: '0',
      CONSOLE_PORT: '0',
      ...process.env,
      ...demoSettings,
      ...(bidders > 0 && withBidders),
      ...stage.env,
      DATA_DIR: data,
    },
    scale: stage.scale,
    onLine: (name, line) => {
      stage.onLine(name, line);
      if (verbose) say(`  ${name.padEnd(9)} │ ${line}`);
    },
    onRestart: (name, reason) => {
      stage.onEnded(name);
      sayAt(`${name} ended (${reason}) and is started again`);
    },
  });
}

interface Performance {
  readonly platform: Platform;
  readonly bidders: BidderProcess | null;
  readonly stage: Stage;
  readonly values: Values;
  readonly interrupted: Promise<'interrupted'>;
  readonly sayAt: (sentence: string) => void;
}

/** Resolves with the exit code. */
async function perform(performance: Performance): Promise<number> {
  const { platform, values, interrupted, sayAt } = performance;
  sayAt(`the platform is ready: ${platform.consoleUrl}/ (data in ${platform.dataDir})`);
  await publishDemo(platform);
  const done = await Promise.race([simulateOn(performance), interrupted]);
  if (done === 'interrupted') return exitCodes.couldNotRun;
  for (const line of asText(done)) say(line);
  sayAt('done');
  if (values.keep) await keep(platform, interrupted);
  return done.holds ? exitCodes.tallies : exitCodes.differs;
}

function enginesOf(text: string): keyof typeof sizes {
  if (text === 'embedded' || text === 'distributed') return text;
  throw new AdtallyError('BAD_SETTING', `--engines must be embedded or distributed, not ${JSON.stringify(text)}`);
}

/** The engines of a distributed run are started by what is only in a working copy: nothing of it is loaded for the embedded one. */
async function openStage(engines: keyof typeof sizes, options: StageOptions): Promise<Stage> {
  if (engines === 'embedded') {
    await prepareFolder(options.dataDir, async () => undefined);
    return embeddedStage(options);
  }
  const { endLeftOver, openDistributedStage } = await import('../distributed/stage.ts');
  await prepareFolder(options.dataDir, () => endLeftOver(options.dataDir));
  return openDistributedStage(options);
}

async function simulateOn({ platform, bidders, stage, values, sayAt: say }: Performance): Promise<SimulationRun> {
  const { selections, rate: perSecond, seed, requests } = values;
  const { settings, client, serveUrls } = platform;
  const rates = { ...ratesOf({}), ...(selections < smallSelections && ratesOfFew) };
  const least = selections >= wholeSelections ? 1 : 0;
  const { faults, kills } = stage.plan(platform);
  const run = await runSimulation({
    settings,
    limits: deriveLimits(settings),
    client,
    serveUrls,
    seed,
    selections,
    perSecond,
    mostUnderWay,
    rates,
    faults,
    requests: requests ?? null,
    bidders,
    demands: { selections, rates: { ...rates, ...leastRates }, kills, voided: least, reversed: least },
    say,
  });
  const checks = [...run.checks, ...(await stage.check(platform))];
  return { ...run, checks, holds: checks.every(({ holds }) => holds) };
}

async function keep({ consoleUrl, madeKeys }: Platform, interrupted: Promise<unknown>): Promise<void> {
  say(`\nThe platform goes on: ${consoleUrl}/ and ${consoleUrl}/demo. Ctrl-C stops it.`);
  for (const [role, key] of madeKeys ?? []) say(`  ${role.padEnd(10)} ${key}`);
  await interrupted;
}

/** A demo starts from nothing; what it did not make itself it does not touch. @param endLeftOver called before an earlier demo's data go */
async function prepareFolder(folder: string, endLeftOver: () => Promise<void>): Promise<void> {
  const mark = join(folder, 'demo');
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    if (!existsSync(mark)) {
      throw new AdtallyError('BAD_SETTING', `${folder} exists and was not made by a demo; name another with --data`);
    }
    await endLeftOver();
    rmSync(folder, { recursive: true });
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(mark, '');
}
