import type { SimulatedClock } from '../../adapters/simulated/clock.ts';
import { AdtallyError, type ErrorCode } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dice } from './dice.ts';
import { noteCall } from './hot-path.ts';
import type { Trouble } from './trouble.ts';

export type Engine = 'log' | 'ledger' | 'views' | 'keys' | 'states' | 'warehouse' | 'disk';

/** One call of a port by a process. */
export interface Call<T> {
  readonly engine: Engine;
  readonly method: string;
  readonly writes: boolean;
  readonly run: () => Promise<T>;
  /** Carries out a part of it, as a write that is torn. */
  readonly part?: (dice: Dice) => Promise<unknown>;
}

const unavailable: Readonly<Record<Exclude<Engine, 'disk'>, ErrorCode>> = {
  log: 'LOG_UNAVAILABLE',
  ledger: 'LEDGER_UNAVAILABLE',
  views: 'VIEWS_UNAVAILABLE',
  keys: 'KEYS_UNAVAILABLE',
  states: 'STATE_UNAVAILABLE',
  warehouse: 'WAREHOUSE_UNAVAILABLE',
};
const requestTimeoutMs = 300;
/** What needs room on a disk. */
const growing: ReadonlySet<string> = new Set(['append', 'replace', 'openAppend', 'makeFolder']);

function diskFull(): Error {
  return new Error('ENOSPC: no space left on device');
}

/** The rest of a dead process's code: it waits for ever. */
function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/**
 * One life of a process. Whatever it does to the world goes through `call`, so that it can be delayed, torn, refused, or be the last thing that it did; once it
 * is dead none of its calls returns and none of its timers fires. It can stand still, as a process that the system stopped.
 */
export class Life {
  readonly name: string;
  readonly clock: Clock;
  readonly dice: Dice;
  /** How far its wall clock is off, ms. */
  skewMs: number;
  onDeath: (why: string) => void = () => undefined;
  /** Engines that the network does not lead to. */
  readonly cut = new Set<Engine>();
  /** Nothing can be written to the disk of its machine for so long, by a clock that is right, ms. */
  fillDisk: (forMs: number) => void = () => undefined;
  isDiskFull: () => boolean = () => false;
  /** How often it stood still. */
  stands = 0;
  #isAlive = true;
  #held: (() => void)[] | null = null;
  readonly #time: SimulatedClock;
  readonly #trouble: Trouble;

  constructor(name: string, parts: { time: SimulatedClock; trouble: Trouble; dice: Dice; skewMs: number }) {
    this.name = name;
    this.#time = parts.time;
    this.#trouble = parts.trouble;
    this.dice = parts.dice;
    this.skewMs = parts.skewMs;
    this.clock = this.#ownClock();
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isStanding(): boolean {
    return this.#held !== null;
  }

  die(why: string): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.onDeath(why);
  }

  /** Stands still for so long. */
  stand(forMs: number): void {
    if (this.#held !== null) return;
    this.#held = [];
    this.stands += 1;
    this.#time.after(forMs, () => this.wake());
  }

  wake(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const run of held) if (this.#isAlive) run();
  }

  /** Resolves when the process goes on; never once it is dead. */
  going(): Promise<void> {
    if (!this.#isAlive) return never();
    return this.#held === null ? Promise.resolve() : new Promise((resolve) => this.#held?.push(resolve));
  }

  async call<T>(call: Call<T>): Promise<T> {
    if (!this.#isAlive) return never();
    noteCall(`${call.engine}.${call.method}`);
    if (this.#held !== null) await this.going();
    const failed = await this.#before(call);
    if (failed !== null) throw failed;
    const fault = this.#trouble.strikeCall(this.dice, call);
    const result = fault === null ? await call.run() : await this.#faulty(call, fault);
    if (!this.#isAlive) return never();
    if (this.#held !== null) await this.going();
    return result;
  }

  async #before({ engine, method }: Call<unknown>): Promise<Error | null> {
    const slowMs = this.#trouble.slow.get(engine);
    if (slowMs !== undefined) await this.#pass(slowMs);
    if (engine === 'disk' && growing.has(method) && this.isDiskFull()) return diskFull();
    if (!this.cut.has(engine)) return null;
    await this.#time.sleep(requestTimeoutMs);
    if (!this.#isAlive) return never();
    return this.#unavailable(engine, `${method}: no way through the network`);
  }

  async #faulty<T>(call: Call<T>, fault: NonNullable<ReturnType<Trouble['strikeCall']>>): Promise<T> {
    const { dice } = this;
    const again = () => void call.run().catch(() => undefined);
    switch (fault) {
      case 'delayed': {
        const isLong = dice.chance(0.1);
        await this.#pass(isLong ? dice.between(500, 2_500) : dice.between(1, 60));
        const result = await call.run();
        if (dice.chance(0.5)) await this.#pass(dice.between(1, 60));
        return result;
      }
      case 'refused':
        throw this.#unavailable(call.engine, `${call.method} was refused`);
      case 'lost_ack':
        await call.run();
        throw this.#unavailable(call.engine, `${call.method} was not acknowledged`);
      case 'torn_append':
        await (call.part ?? call.run)(dice);
        throw this.#unavailable(call.engine, `${call.method} was not acknowledged`);
      case 'duplicate': {
        const result = await call.run();
        this.#time.after(dice.between(0, 3_000), again);
        return result;
      }
      case 'late_write':
        this.#time.after(dice.between(1, 3_000), again);
        throw this.#unavailable(call.engine, `${call.method} timed out`);
      case 'crash_before':
        return this.#crash(call);
      case 'crash_after':
        await (dice.chance(0.3) ? (call.part ?? call.run)(dice) : call.run());
        return this.#crash(call);
      case 'stalled': {
        const isBefore = dice.chance(0.5);
        if (isBefore) this.stand(dice.between(100, 6_000));
        await this.going();
        const result = await call.run();
        if (!isBefore) this.stand(dice.between(100, 6_000));
        return result;
      }
      case 'full_disk':
        await call.part?.(dice);
        this.fillDisk(dice.between(0, 4_000));
        throw diskFull();
      case 'failed_sync':
        throw new AdtallyError('DISK_SYNC_FAILED', 'EIO');
      default:
        return fault satisfies never;
    }
  }

  #crash<T>({ engine, method }: Call<T>): Promise<T> {
    this.die(`crash at ${engine}.${method}`);
    return never();
  }

  async #pass(ms: number): Promise<void> {
    await this.#time.sleep(ms);
    await this.going();
  }

  #unavailable(engine: Engine, detail: string): Error {
    return engine === 'disk' ? new Error(`EIO: ${detail}`) : new AdtallyError(unavailable[engine], detail);
  }

  #ownClock(): Clock {
    const time = this.#time;
    return {
      now: () => time.now() + this.skewMs,
      monotonicUs: () => time.monotonicUs(),
      after: (delayMs, run) => {
        let isCancelled = false;
        const fire = () => {
          if (!isCancelled && this.#isAlive) run();
        };
        const timer = time.after(delayMs, () => (this.#held === null ? fire() : this.#held.push(fire)));
        return {
          cancel: () => {
            isCancelled = true;
            timer.cancel();
          },
        };
      },
      sleep: async (delayMs, signal) => {
        await time.sleep(delayMs, signal);
        await this.going();
      },
    };
  }
}
