import { tolerancesMs } from '../overview/truth-lags.ts';
import { burnWindows, lagAlerts, objectivePeriodDays, objectives, truthNames } from './objectives.ts';

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: 'page' | 'ticket' };
  readonly annotations: { readonly summary: string; readonly what: string; readonly runbook: string };
}

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

/** Windows over which a burn rate is recorded: those of the alerts, and the whole period for what is left. */
export const burnSpans: readonly string[] = [
  ...new Set(burnWindows.flatMap(({ long, short }) => [short, long])),
  `${objectivePeriodDays}d`,
].toSorted((a, b) => minutesOf(a) - minutesOf(b));

/** A truth may lag for so long before somebody is told: one slow scrape is none of anybody's business. */
const lagsFor = '5m';

/** The page that says of each alert what it means and what to do, in this repository or wherever it is read. */
export function runbookOf(alert: string): string {
  return `docs/operators.md#${alert.toLowerCase()}`;
}

/** Rules and alerts of everything that is promised. */
export function objectiveRules(): readonly RuleGroup[] {
  return [
    { name: 'objectives', interval: '30s', rules: burnSpans.filter(isShort).flatMap(burnRules) },
    // Much is read for them and they hardly move; longer than this and they would count as gone in between.
    {
      name: 'objectives over days',
      interval: '2m',
      rules: [...burnSpans.filter((window) => !isShort(window)).flatMap(burnRules), ...budgetRules()],
    },
    { name: 'burn rates', rules: [burnAlert('page'), burnAlert('ticket')] },
    { name: 'truths', rules: truthNames.map(lagAlert) },
  ];
}

/** Bad events by all events, by the share that may be bad. Summed over processes before it is divided. */
function burnRules(window: string): RecordingRule[] {
  return objectives.map(({ name, metric, where, good, target }) => {
    const of = Object.entries(where).map(([label, value]) => `${label}="${value}"`);
    const all = `${metric}${of.length === 0 ? '' : `{${of.join()}}`}[${window}]`;
    const bad = `${metric}{${[...of, `outcome!="${good}"`].join()}}[${window}]`;
    return {
      record: `adtally:objective_burn:rate${window}`,
      expr: `sum(rate(${bad})) / sum(rate(${all})) / ${allowedShare(target)}`,
      labels: { objective: name },
    };
  });
}

/** 1: nothing of the period's error budget is used; below 0: more than all of it. */
function budgetRules(): RecordingRule[] {
  return [{ record: 'adtally:objective_budget:left', expr: `1 - adtally:objective_burn:rate${objectivePeriodDays}d` }];
}

/** 1 − 0.9999, without the dust of binary fractions. */
function allowedShare(target: number): number {
  return Number((1 - target).toFixed(9));
}

function burnAlert(severity: 'page' | 'ticket'): AlertRule {
  const waking = objectives.filter(({ pages }) => pages).map(({ name }) => name);
  const of = severity === 'page' ? `{objective=~"${waking.join('|')}"}` : '';
  const pairs = burnWindows
    .filter((one) => one.severity === severity)
    .map(({ rate, long, short }) => {
      const over = (window: string) => `adtally:objective_burn:rate${window}${of} > ${rate}`;
      return `(${over(long)} and ${over(short)})`;
    });
  const alert = severity === 'page' ? 'ErrorBudgetBurnsFast' : 'ErrorBudgetBurns';
  return {
    alert,
    expr: pairs.join(' or '),
    labels: { severity },
    annotations: {
      summary: '{{ $labels.objective }}: the error budget is used {{ $value | humanize }} times as fast as it may be',
      what: `At this rate the budget of ${objectivePeriodDays} days lasts ${severity === 'page' ? 'five days at the most' : 'less than the period'}. dashboards/objectives/objectives.ts says what is promised.`,
      runbook: runbookOf(alert),
    },
  };
}

function lagAlert(truth: (typeof truthNames)[number]): AlertRule {
  const alert = lagAlerts[truth];
  return {
    alert,
    expr: `max(adtally_truth_lag_ms{truth="${truth}"}) > ${tolerancesMs[truth]}`,
    for: lagsFor,
    labels: { severity: 'ticket' },
    annotations: {
      summary: `The truth "${truth}" is {{ $value | humanize }} ms behind the evidence`,
      what: `It may be ${tolerancesMs[truth]} ms behind. The console's overview says where it is furthest behind.`,
      runbook: runbookOf(alert),
    },
  };
}

function isShort(window: string): boolean {
  return minutesOf(window) < 1_440;
}

function minutesOf(window: string): number {
  const perUnit: Readonly<Record<string, number>> = { m: 1, h: 60, d: 1_440 };
  return Number.parseInt(window, 10) * (perUnit[window.at(-1) ?? ''] ?? Number.NaN);
}
