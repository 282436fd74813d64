import { readGroupState, type WatchedGroup } from '../../adapters/kafka/group-state.ts';
import { isAdtallyError } from '../../domain/errors.ts';
import { type Kill, killProcess, type PlannedFault, standStill } from '../../simulate/faults.ts';
import type { RunEngines } from './engines.ts';

export interface FaultsOptions {
  readonly dataDir: string;
  /** How often all of it happens. */
  readonly rounds: number;
  /** Processes by kind. */
  readonly serve: readonly string[];
  readonly streams: readonly string[];
  /** The group that divides the ledgers' shards; null where the log is not on Kafka. */
  readonly group: WatchedGroup | null;
  readonly engines: RunEngines;
}

/** What is done to a distributed platform. */
export interface DistributedFaults {
  readonly planned: readonly PlannedFault[];
  /** Kills in all, once everything has happened. */
  readonly kills: number;
  /** Kills of a second owner that fell into a rebalance, as the brokers told it just before. */
  readonly duringRebalance: () => number;
}

const broker = 'kafka';
const lookMs = 50;
const rebalanceWithinMs = 60_000;
/** Longer than a member of the group may be silent: others take its shards, and it learns that when it goes on. */
const zombieMs = 9_000;

/** Kills of a serving node, of an owner of shards and of another one while the rebalance is on, of the console, and of the broker; an owner that stands still until others have its shards. */
export function planFaults(options: FaultsOptions): DistributedFaults {
  const { dataDir, rounds, serve, streams, engines } = options;
  let inRebalance = 0;
  const kill = (name: string | undefined) => async (startedAt: number) =>
    name === undefined ? [] : [await killProcess(dataDir, name, startedAt)];
  const owners = async (startedAt: number) => {
    const [first, second] = streams;
    const kills = [...(await kill(first)(startedAt))];
    if (second === undefined || options.group === null) return kills;
    if (await untilRebalancing(options.group)) inRebalance += 1;
    return [...kills, ...(await kill(second)(startedAt))];
  };
  const zombie = async () => {
    const last = streams.at(-1);
    if (last !== undefined && streams.length > 1 && options.group !== null) await standStill(dataDir, last, zombieMs);
    return [];
  };
  const round: PlannedFault[] = [
    { at: 0.15, strike: kill(serve.at(-1)) },
    { at: 0.3, strike: owners },
    { at: 0.45, strike: zombie },
    { at: 0.6, strike: kill('console') },
    { at: 0.75, strike: (startedAt) => killBroker(engines, startedAt) },
  ];
  const planned = Array.from({ length: rounds }, (_, nth) =>
    round.map(({ at, strike }) => ({ at: (nth + at) / rounds, strike })),
  ).flat();
  const ownersKilled = streams.length > 1 && options.group !== null ? 2 : 1;
  const kills = rounds * (2 + ownersKilled + (engines.local.includes(broker) ? 1 : 0));
  return { planned, kills, duringRebalance: () => inRebalance };
}

/** Only a broker of this machine can be killed. */
async function killBroker(engines: RunEngines, startedAt: number): Promise<readonly Kill[]> {
  return engines.local.includes(broker) ? [await engines.killAndRestart(broker, startedAt)] : [];
}

/** The successor of the killed owner joins; until the dead one's session is over, the group is being divided anew. */
async function untilRebalancing(group: WatchedGroup): Promise<boolean> {
  for (const until = Date.now() + rebalanceWithinMs; Date.now() < until; ) {
    if ((await stateOf(group)) === 'rebalancing') return true;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  return false;
}

async function stateOf(group: WatchedGroup) {
  try {
    return await readGroupState(group);
  } catch (error) {
    if (isAdtallyError(error, 'LOG_UNAVAILABLE')) return null; // asked again soon
    throw error;
  }
}
