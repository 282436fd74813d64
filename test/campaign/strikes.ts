import type { Dice } from '../simulation/dice.ts';
import type { CampaignEngine } from './campaign-engines.ts';
import type { NetworkFault } from './fault-proxy.ts';
import { cuts } from './namespaces.ts';
import type { Stage } from './stage.ts';

/** What was done. */
export interface Struck {
  readonly fault: string;
  readonly target: string;
  /** The process or engine that was killed by it. */
  readonly killed: string | null;
  /** Resolves with the ms until its successor was ready, or with null if it was not left in peace. */
  readonly recovered?: Promise<number | null>;
}

export type Strike = (stage: Stage, dice: Dice) => Promise<readonly Struck[]>;

interface DrawnStrike {
  readonly weight: number;
  /** Whether this stage has what it takes. */
  readonly isPossible: (stage: Stage) => boolean;
  readonly strike: Strike;
}

const always = () => true;
const hasEngines = ({ engines }: Stage) => engines.length > 0;
const hasDisk = (name: string) => (stage: Stage) => stage.disks.has(name);
/** A process that stands still for so long is given up by the others, and goes on all the same. */
const givenUpMs = [7_000, 9_500] as const;
const shortlyMs = [100, 1_500] as const;

function kill({ group }: Stage, name: string, fault: string): Struck {
  const killed = group.kill(name);
  return { fault, target: name, killed: killed && name, ...killed };
}

function pick(stage: Stage, dice: Dice): string {
  return dice.pick(stage.group.names());
}

async function killOne(stage: Stage, dice: Dice): Promise<readonly Struck[]> {
  return [kill(stage, pick(stage, dice), 'kill')];
}

/** `kill -9` of this process. */
export function killOf(name: string): Strike {
  return async (stage) => [kill(stage, name, 'kill')];
}

async function killTwo(stage: Stage, dice: Dice): Promise<readonly Struck[]> {
  const first = pick(stage, dice);
  const second = dice.pick(stage.group.names().filter((name) => name !== first));
  return [kill(stage, first, 'kill two at once'), kill(stage, second, 'kill two at once')];
}

async function killAll(stage: Stage): Promise<readonly Struck[]> {
  return stage.group.names().map((name) => kill(stage, name, 'kill all at once'));
}

/** Ends it in order, or by `kill -9`, and goes on with the code of another folder. */
export function upgrade(name: string, home: string, env: Readonly<Record<string, string>>): Strike {
  return async (stage, dice) => {
    stage.group.upgrade(name, home, env);
    const fault = 'upgrade';
    if (dice.chance(0.5)) return [kill(stage, name, fault)];
    const starts = stage.group.starts(name);
    stage.group.signal(name, 'SIGTERM');
    await stage.group.untilStarted(name, starts);
    return [{ fault, target: name, killed: null }];
  };
}

/** Once, and its successor at some moment of its start. */
async function killTwice(stage: Stage, dice: Dice): Promise<readonly Struck[]> {
  const name = pick(stage, dice);
  const starts = stage.group.starts(name);
  const first = kill(stage, name, 'kill');
  await stage.group.untilStarted(name, first.killed === null ? starts - 1 : starts);
  await pause(dice.between(0, 1_800));
  return [first, kill(stage, name, 'kill while starting')];
}

async function stopInOrder({ group }: Stage, dice: Dice): Promise<readonly Struck[]> {
  const name = dice.pick(group.names());
  group.signal(name, 'SIGTERM');
  return [{ fault: 'stop in order', target: name, killed: null }];
}

function standStill(fault: string, [least, most]: readonly [number, number]): Strike {
  return async (stage, dice) => {
    const name = pick(stage, dice);
    stage.group.signal(name, 'SIGSTOP');
    await pause(dice.between(least, most));
    stage.group.signal(name, 'SIGCONT');
    return [{ fault, target: name, killed: null }];
  };
}

/** Somebody may be killed while the disk is full. */
export function fillDisk(disk: string): Strike {
  return async (stage, dice) => {
    const struck: Struck = { fault: 'disk full', target: disk, killed: null };
    stage.disks.get(disk)?.fill();
    try {
      await pause(dice.between(300, 3_000));
      if (!dice.chance(0.5)) return [struck];
      const killed = kill(stage, pick(stage, dice), 'kill while the disk is full');
      await pause(dice.between(300, 3_000));
      return [struck, killed];
    } finally {
      stage.disks.get(disk)?.free();
    }
  };
}

async function restartEngine({ engines }: Stage, dice: Dice): Promise<readonly Struck[]> {
  const engine = dice.pick(engines);
  await engine.restart(dice.between(0, 5_000));
  return [{ fault: 'engine killed and started', target: engine.name, killed: engine.name }];
}

async function freezeEngine({ engines }: Stage, dice: Dice): Promise<readonly Struck[]> {
  const engine = dice.pick(engines);
  await engine.freeze(dice.between(500, 8_000));
  return [{ fault: 'engine frozen', target: engine.name, killed: null }];
}

function drawNetworkFault(dice: Dice): NetworkFault {
  return dice.pick<NetworkFault>([
    { kind: 'refuse' },
    { kind: 'stall', directions: ['up', 'down'] },
    { kind: 'stall', directions: ['up'] },
    { kind: 'stall', directions: ['down'] },
    { kind: 'delay', ms: dice.between(50, 800) },
    { kind: 'throttle', bytesPerSecond: dice.between(20_000, 200_000) },
    { kind: 'cut_after', bytes: dice.between(1, 60_000) },
  ]);
}

function faultName(fault: NetworkFault): string {
  if (fault.kind !== 'stall') return `network: ${fault.kind.replace('_', ' ')}`;
  return fault.directions.length > 1 ? 'network: black hole' : `network: half open (${fault.directions[0]} stalls)`;
}

/** All connections of an engine, or every second one; then they are cut, at times, or simply go on. */
async function disturbNetwork({ engines }: Stage, dice: Dice): Promise<readonly Struck[]> {
  const { name, proxy }: CampaignEngine = dice.pick(engines);
  const fault = drawNetworkFault(dice);
  const remainder = dice.between(0, 1);
  proxy.impose(fault, dice.chance(0.7) ? undefined : (nth) => nth % 2 === remainder);
  if (dice.chance(0.5)) proxy.cut();
  await pause(dice.between(500, 7_000));
  proxy.heal();
  if (dice.chance(0.3)) proxy.cut();
  return [{ fault: faultName(fault), target: name, killed: null }];
}

/** This on all connections of one engine, which are cut at first. */
export function disturb(name: string, fault: NetworkFault, forMs: number): Strike {
  return async ({ engines }) => {
    const { proxy } = engines.find((one) => one.name === name) as CampaignEngine;
    proxy.impose(fault);
    proxy.cut();
    await pause(forMs);
    proxy.heal();
    return [{ fault: faultName(fault), target: name, killed: null }];
  };
}

async function cutConnections({ engines }: Stage, dice: Dice): Promise<readonly Struck[]> {
  const { name, proxy } = dice.pick(engines);
  proxy.cut();
  return [{ fault: 'network: reset', target: name, killed: null }];
}

/** One process alone loses its network, for less or for more than others wait for it. */
async function partition({ networks }: Stage, dice: Dice): Promise<readonly Struck[]> {
  const [name, network] = dice.pick([...networks]);
  const how = dice.pick(cuts);
  network.cut(how);
  await pause(dice.chance(0.5) ? dice.between(300, 3_000) : dice.between(...givenUpMs));
  network.heal();
  return [{ fault: `partition: ${how.replace('_', ' ')}`, target: name, killed: null }];
}

const strikes: readonly DrawnStrike[] = [
  { weight: 46, isPossible: always, strike: killOne },
  { weight: 12, isPossible: always, strike: killTwo },
  { weight: 3, isPossible: always, strike: killAll },
  { weight: 14, isPossible: always, strike: killTwice },
  { weight: 4, isPossible: always, strike: stopInOrder },
  { weight: 6, isPossible: always, strike: standStill('stand still', shortlyMs) },
  { weight: 3, isPossible: always, strike: standStill('stand still until given up', givenUpMs) },
  { weight: 5, isPossible: hasDisk('data'), strike: fillDisk('data') },
  { weight: 5, isPossible: hasDisk('buffer'), strike: fillDisk('buffer') },
  { weight: 26, isPossible: hasEngines, strike: restartEngine },
  { weight: 8, isPossible: hasEngines, strike: freezeEngine },
  { weight: 20, isPossible: hasEngines, strike: disturbNetwork },
  { weight: 6, isPossible: hasEngines, strike: cutConnections },
  { weight: 20, isPossible: ({ networks }) => networks.size > 0, strike: partition },
];

/** Draws what is done next, and does it. Resolves when it is over; processes that it ended may still be down. */
export async function strikeOnce(stage: Stage, dice: Dice): Promise<readonly Struck[]> {
  const possible = strikes.filter(({ isPossible }) => isPossible(stage));
  let drawn = dice.between(
    1,
    possible.reduce((sum, { weight }) => sum + weight, 0),
  );
  const chosen = possible.find(({ weight }) => (drawn -= weight) <= 0);
  return (await chosen?.strike(stage, dice)) ?? [];
}

/** Everything that a fault may have left: processes stand, disks are full, networks are cut. */
export function healAll({ group, disks, engines, networks }: Stage): void {
  for (const name of group.names()) group.signal(name, 'SIGCONT');
  for (const disk of disks.values()) disk.free();
  for (const { proxy } of engines) proxy.heal();
  for (const network of networks.values()) network.heal();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
