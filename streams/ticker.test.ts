import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSimulatedClock, type SimulatedClock } from '../adapters/simulated/clock.ts';
import { createSimulatedLog, type SimulatedLog } from '../adapters/simulated/event-log.ts';
import type { AnyRecord, Topic } from '../domain/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { StateStore } from '../ports/state-store.ts';
import { jsonRegistry } from '../test/memory/json-registry.ts';
import { memoryStateStore } from '../test/memory/stores.ts';
import { createTicker, type Ticker, type TickerOptions } from './ticker.ts';

const registry = jsonRegistry();
const topics: readonly Topic[] = ['nodes', 'spend', 'quarantine'];
const spendShards = 3;
const tickMs = 500;
const fenceTimeoutMs = 60_000;

function newLog(): SimulatedLog {
  const shards = Object.fromEntries(topics.map((topic) => [topic, topic === 'spend' ? spendShards : 1]));
  return createSimulatedLog({ shards: shards as Record<Topic, number> });
}

function policy(): AnyRecord {
  const value = { revision: 1, hold_ms: 1, horizon_ms: 1, rules_version: 1, calendars: [], set_by: 'x', set_at: 0 };
  return { name: 'PolicySet', value };
}

function started(boot: string, startedAt: number): AnyRecord {
  return { name: 'NodeStarted', value: { node: 'n', boot, started_at: startedAt, previous_boot: null, url: '' } };
}

function mark(boot: string, markedAt: number): AnyRecord {
  const value = { node: 'n', boot, marked_at: markedAt, drained_sequence: 0, last_sequence: 0, decisions: 0 };
  return { name: 'NodeMark', value: { ...value, pacing_read: {} } };
}

function decided(boot: string, reason: string, decidedAt: number): AnyRecord {
  return { name: 'NodeFenceDecided', value: { node: 'n', boot, reason, decided_by: 'x', decided_at: decidedAt } };
}

async function put(log: EventLog, topic: Topic, record: AnyRecord, shard = 0): Promise<void> {
  await log.append(topic, [{ shard, key: 'k', value: registry.encode(record.name, record.value) }]);
}

async function spend(log: EventLog, shard: number): Promise<readonly AnyRecord[]> {
  return (await log.read('spend', shard, 0, 100_000)).map(({ value }) => registry.decode(value));
}

/** TimeAdvanced and NodeFenced of a shard, as texts in their order. */
async function story(log: EventLog, shard = 0): Promise<readonly string[]> {
  return (await spend(log, shard)).flatMap((record) => {
    if (record.name === 'TimeAdvanced') return [`tick ${record.value.advanced_to}`];
    if (record.name === 'NodeFenced') return [`fence ${record.value.boot} at ${record.value.fenced_at}`];
    return [];
  });
}

class Platform {
  readonly clock: SimulatedClock = createSimulatedClock({ startMs: 1_000_000 });
  readonly log = newLog();
  readonly outside = this.log.open({ clock: this.clock, name: 'outside' });
  readonly states = memoryStateStore();

  async policies(): Promise<void> {
    for (let shard = 0; shard < spendShards; shard += 1) await put(this.outside, 'spend', policy(), shard);
  }

  ticker(
    member = 't1',
    states: StateStore = this.states,
    log: EventLog = this.log.open({ clock: this.clock, name: member }),
  ): Ticker {
    const options: TickerOptions = { log, registry, states, clock: this.clock, member, tickMs, fenceTimeoutMs };
    return createTicker(options);
  }

  /** Rounds every half second for so long, with a mark of a live boot before each. */
  async play(ticker: Ticker, forMs: number, live?: string): Promise<void> {
    for (let passed = 0; passed < forMs; passed += tickMs) {
      await this.clock.advance(tickMs);
      if (live !== undefined) await put(this.outside, 'nodes', mark(live, this.clock.now()));
      await ticker.round();
    }
  }
}

describe('the ticker', () => {
  it('waits for the policy of every shard, then ticks every shard with the lower of its clock and all marks', async () => {
    const on = new Platform();
    const ticker = on.ticker();
    await put(on.outside, 'spend', policy(), 0);
    expect(await ticker.round()).toMatchObject({ ticked: null });
    await on.policies();
    expect(await ticker.round()).toMatchObject({ ticked: 1_000_000 });
    await put(on.outside, 'nodes', started('b1', 1_000_100));
    await on.clock.advance(700);
    expect(await ticker.round()).toMatchObject({ ticked: null, heldBackMs: 600 });
    await put(on.outside, 'nodes', mark('b1', 1_000_600));
    expect(await ticker.round()).toMatchObject({ ticked: 1_000_600 });
    await put(on.outside, 'nodes', mark('b1', 1_000_500));
    await on.clock.advance(700);
    expect(await ticker.round()).toMatchObject({ ticked: null, heldBackMs: 800 });
    for (let shard = 0; shard < spendShards; shard += 1) {
      expect(await story(on.outside, shard)).toEqual(['tick 1000000', 'tick 1000600']);
    }
  });

  it('says its last time again while time is held back, never an earlier one', async () => {
    const on = new Platform();
    await on.policies();
    const ticker = on.ticker();
    await ticker.round();
    await put(on.outside, 'nodes', started('b1', 900_000)); // its NodeStarted was long under way
    await on.clock.advance(7_000);
    expect(await ticker.round()).toMatchObject({ ticked: null });
    expect(await ticker.round()).toMatchObject({ ticked: null });
    expect(await story(on.outside)).toEqual(['tick 1000000', 'tick 1000000']);
  });

  it('writes a decided fence to every shard before it ticks past the mark of its boot', async () => {
    const on = new Platform();
    await on.policies();
    const ticker = on.ticker();
    await put(on.outside, 'nodes', started('b1', 999_000));
    await ticker.round();
    await put(on.outside, 'nodes', decided('b1', 'stopped', 1_000_007));
    await put(on.outside, 'nodes', decided('b1', 'timed_out', 1_000_009));
    await put(on.outside, 'nodes', mark('b1', 999_500));
    await ticker.round();
    for (let shard = 0; shard < spendShards; shard += 1) {
      expect(await story(on.outside, shard)).toEqual(['tick 999000', 'fence b1 at 1000007', 'tick 1000000']);
    }
  });

  it('fences a boot that holds time back for longer than D, and then goes on', async () => {
    const on = new Platform();
    await on.policies();
    const ticker = on.ticker();
    await put(on.outside, 'nodes', started('dead', 1_000_000));
    await put(on.outside, 'nodes', started('live', 1_000_000));
    await on.play(ticker, 60_000, 'live');
    expect(await story(on.outside)).not.toContainEqual(expect.stringContaining('fence'));
    await on.play(ticker, 2_000, 'live');
    const told = await story(on.outside);
    const fence = told.findIndex((one) => one.startsWith('fence dead'));
    expect(fence).toBeGreaterThan(0);
    expect(new Set(told.slice(0, fence))).toEqual(new Set(['tick 1000000']));
    expect(told.at(-1)).toBe(`tick ${on.clock.now()}`);
    expect(told.filter((one) => one.startsWith('fence'))).toHaveLength(1);
  });

  it('does not count an outage of the log, nor a sleep of the machine, against a boot', async () => {
    const on = new Platform();
    await on.policies();
    const ticker = on.ticker();
    ticker.start();
    await put(on.outside, 'nodes', started('b1', 1_000_000));
    await on.clock.advance(30_000);
    on.log.setAvailable(false);
    await on.clock.advance(600_000);
    on.log.setAvailable(true);
    await on.clock.advance(59_000);
    expect(await story(on.outside)).not.toContainEqual(expect.stringContaining('fence'));
    for (let times = 0; times < 60; times += 1) {
      on.log.setAvailable(times % 2 === 0); // it comes and goes
      await on.clock.advance(1_200);
    }
    on.log.setAvailable(true);
    await on.clock.advance(59_000);
    expect(await story(on.outside)).not.toContainEqual(expect.stringContaining('fence'));
    on.clock.stepWall(500_000); // wall time went on without us
    await on.clock.advance(59_000);
    expect(await story(on.outside)).not.toContainEqual(expect.stringContaining('fence'));
    await on.clock.advance(5_000);
    expect(await story(on.outside)).toContainEqual(expect.stringContaining('fence b1'));
    await Promise.all([ticker.stop(), on.clock.advance(1_000)]);
  });

  it('writes the fence to the rest of the shards after a crash between two of them, before any tick past the mark', async () => {
    const on = new Platform();
    await on.policies();
    const states = memoryStateStore();
    const first = on.ticker('t1', states);
    await put(on.outside, 'nodes', started('b1', 999_000));
    await first.round();
    await put(on.outside, 'nodes', decided('b1', 'stopped', 1_000_007));
    on.log.failNextAppend(1); // the fence reaches the first shard only
    await expect(first.round()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    await on.clock.advance(20_000);
    await on.ticker('t2', states).round();
    for (let shard = 0; shard < spendShards; shard += 1) {
      const told = await story(on.outside, shard);
      const fence = told.indexOf('fence b1 at 1000007');
      expect(fence).toBeGreaterThan(0);
      expect(told.slice(0, fence).filter((one) => one !== 'fence b1 at 1000007')).toEqual(['tick 999000']);
      expect(told.at(-1)).toBe('tick 1020000');
    }
  });

  it('does not write old fences again when it starts anew, wherever its own state is', async () => {
    const on = new Platform();
    await on.policies();
    await put(on.outside, 'nodes', started('b1', 999_000));
    await put(on.outside, 'nodes', decided('b1', 'stopped', 1_000_007));
    const first = on.ticker();
    await first.round();
    await put(on.outside, 'nodes', started('b2', 1_000_000));
    await on.play(first, 12_000, 'b2');
    await on.ticker('t2').round();
    await on.ticker('t3', memoryStateStore()).round();
    expect((await story(on.outside)).filter((one) => one.startsWith('fence'))).toHaveLength(1);
  });

  it('reads nodes again where its own state is of an older version, and writes no old fence again', async () => {
    const on = new Platform();
    await on.policies();
    await put(on.outside, 'nodes', started('b1', 1_000_000));
    await put(on.outside, 'nodes', decided('b1', 'stopped', 1_000_000));
    await put(on.outside, 'nodes', started('b2', 1_000_200));
    await on.ticker().round();
    const old = Buffer.from(JSON.stringify({ nextOffset: 3, watching: [], fences: [], ended: [] }));
    await on.states.commit('ticker', { position: '3', puts: [['nodes', old]], deletes: [] });
    await on.clock.advance(1_000);
    // the boot that holds time back is known from the log alone
    expect(await on.ticker('t2').round()).toMatchObject({ fenced: 0, heldBackMs: 800 });
    expect((await story(on.outside)).filter((line) => line.startsWith('fence'))).toEqual(['fence b1 at 1000000']);
  });

  it('puts corrupt bytes aside and goes on', async () => {
    const on = new Platform();
    await on.policies();
    await on.outside.append('nodes', [{ shard: 0, key: 'k', value: Buffer.from('corrupt') }]);
    const ticker = on.ticker();
    await ticker.round();
    expect((await on.outside.bounds('quarantine', 0)).next).toBe(1);
    expect(await story(on.outside)).toHaveLength(1);
  });
});

/** Takes beacons into a buffer, drains it after the fact, says how far it is; dies and is succeeded. */
class Node {
  readonly #log: EventLog;
  readonly #clock: Clock;
  #boot = 0;
  #buffer: { readonly shard: number; readonly at: number }[] = [];
  #lastMark = 0;

  constructor(log: EventLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  get #name(): string {
    return `b${this.#boot}`;
  }

  async live(steps: readonly number[]): Promise<void> {
    await this.#start();
    for (const step of steps) {
      if (step % 8 === 7) {
        await this.#drain(this.#buffer.length); // the successor drains what it finds, then decides
        await put(this.#log, 'nodes', decided(this.#name, 'succeeded', this.#clock.now()));
        await this.#start();
      } else if (step % 8 < 4)
        this.#buffer.push({ shard: step % spendShards, at: Math.max(this.#lastMark, this.#clock.now()) });
      else if (step % 8 < 6) await this.#drain(1 + (step % 3));
      else await this.#mark();
    }
    await this.#drain(this.#buffer.length);
  }

  async #start(): Promise<void> {
    this.#boot += 1;
    await put(this.#log, 'nodes', started(this.#name, this.#clock.now()));
  }

  /** Appended first, taken out of the buffer after: the mark never passes what is under way. */
  async #drain(count: number): Promise<void> {
    for (const { shard, at } of this.#buffer.slice(0, count)) {
      const value = { origin: { boot: this.#name }, incurred_at: at };
      await put(this.#log, 'spend', { name: 'SpendIncurred', value } as unknown as AnyRecord, shard);
    }
    this.#buffer = this.#buffer.slice(count);
  }

  async #mark(): Promise<void> {
    this.#lastMark = this.#buffer[0]?.at ?? this.#clock.now();
    await put(this.#log, 'nodes', mark(this.#name, this.#lastMark));
  }
}

describe('time', () => {
  it('never runs past a beacon that an unfenced boot took and has yet to write, whatever tickers and nodes do between two steps', async () => {
    let ticks = 0;
    let beacons = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.nat(1_000), { minLength: 5, maxLength: 40, size: 'max' }),
        fc.boolean(),
        async (scheduler, steps, impatient) => {
          let now = 1_000_000;
          let us = 0;
          const clock: Clock = {
            now: () => (now += 7),
            monotonicUs: () => (us += 7_000),
            after: () => ({ cancel: () => {} }),
            sleep: async () => {},
          };
          const log = newLog();
          const base = log.open({ clock, name: 'base' });
          for (let shard = 0; shard < spendShards; shard += 1) await put(base, 'spend', policy(), shard);
          // Every step of everyone waits for its turn; a batch reaches its shards one after another.
          const turn = async <T>(step: () => Promise<T>): Promise<T> => {
            await scheduler.schedule(Promise.resolve()); // on its way there
            const result = await step();
            await scheduler.schedule(Promise.resolve()); // on its way back
            return result;
          };
          const shared: EventLog = {
            ...base,
            shards: (topic) => base.shards(topic),
            append: async (topic, records) => {
              for (const record of records) await turn(() => base.append(topic, [record]));
              return [];
            },
            read: (...at) => turn(() => base.read(...at)),
            bounds: (...of) => turn(() => base.bounds(...of)),
            committed: (...of) => base.committed(...of),
            commit: (...of) => base.commit(...of),
          };
          const tickers = ['t1', 't2'].map(async (member) => {
            const timeoutMs = impatient ? 100 : 1e9;
            const states = memoryStateStore();
            const ticker = createTicker({
              log: shared,
              registry,
              states,
              clock,
              member,
              tickMs: 10,
              fenceTimeoutMs: timeoutMs,
            });
            for (let round = 0; round < 8; round += 1) await ticker.round();
          });
          const done = Promise.all([...tickers, new Node(shared, clock).live(steps)]);
          await scheduler.waitFor(done);
          for (let shard = 0; shard < spendShards; shard += 1) {
            const fenced = new Set<string>();
            let time = 0;
            for (const record of await spend(base, shard)) {
              if (record.name === 'TimeAdvanced') time = Math.max(time, record.value.advanced_to);
              if (record.name === 'TimeAdvanced') ticks += 1;
              if (record.name === 'NodeFenced') fenced.add(record.value.boot);
              if (record.name !== 'SpendIncurred' || fenced.has(record.value.origin.boot)) continue;
              beacons += 1;
              expect(record.value.incurred_at).toBeGreaterThanOrEqual(time);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(ticks).toBeGreaterThan(1_000);
    expect(beacons).toBeGreaterThan(500);
  });
});
