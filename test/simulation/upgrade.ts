import type { Dice } from './dice.ts';
import type { Machine } from './machine.ts';
import { heldBack, type Release, releases } from './releases.ts';
import type { World } from './world.ts';

/** A process that is told to stop has so long, ms. */
const patienceMs = 3_000;

/** Every machine comes to run this release, one after the other. */
interface Step {
  readonly to: Release;
  readonly who: 'readers first' | 'writers first';
}

/**
 * How the platform moves from one release to the next while everything goes on. Carefully, as `docs/operations.md` has it: first all read what the new one
 * writes and go on writing for the old one, then all write it; from either step one can go back. Or hastily, all at once: then what is still old stops at
 * the first record that it does not know, and goes on when its turn has come.
 */
export class Upgrade {
  readonly isHasty: boolean;
  readonly before: Release;
  readonly #after: Release;
  readonly #steps: readonly Step[];
  readonly #world: World;
  readonly #betweenMs: number;

  constructor(world: World, dice: Dice) {
    this.#world = world;
    const [before, after] = dice.pick([
      [releases.former, releases.present],
      [releases.latest, releases.present],
      [releases.present, releases.coming],
      [releases.present, releases.coming],
    ] as const);
    this.before = before;
    this.#after = after;
    this.isHasty = dice.chance(0.4);
    const hasty: Step = { to: after, who: dice.pick(['readers first', 'writers first']) };
    this.#steps = this.isHasty ? [hasty] : carefulSteps(before, after, dice);
    this.#betweenMs = dice.between(100, 1_200);
  }

  async run(): Promise<void> {
    for (const { to, who } of this.#steps) {
      this.#world.story.tell(`now all come to run ${to.name}`);
      for (const machine of this.#inOrder(who)) {
        if (!this.#world.trouble.isOn) return;
        await this.#move(machine, to);
      }
    }
  }

  /** Half an upgrade of the careful kind may stay as it is; of the hasty kind nobody may be left behind. */
  finish(): void {
    if (!this.isHasty) return;
    for (const machine of this.#world.machines) {
      if (machine.release === this.#after) continue;
      machine.release = this.#after;
      machine.kill('is upgraded at last');
    }
  }

  async #move(machine: Machine<unknown>, to: Release): Promise<void> {
    machine.release = to;
    this.#world.story.tell(`${machine.name} gets ${to.name}`);
    const { life } = machine;
    if (machine.process !== null) await Promise.race([machine.stop(true), this.#world.time.sleep(patienceMs)]);
    // Who does not end in time is ended, as a supervisor does it.
    life?.die('is upgraded');
    await this.#world.time.sleep(this.#betweenMs);
  }

  #inOrder(who: Step['who']): readonly Machine<unknown>[] {
    const { console, owners, nodes } = this.#world;
    return who === 'readers first' ? [console, ...owners, ...nodes] : [...nodes, ...owners, console];
  }
}

function carefulSteps(before: Release, after: Release, dice: Dice): readonly Step[] {
  const reading: Step = { to: heldBack(after, before), who: 'readers first' };
  const writing: Step = { to: after, who: 'readers first' };
  const back: Step = { to: before, who: 'writers first' };
  const steps = dice.chance(0.3) ? [reading, back, reading, writing] : [reading, writing];
  return dice.chance(0.3) ? [...steps, { ...reading, who: 'writers first' }] : steps;
}
