import { createSimulatedClock, type SimulatedClock } from '../../adapters/simulated/clock.ts';
import { deriveLimits, type Limits } from '../../config/limits.ts';
import { readSettings, type Settings } from '../../config/settings.ts';
import { RecordingTracer } from '../recording-tracer.ts';
import { Books } from './audit/books.ts';
import { ConsoleProcess } from './console-process.ts';
import { Dice } from './dice.ts';
import { createEngines, type Engines } from './engines.ts';
import type { Life } from './life.ts';
import { Machine } from './machine.ts';
import type { Plan } from './plan.ts';
import { registryOf } from './releases.ts';
import { ServingProcess } from './serving-process.ts';
import { Story } from './story.ts';
import { StreamsProcess } from './streams-process.ts';
import { Trouble } from './trouble.ts';
import { Upgrade } from './upgrade.ts';

/** Short lives of everything, so that a whole one fits into seconds; their relations are those that config/limits.ts asserts. */
function settingsOf({ shards, horizonMs }: Plan): Settings {
  return readSettings({
    SHARDS: String(shards),
    IMPRESSION_TOKEN_MS: '4s',
    CLICK_TOKEN_MS: '6s',
    BUFFER_BOUND_MS: '4s',
    CLOCK_SKEW_MS: '300',
    HOLD_MS: '4s',
    HORIZON_MS: `${horizonMs / 1_000}s`,
    TICK_MS: '300',
    MARK_MS: '250',
    QUALITY_CLICK_DELAY_MS: '3s',
  });
}

export class ServingMachine extends Machine<ServingProcess> {
  protected open(life: Life): Promise<ServingProcess> {
    const { engines, settings, limits, story } = this.world;
    const { name: node, disk } = this;
    const onTrouble = (sentence: string) => story.tell(`${node} says: ${sentence}`);
    const registry = registryOf(this.release);
    const { tracer } = this.world;
    return ServingProcess.start({ life, engines, disk, node, settings, limits, registry, onTrouble, tracer });
  }

  protected close(process: ServingProcess): Promise<void> {
    return process.stop();
  }
}

export class StreamsMachine extends Machine<StreamsProcess> {
  protected open(life: Life): Promise<StreamsProcess> {
    const { engines, settings, limits } = this.world;
    const registry = registryOf(this.release);
    const { tracer } = this.world;
    return StreamsProcess.start({ life, engines, states: this.states.open(), settings, limits, registry, tracer });
  }

  protected close(process: StreamsProcess): Promise<void> {
    return process.stop();
  }
}

export class ConsoleMachine extends Machine<ConsoleProcess> {
  protected open(life: Life): Promise<ConsoleProcess> {
    const { engines, settings, story } = this.world;
    const contentOf = (id: string) => story.issued.get(id)?.billing ?? null;
    const registry = registryOf(this.release);
    return ConsoleProcess.start({ life, engines, states: this.states.open(), settings, registry, contentOf });
  }

  protected async close(process: ConsoleProcess): Promise<void> {
    await process.stop();
  }

  /** The warehouse is in this process and on this disk. */
  override losePower(): void {
    super.losePower();
    this.world.engines.warehouse.crash(this.world.dice.for('warehouse'));
  }
}

/** All machines and engines of a run, and the time that they share. */
export class World {
  readonly plan: Plan;
  readonly dice: Dice;
  readonly time: SimulatedClock;
  readonly settings: Settings;
  readonly limits: Limits;
  readonly story: Story;
  readonly trouble: Trouble;
  readonly books: Books;
  readonly engines: Engines;
  readonly nodes: readonly ServingMachine[];
  readonly owners: readonly StreamsMachine[];
  readonly console: ConsoleMachine;
  /** From one release to the next; null: all run this one from beginning to end. */
  readonly upgrade: Upgrade | null;
  /** Hears of all processes, dead ones as well. */
  readonly tracer: RecordingTracer | null;
  /** Machines that ended without being told to. */
  readonly fallen = new Set<string>();
  /** Client time, ms since the start. */
  elapsedMs = 0;

  constructor(plan: Plan) {
    this.plan = plan;
    this.dice = new Dice(`run/${plan.seed}`);
    this.time = createSimulatedClock({ startMs: plan.startMs });
    this.tracer = plan.traced ? new RecordingTracer() : null;
    this.settings = settingsOf(plan);
    this.limits = deriveLimits(this.settings);
    this.story = new Story(() => this.time.now() - plan.startMs);
    this.trouble = new Trouble(plan.rates);
    this.books = new Books(this.story, plan.shards);
    this.engines = createEngines({
      time: this.time,
      shards: plan.shards,
      dice: this.dice,
      onRecord: (record) => this.books.record(record),
      onEntries: (event) => this.books.event(event),
    });
    this.nodes = Array.from({ length: plan.nodes }, (_, index) => new ServingMachine(`n${index + 1}`, this));
    this.owners = Array.from({ length: plan.owners }, (_, index) => new StreamsMachine(`s${index + 1}`, this));
    this.console = new ConsoleMachine('c1', this);
    this.upgrade = 'upgrade' in plan.rates ? new Upgrade(this, this.dice.for('upgrade')) : null;
    for (const machine of this.machines) machine.release = this.upgrade?.before ?? machine.release;
  }

  get machines(): readonly Machine<unknown>[] {
    return [this.console, ...this.nodes, ...this.owners];
  }

  start(): void {
    for (const machine of this.machines) machine.start();
  }

  /** Lets time go on until something holds; false if it does not in so long. */
  async until(holds: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
    const stepMs = 100;
    for (let passedMs = 0; passedMs <= withinMs; passedMs += stepMs) {
      if (await holds()) return true;
      await this.pass(stepMs);
    }
    return false;
  }

  async pass(forMs: number): Promise<void> {
    await this.time.advance(forMs);
    this.elapsedMs += forMs;
    for (const { process } of this.owners) {
      for (const failure of process?.failures() ?? [])
        if (!this.#isLeftBehind(failure)) this.#complainOnce(`a processor stopped: ${failure}`);
    }
  }

  /** In a hasty upgrade old code stops at what it does not know, rather than put it aside. */
  #isLeftBehind(failure: string): boolean {
    return this.upgrade?.isHasty === true && failure.includes('UNKNOWN_SCHEMA');
  }

  readonly #said = new Set<string>();

  #complainOnce(problem: string): void {
    if (this.#said.has(problem)) return;
    this.#said.add(problem);
    this.story.complain(problem);
  }
}
