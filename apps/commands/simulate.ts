import { parseArgs } from 'node:util';
import { deriveLimits } from '../../config/limits.ts';
import { readSettings } from '../../config/settings.ts';
import { AdtallyError } from '../../domain/errors.ts';
import { killsOfEach } from '../../simulate/faults.ts';
import { tables, trafficLines } from '../../simulate/run-report.ts';
import { defaultRates, type Rates } from '../../simulate/visit-plan.ts';
import { consoleOptions, consoleUsage, withConsole } from '../console-connection.ts';
import { type Command, exitCodes } from '../exit-codes.ts';
import { runSimulation, type SimulationRun } from '../simulation-run.ts';

const usage = `adtally simulate [options]

People, robots and faults by seed against a running platform; then every truth is held against the simulator's own account.

  --seed TEXT          the same seed makes the same plan (default 1)
  --selections N       visits begin until so many ads were selected (default 5000)
  --rate N             visits a second (default 150)
  --most-under-way N   no visit begins while so many requests are unanswered (default: visits are never held back)
  --requests DIR       take pages and devices from the OpenRTB bid requests in DIR/valid, each at least 100 times (docs/simulator.md)
  --serve URL,URL …    public sides (default: SERVE_HOST and SERVE_PORT)
${consoleUsage}
  --kills N            kill -9 of each process so often; --data names the data directory of the platform (default 0)
  --json               the result as JSON

Shares of misbehaviour, 0 to 1:
${Object.entries(defaultRates)
  .map(([name, rate]) => `  --${optionOf(name).padEnd(18)} ${rate}`)
  .join('\n')}

The platform's settings (token lives, hold) are read from the environment: give the same as it was started with.
Exit 0: everything tallies; 1: something does not; 2: it could not run.`;

export const command: Command = { usage, run: (args) => run(args) };

function optionOf(rate: string): string {
  return rate.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const options = {
  seed: { type: 'string', default: '1' },
  selections: { type: 'string', default: '5000' },
  rate: { type: 'string', default: '150' },
  'most-under-way': { type: 'string' },
  requests: { type: 'string' },
  serve: { type: 'string' },
  ...consoleOptions,
  kills: { type: 'string', default: '0' },
  data: { type: 'string' },
  json: { type: 'boolean', default: false },
  ...Object.fromEntries(Object.keys(defaultRates).map((name) => [optionOf(name), { type: 'string' } as const])),
} as const;

/** A number of the command line. Error: `BAD_SETTING`. */
export function numberOf(name: string, text: string, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= most) return value;
  throw new AdtallyError('BAD_SETTING', `--${name} must be a number from 0 to ${most}, not ${JSON.stringify(text)}`);
}

/** Rates with those replaced that the command line gives. */
export function ratesOf(values: Readonly<Record<string, unknown>>, defaults: Rates = defaultRates): Rates {
  const rates = Object.entries(defaults).map(([name, usual]) => {
    const given = values[optionOf(name)];
    return [name, typeof given === 'string' ? numberOf(optionOf(name), given, 1) : (usual as number)];
  });
  return Object.fromEntries(rates) as Rates;
}

async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const settings = readSettings(process.env);
  const serve = values.serve ?? `http://${settings.serveHost}:${settings.servePort}`;
  const kills = numberOf('kills', values.kills, 100);
  if (kills > 0 && values.data === undefined) throw new AdtallyError('BAD_SETTING', '--kills needs --data');
  const done = await withConsole(values, (client) =>
    runSimulation({
      settings,
      limits: deriveLimits(settings),
      client,
      serveUrls: serve.split(','),
      seed: values.seed,
      selections: numberOf('selections', values.selections, 10_000_000),
      perSecond: numberOf('rate', values.rate, 100_000),
      mostUnderWay: numberOf('most-under-way', values['most-under-way'] ?? '1000000', 1_000_000),
      rates: ratesOf(values),
      faults: values.data === undefined ? [] : killsOfEach(values.data, kills),
      requests: values.requests ?? null,
      demands: null,
      say: (sentence) => process.stderr.write(`  ${sentence}\n`),
    }),
  );
  process.stdout.write(values.json ? `${JSON.stringify(asJson(done), null, 2)}\n` : `${asText(done).join('\n')}\n`);
  return done.holds ? exitCodes.tallies : exitCodes.differs;
}

/** What a run found, for people. */
export function asText({ result, comparison, checks, holds }: SimulationRun): string[] {
  return [
    '',
    ...trafficLines(result),
    '',
    ...tables(comparison),
    '',
    ...checks.map((check) => `  ${check.holds ? '✓' : '✗'} ${check.name}: ${check.detail}`),
    '',
    holds ? 'Every number tallies.' : 'It does NOT tally.',
  ];
}

function asJson({ result, comparison, checks, holds }: SimulationRun): object {
  const { account, tallies, kills, visits } = result;
  const lines = comparison.lines.map((line) =>
    Object.fromEntries(
      Object.entries(line).map(([name, value]) => [typeof value === 'bigint' ? `${name}_micros` : name, String(value)]),
    ),
  );
  return {
    holds,
    visits,
    selections: account.selections,
    acknowledged: tallies.acknowledgements,
    misdeeds: tallies.misdeeds,
    retries: tallies.retries,
    no_ad: tallies.noAd,
    kills,
    lines,
    detection: asPlain(comparison.detection),
    verdicts: asPlain(comparison.effects),
    checks,
  };
}

/** Maps as objects, amounts as decimal strings. */
function asPlain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Map) return asPlain(Object.fromEntries(value));
  if (Array.isArray(value)) return value.map(asPlain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, asPlain(one)]));
}
