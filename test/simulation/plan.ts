import { Dice } from './dice.ts';

/** What can go wrong in a call of a port. The number of a plan is its probability for one call. */
export const callFaults = [
  'delayed',
  'refused',
  'lost_ack',
  'torn_append',
  'duplicate',
  'late_write',
  'crash_before',
  'crash_after',
  'stalled',
  'full_disk',
  'failed_sync',
] as const;
export type CallFault = (typeof callFaults)[number];

/** What goes wrong by itself. The number of a plan is how often, in the whole run. */
export const eventFaults = [
  'log_outage',
  'ledger_outage',
  'views_outage',
  'keys_outage',
  'warehouse_outage',
  'slow_engine',
  'partition',
  'zombie',
  'kill',
  'power_loss',
  'rolling_restart',
  'clock_jump',
  'key_rotation',
  'poison_record',
  'contradiction',
  'state_lost',
  'warehouse_lost',
  'upgrade',
] as const;
export type EventFault = (typeof eventFaults)[number];

/** What goes wrong between a client and a node. The number of a plan is its probability for one request. */
export const wireFaults = ['request_lost', 'answer_lost', 'request_twice', 'request_late'] as const;
export type WireFault = (typeof wireFaults)[number];

export type Fault = CallFault | EventFault | WireFault;
export const faults: readonly Fault[] = [...callFaults, ...eventFaults, ...wireFaults];

/** Everything that a run is made of besides the code. */
export interface Plan {
  readonly seed: number;
  readonly startMs: number;
  /** How long people come and faults strike, ms; then the world heals. */
  readonly activeMs: number;
  readonly visits: number;
  readonly nodes: number;
  readonly owners: number;
  readonly shards: number;
  readonly horizonMs: number;
  /** The run goes on until its selections are forgotten. */
  readonly outlivesHorizon: boolean;
  /** Edits of the catalogue, corrections, verdicts by hand. */
  readonly edits: number;
  readonly rates: Readonly<Partial<Record<Fault, number>>>;
  /** Ads are traced, and their traces are looked at. Not by default: it asks the log more, so a seed would be another run. */
  readonly traced?: boolean;
}

const greatest: Readonly<Record<Fault, number>> = {
  delayed: 0.05,
  refused: 0.03,
  lost_ack: 0.04,
  torn_append: 0.04,
  duplicate: 0.05,
  late_write: 0.03,
  crash_before: 0.006,
  crash_after: 0.006,
  stalled: 0.002,
  full_disk: 0.004,
  failed_sync: 0.003,
  log_outage: 2,
  ledger_outage: 2,
  views_outage: 2,
  keys_outage: 2,
  warehouse_outage: 2,
  slow_engine: 3,
  partition: 3,
  zombie: 3,
  kill: 6,
  power_loss: 4,
  rolling_restart: 2,
  clock_jump: 3,
  key_rotation: 2,
  poison_record: 6,
  contradiction: 4,
  state_lost: 2,
  warehouse_lost: 2,
  upgrade: 1,
  request_lost: 0.1,
  answer_lost: 0.1,
  request_twice: 0.15,
  request_late: 0.1,
};

/** Shortly before a month ends in every zone of the world here, shortly before a day ends, or at noon. */
const starts = [
  Date.UTC(2026, 0, 31, 23, 59, 45),
  Date.UTC(2026, 0, 31, 22, 59, 45),
  Date.UTC(2026, 1, 14, 23, 59, 50),
  Date.UTC(2026, 2, 10, 12),
];

/** The plan of a seed: some faults out of all, each run others (swarm testing, Groce et al. 2012). One seed in twelve has none. */
export function planOf(seed: number): Plan {
  const dice = new Dice(`plan/${seed}`);
  const isCalm = dice.chance(1 / 12);
  const share = dice.pick([0.15, 0.3, 0.5]);
  const rates: Partial<Record<Fault, number>> = {};
  for (const fault of faults) {
    const strength = dice.random.fraction();
    if (!isCalm && dice.chance(share)) rates[fault] = (0.2 + 0.8 * strength) * greatest[fault];
  }
  return {
    seed,
    startMs: dice.pick(starts),
    activeMs: dice.pick([12_000, 18_000, 25_000]),
    visits: dice.pick([25, 50, 80]),
    nodes: dice.between(1, 3),
    owners: dice.between(1, 2),
    shards: dice.between(1, 3),
    horizonMs: 60_000,
    outlivesHorizon: dice.chance(1 / 8),
    edits: dice.between(0, 12),
    rates,
  };
}
