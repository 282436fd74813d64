/**
 * What is promised of the platform, in one place: rules and alerts of Prometheus, the dashboard of Grafana and the console's view of operations are made
 * of it. An objective counts events: those of a counter by `outcome`, of which one outcome is good.
 */
export interface Objective {
  readonly name: string;
  /** In a few words, for titles. */
  readonly title: string;
  /** What a good event is, and what the others are. */
  readonly meaning: string;
  /** Which process counts. */
  readonly process: 'serve' | 'console';
  /** A counter with the label `outcome`; every outcome is there from the start, at 0. */
  readonly metric: string;
  /** Further labels of its series. */
  readonly where: Readonly<Record<string, string>>;
  /** The outcome that is good. */
  readonly good: string;
  /** Share of the events that has to be good over `objectivePeriodDays`. */
  readonly target: number;
  /** Whether somebody is woken when it burns fast. */
  readonly pages: boolean;
}

export const objectivePeriodDays = 30;

/** Share of the checks in which a truth may not be behind: its tolerance is a 95th percentile. */
const truthTarget = 0.95;

/** The truths whose distance from the evidence is measured; what each may be: `tolerancesMs`. */
export const truthNames = ['pacing', 'tentative', 'final', 'fraud', 'reporting'] as const;
export type TruthName = (typeof truthNames)[number];

const titles: Readonly<Record<TruthName, string>> = {
  pacing: 'Pacing is current',
  tentative: 'Tentative ledger is current',
  final: 'Final ledger is current',
  fraud: 'Verdicts are current',
  reporting: 'Reporting is current',
};

/** Name of the alert that says that a truth is further behind than it may be, here and in Prometheus. */
export const lagAlerts: Readonly<Record<TruthName, string>> = {
  pacing: 'PacingLags',
  tentative: 'TentativeLedgerLags',
  final: 'FinalLedgerLags',
  fraud: 'VerdictsLag',
  reporting: 'ReportingLags',
};

/** Analysts wait, and a verdict may come until the horizon: money and budgets do not. */
const paging: ReadonlySet<TruthName> = new Set(['pacing', 'tentative', 'final']);

export const objectives: readonly Objective[] = [
  {
    name: 'decisions',
    title: 'Decisions in time',
    meaning: 'A decision request is answered within its deadline; not late, not refused for lack of room, not shed.',
    process: 'serve',
    metric: 'adtally_decision_answers_total',
    where: {},
    good: 'in_time',
    target: 0.995,
    pages: true,
  },
  {
    name: 'beacons',
    title: 'Beacons kept',
    meaning: 'A beacon or click with a genuine token is on disk before it is acknowledged; not turned away.',
    process: 'serve',
    metric: 'adtally_beacon_answers_total',
    where: {},
    good: 'stored',
    target: 0.9999,
    pages: true,
  },
  ...truthNames.map((truth) => ({
    name: truth,
    title: titles[truth],
    meaning: `A check, every few seconds, finds the truth "${truth}" no further behind the evidence than it may be.`,
    process: 'console' as const,
    metric: 'adtally_truth_checks_total',
    where: { truth },
    good: 'within',
    target: truthTarget,
    pages: paging.has(truth),
  })),
];

/**
 * When a burn of the error budget is told, by a long window that says it matters and a short one that says it goes on (Google, The Site Reliability
 * Workbook, ch. 5, table 5-8). A rate of 1 uses the budget up in exactly the period.
 */
export const burnWindows = [
  { severity: 'page', rate: 14.4, long: '1h', short: '5m' },
  { severity: 'page', rate: 6, long: '6h', short: '30m' },
  { severity: 'ticket', rate: 3, long: '1d', short: '2h' },
  { severity: 'ticket', rate: 1, long: '3d', short: '6h' },
] as const;

/** One sample of a process' `/metrics`. */
export interface CounterSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface EventCount {
  readonly good: number;
  readonly total: number;
}

/**
 * Events of an objective between two readings of the same process, or since its start (`before` null). A counter that is lower than it was began anew
 * with its process: what it says now is what came since.
 */
export function eventsBetween(
  objective: Objective,
  before: readonly CounterSample[] | null,
  after: readonly CounterSample[],
): EventCount {
  const earlier = new Map(
    (before ?? []).filter((one) => counts(objective, one)).map((one) => [seriesOf(one), one.value]),
  );
  let [good, total] = [0, 0];
  for (const sample of after) {
    if (!counts(objective, sample)) continue;
    const was = earlier.get(seriesOf(sample)) ?? 0;
    const came = sample.value >= was ? sample.value - was : sample.value;
    total += came;
    if (sample.labels['outcome'] === objective.good) good += came;
  }
  return { good, total };
}

/** Sums of several processes or windows. */
export function addEvents(counts: readonly EventCount[]): EventCount {
  return counts.reduce((sum, { good, total }) => ({ good: sum.good + good, total: sum.total + total }), {
    good: 0,
    total: 0,
  });
}

/** How many times faster than allowed the error budget is used; null without an event. */
export function burnRate({ target }: Pick<Objective, 'target'>, { good, total }: EventCount): number | null {
  return total === 0 ? null : (total - good) / total / (1 - target);
}

/** Share of the error budget of these events that is left: 1 untouched, 0 used up, less than 0 overdrawn; null without an event. */
export function budgetLeft(objective: Pick<Objective, 'target'>, events: EventCount): number | null {
  const burnt = burnRate(objective, events);
  return burnt === null ? null : 1 - burnt;
}

function counts({ metric, where }: Objective, { name, labels }: CounterSample): boolean {
  return name === metric && Object.entries(where).every(([label, value]) => labels[label] === value);
}

function seriesOf({ labels }: CounterSample): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
