import type { Comparison } from './comparison.ts';
import type { Detection } from './detection.ts';
import { type Counter, quantile } from './tallies.ts';
import type { Rates } from './visit-plan.ts';
import type { SimulationResult } from './simulation.ts';
import { type Effect, effects, type Taken, type VerdictEffects } from './verdict-effects.ts';

/** One thing that had to hold, and whether it did. */
export interface Check {
  readonly name: string;
  readonly holds: boolean;
  readonly detail: string;
}

/** What a run asked for at least, as shares of selections or visits. */
export interface Demands {
  readonly selections: number;
  readonly rates: Rates;
  /** Of processes and engines, in all. */
  readonly kills: number;
  /** Selections whose charge a verdict takes back, before it is certified and after; what is reversed is a farm's, which needs networks to be told apart. */
  readonly voided: number;
  readonly reversed: number;
}

function share(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`;
}

/** The checks that a run by itself has to pass; reconciliation and replay add theirs. */
export function runChecks(result: SimulationResult, comparison: Comparison): Check[] {
  const { tallies, account } = result;
  const none = (name: string, list: readonly string[]): Check => ({
    name,
    holds: list.length === 0,
    detail: list.length === 0 ? '0' : `${list.length}: ${list.slice(0, 5).join(', ')}`,
  });
  const surprises = Object.entries(tallies.surprises.toJSON()).map(([what, count]) => `${what} (${count})`);
  return [
    {
      name: 'account = tentative = final = report',
      holds: comparison.unequal.length === 0 && comparison.lines.length > 0,
      detail: comparison.unequal.map(({ figure, currency }) => `${figure} ${currency}`).join(', ') || 'to the micro',
    },
    none('lost acknowledged beacons', [...comparison.lostBeacons, ...comparison.missing]),
    none('double charges', comparison.doubleCharged),
    none('charges without ground', comparison.unexpected),
    none('verdicts not carried out once and whole', comparison.effects.wrong),
    doubtCheck(result, comparison),
    none(
      'ids given out twice',
      Array.from({ length: account.repeatedIds }, () => 'id'),
    ),
    none('unexpected answers', surprises),
  ];
}

/** Few answers are lost for good with a killed process; many would make the account worth nothing. */
const mostDoubtful = 0.01;

function doubtCheck({ account }: SimulationResult, { doubtful, doubtfulCharged }: Comparison): Check {
  const detail =
    doubtful.length === 0
      ? '0'
      : `${doubtful.length} (their tokens expired before they could be asked again; ${doubtfulCharged.length} of them were charged, which is taken from the platform)`;
  return { name: 'answers lost for good', holds: doubtful.length <= mostDoubtful * account.selections, detail };
}

/** Shares of misbehaviour as they came out, for people. */
export function trafficLines({ account, tallies, kills, visits }: SimulationResult): string[] {
  const { selections } = account;
  const count = (prefix: string) =>
    Object.entries(tallies.misdeeds.toJSON()).reduce(
      (sum, [name, times]) => sum + (name.startsWith(prefix) ? times : 0),
      0,
    );
  const bots = visits - tallies.visits.get('person');
  const killed = kills.map(({ process: name, backAfterMs }) => `${name} (back after ${backAfterMs} ms)`).join(', ');
  return [
    `${visits} visits, ${selections} selections, ${tallies.acknowledgements} beacons acknowledged, ${tallies.retries.total} sent again after a failure`,
    `duplicates ${share(tallies.repeated.size, selections)}, late ${share(tallies.late.size, selections)}, forged ${share(count('forged_'), selections)}, robots ${share(bots, visits)} of visits, impression token as click ${count('impression_token')}, replays on another node ${count('replay_')}`,
    `decisions p50 ${quantile(tallies.decisionMs, 0.5).toFixed(0)} ms, p99 ${quantile(tallies.decisionMs, 0.99).toFixed(0)} ms from the intended start; beacons p50 ${quantile(tallies.beaconMs, 0.5).toFixed(0)} ms, p99 ${quantile(tallies.beaconMs, 0.99).toFixed(0)} ms`,
    `visits held back ${(tallies.heldBackMs / 1000).toFixed(1)} s in all; no ad: ${JSON.stringify(tallies.noAd)}; without an answer: ${JSON.stringify(tallies.unanswered)}`,
    `kill -9: ${killed || 'none'}`,
  ];
}

/** Whether as much went wrong as was asked for. */
export function demandChecks(
  { account, tallies, kills, ownAddresses, visits }: SimulationResult,
  { effects: { total: taken } }: Comparison,
  { selections, rates, kills: wanted, voided, reversed }: Demands,
): Check[] {
  const total = (counter: Counter, prefix: string) =>
    Object.entries(counter.toJSON()).reduce((sum, [name, times]) => sum + (name.startsWith(prefix) ? times : 0), 0);
  const atLeast = (name: string, got: number, least: number): Check => ({
    name,
    holds: got >= least,
    detail: `${got} of ${Math.ceil(least)}`,
  });
  return [
    atLeast('selections', account.selections, selections),
    atLeast('duplicates', tallies.repeated.size, rates.duplicates * account.selections),
    atLeast('late', tallies.late.size, rates.late * account.selections),
    atLeast('forged', total(tallies.misdeeds, 'forged_'), rates.forged * account.selections),
    atLeast('robots', visits - tallies.visits.get('person'), rates.bots * visits),
    atLeast('kills', kills.length, wanted),
    atLeast('voided before certification', taken.voided.selections, voided),
    atLeast('reversed after certification', taken.reversed.selections, ownAddresses ? reversed : 0),
  ];
}

/** The figures of a run: the truths side by side, what verdicts did, and how well invalid traffic was found. */
export function tables({ lines, detection, effects }: Comparison): string[] {
  return [...truthLines(lines), '', ...effectLines(effects), '', ...detectionLines(detection)];
}

/** One row a figure, four columns of micros. */
function truthLines(lines: Comparison['lines']): string[] {
  const rows = lines.map(({ figure, currency, account, tentative, final, report }) => [
    `${figure} ${currency} micros`,
    ...[account, tentative, final, report].map(String),
  ]);
  return draw([['', 'account', 'tentative', 'final', 'reports'], ...rows]);
}

/** One row a rule: verdicts, and what they took back, in selections and micros. */
function effectLines({ byRule, total }: VerdictEffects): string[] {
  const row = (name: string, verdicts: number, taken: Readonly<Record<Effect, Taken>>): string[] => [
    name,
    String(verdicts),
    ...effects.flatMap((effect) => [String(taken[effect].selections), moneyOf(taken[effect])]),
  ];
  return draw([
    ['verdicts', 'given', 'voided before', 'micros', 'reversed after', 'micros', 'of absorbed', 'micros'],
    ...byRule.map(({ rule, verdicts, taken }) => row(rule, verdicts, taken)),
    row(
      'all',
      byRule.reduce((sum, { verdicts }) => sum + verdicts, 0),
      total,
    ),
  ]);
}

function moneyOf({ micros }: Taken): string {
  const sums = [...micros].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sums.map(([currency, sum]) => `${sum} ${currency}`).join(' + ') || '0';
}

/** The two recalls, each by its name, and one row a label. */
function detectionLines({ precision, recallOfCharged, recallOfLabelled, invalid, byLabel }: Detection): string[] {
  const rows = [...byLabel].map(([label, { selections, charged, judged }]) =>
    [label, selections, charged, judged].map(String),
  );
  return [
    'invalid traffic against hidden labels, in selections:',
    `  precision ${precision.toFixed(3)} of the charged selections with a verdict`,
    `  recall over charged selections ${recallOfCharged.toFixed(3)} (${invalid.judged} of ${invalid.charged})`,
    `  recall over all labels ${recallOfLabelled.toFixed(3)} (${invalid.judged} of ${invalid.selections}; what costs nothing is not judged)`,
    '',
    ...draw([['label', 'selections', 'charged', 'with a verdict'], ...rows]),
  ];
}

function draw(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   '),
  );
}
