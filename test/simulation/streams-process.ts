import type { Limits } from '../../config/limits.ts';
import type { Settings } from '../../config/settings.ts';
import { ensureFirstPolicy } from '../../dashboards/finance/first-policy.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { StateStore } from '../../ports/state-store.ts';
import type { Tracer } from '../../ports/tracer.ts';
import { runAllocator } from '../../streams/allocator.ts';
import { creativeStats } from '../../streams/processors/creative-stats.ts';
import { exposure } from '../../streams/processors/exposure.ts';
import { frequency } from '../../streams/processors/frequency.ts';
import { persons } from '../../streams/processors/persons.ts';
import { defaultQuality } from '../../streams/processors/quality/rule.ts';
import { createTrafficQuality } from '../../streams/processors/traffic-quality.ts';
import type { Processor } from '../../streams/runtime/processor.ts';
import { type ProcessorHandle, runProcessor } from '../../streams/runtime/run-processor.ts';
import { runSpendLedgers } from '../../streams/runtime/run-spend-ledgers.ts';
import { createTicker } from '../../streams/ticker.ts';
import { type Engines, keysOf, ledgerOf, logOf, statesOf, viewsOf } from './engines.ts';
import type { Life } from './life.ts';

export interface StreamsParts {
  readonly life: Life;
  readonly engines: Engines;
  readonly states: StateStore;
  readonly settings: Settings;
  readonly limits: Limits;
  readonly registry: SchemaRegistry;
  readonly tracer: Tracer | null;
}

/** What apps/streams.ts puts together, in a life of a simulated process. */
export class StreamsProcess {
  readonly handles: readonly ProcessorHandle[];
  readonly life: Life;
  readonly #abandon: () => void;

  private constructor(life: Life, handles: readonly ProcessorHandle[], abandon: () => void) {
    this.life = life;
    this.handles = handles;
    this.#abandon = abandon;
  }

  static async start({
    life,
    engines,
    states: raw,
    settings,
    limits,
    registry,
    tracer,
  }: StreamsParts): Promise<StreamsProcess> {
    const { log, abandon } = logOf(engines, life);
    const onDeath = life.onDeath;
    life.onDeath = (why) => {
      abandon();
      onDeath(why);
    };
    const ports = {
      log,
      registry,
      ledger: ledgerOf(engines, life),
      views: viewsOf(engines, life),
      keys: keysOf(engines, life),
      states: statesOf(raw, life),
      clock: life.clock,
      random: life.dice.for('random').random,
      tracer,
    };
    const rules = { holdMs: settings.holdMs, horizonMs: settings.horizonMs };
    await ensureFirstPolicy({ log, registry, clock: life.clock, rules, setBy: life.name });
    const handles = await startAll(ports, life.name, settings, limits);
    return new StreamsProcess(life, handles, abandon);
  }

  /** Stopped for a reason that someone has to look at. */
  failures(): string[] {
    return this.handles.flatMap((handle) =>
      handle
        .health()
        .filter(({ status }) => status === 'failed')
        .map(({ shard, code, reason }) => `${handle.name}/${shard} on ${this.life.name}: ${code} ${reason}`),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.handles.map((handle) => handle.stop()));
    this.#abandon();
  }
}

type Ports = Parameters<typeof runSpendLedgers>[0] extends infer Options
  ? Omit<
      Options & Parameters<typeof runAllocator>[0] & Parameters<typeof runProcessor>[0],
      'processor' | 'group' | 'member' | 'reservationMs' | 'onOwned'
    >
  : never;

async function startAll(
  ports: Ports,
  member: string,
  settings: Settings,
  limits: Limits,
): Promise<readonly ProcessorHandle[]> {
  const keepMs = limits.windowClosesMs;
  const run = <State>(processor: Processor<State>) =>
    runProcessor({ ...ports, processor, group: processor.name, member, checkpointEveryMs: 2_000 });
  const quality = {
    ...defaultQuality,
    clickWithoutImpressionMs: settings.clickWithoutImpressionMs,
    clockSkewMs: settings.clockSkewMs,
    farmWindowMs: settings.farmWindowMs,
    keepMs,
  };
  const ticker = createTicker({ ...ports, member, tickMs: settings.tickMs, fenceTimeoutMs: limits.fenceTimeoutMs });
  ticker.start();
  const handles = await Promise.all([
    runSpendLedgers({ ...ports, group: 'spend-lifecycle', member }),
    runAllocator({ ...ports, member, reservationMs: limits.reservationMs }),
    run(createTrafficQuality(quality)),
    run(persons()),
    run(exposure({ shards: settings.shards, graceMs: keepMs })),
    run(frequency()),
    run(creativeStats({ keepMs })),
  ]);
  return [...handles, ticker];
}
