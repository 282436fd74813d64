import { createSimulatedDisk, type SimulatedDisk } from '../../adapters/simulated/disk.ts';
import { createSimulatedStates, type SimulatedStates } from '../../adapters/simulated/state-store.ts';
import type { Dice } from './dice.ts';
import { Life } from './life.ts';
import { type Release, releases } from './releases.ts';
import type { World } from './world.ts';

/** A process that is started again when it dies, on a machine whose disk stays. */
export abstract class Machine<Process> {
  readonly name: string;
  readonly disk: SimulatedDisk;
  /** Null while nothing runs. */
  process: Process | null = null;
  life: Life | null = null;
  states: SimulatedStates = createSimulatedStates();
  /** What it starts the next time. */
  release: Release = releases.present;
  protected readonly world: World;
  readonly #dice: Dice;
  readonly #skewMs: number;
  #lives = 0;
  #isWanted = true;
  #diskFullUntilMs = 0;

  constructor(name: string, world: World) {
    this.name = name;
    this.world = world;
    this.#dice = world.dice.for(name);
    this.disk = createSimulatedDisk({ random: this.#dice.for('disk').random });
    const { clockSkewMs } = world.settings;
    this.#skewMs = this.#dice.between(-Math.floor(clockSkewMs / 2), Math.floor(clockSkewMs / 2));
  }

  protected abstract open(life: Life): Promise<Process>;
  protected abstract close(process: Process): Promise<void>;

  start(): void {
    if (this.life !== null || !this.#isWanted) return;
    this.#lives += 1;
    const { time, trouble, story } = this.world;
    const dice = this.#dice.for(`life ${this.#lives}`);
    const life = new Life(this.name, { time, trouble, dice, skewMs: this.#skewMs });
    this.life = life;
    life.onDeath = (why) => this.#died(life, why);
    life.fillDisk = (forMs) => {
      this.#diskFullUntilMs = time.now() + forMs;
    };
    life.isDiskFull = () => trouble.isOn && time.now() < this.#diskFullUntilMs;
    story.tell(`${this.name} starts`);
    this.open(life).then(
      (process) => {
        if (!life.isAlive) return;
        this.process = process;
        story.tell(`${this.name} is up`);
      },
      (error: unknown) => life.die(`could not start: ${error instanceof Error ? (error.stack ?? '') : String(error)}`),
    );
  }

  kill(why: string): void {
    this.life?.die(why);
  }

  /** Power is lost: what was not synced is gone. */
  losePower(): void {
    this.kill('power lost');
    this.disk.crash();
  }

  /** Ends in order; it comes back unless it is no longer wanted. */
  async stop(isWanted: boolean): Promise<void> {
    this.#isWanted &&= isWanted;
    const { life, process } = this;
    if (life === null || process === null) return;
    this.process = null;
    this.world.story.tell(`${this.name} is told to stop`);
    try {
      await this.close(process);
      life.die('stopped');
    } catch (error) {
      life.die(`could not stop: ${String(error)}`);
    }
  }

  #died(life: Life, why: string): void {
    if (this.life !== life) return;
    this.life = null;
    this.process = null;
    const [first = ''] = why.split('\n');
    if (why !== 'stopped') this.world.fallen.add(this.name);
    this.world.story.tell(`${this.name} ends: ${first}`);
    const isLeftBehind = first.includes('came after this release');
    if (isLeftBehind && this.world.upgrade?.isHasty !== true) this.world.story.complain(`${this.name} ${first}`);
    if (
      why.startsWith('could not start') &&
      !isLeftBehind &&
      !/UNAVAILABLE|EIO|ENOSPC|unavailable|network|refused|acknowledged|timed out|outage/i.test(first)
    ) {
      this.world.story.complain(`${this.name} ${why}`);
    }
    if (this.#isWanted) this.world.time.after(this.#dice.between(100, 1_500), () => this.start());
  }
}
