import { openDecisionDesk } from '../../apps/decisions.ts';
import type { Limits } from '../../config/limits.ts';
import type { Settings } from '../../config/settings.ts';
import { ensureFirstPolicy } from '../../dashboards/finance/first-policy.ts';
import type { Disk } from '../../ports/disk.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { Tracer } from '../../ports/tracer.ts';
import { BeaconDesk } from '../../serving/beacons.ts';
import { Boot } from '../../serving/boot.ts';
import { CatalogIndex } from '../../serving/catalog-index.ts';
import { SmoothedClickRates } from '../../serving/click-rates.ts';
import type { DecisionDesk } from '../../serving/decision-desk.ts';
import { createDrainer } from '../../serving/drainer.ts';
import type { FindCreative } from '../../serving/routes/click.ts';
import { Rejections } from '../../serving/rejections.ts';
import { TokenKeys } from '../../serving/token-keys.ts';
import { diskOf, type Engines, keysOf, logOf, personSecret, viewsOf } from './engines.ts';
import type { Life } from './life.ts';

export interface ServingParts {
  readonly life: Life;
  readonly engines: Engines;
  readonly disk: Disk;
  readonly node: string;
  readonly settings: Settings;
  readonly limits: Limits;
  readonly registry: SchemaRegistry;
  readonly onTrouble: (sentence: string) => void;
  readonly tracer: Tracer | null;
}

const kibi = 1024;

/** What apps/serve.ts puts together, in a life of a simulated process. */
export class ServingProcess {
  readonly boot: Boot;
  readonly decisions: DecisionDesk;
  readonly beacons: BeaconDesk;
  readonly keys: TokenKeys;
  readonly life: Life;
  readonly findCreative: FindCreative;
  readonly #rejections: Rejections;
  #isOpen = true;

  private constructor(
    parts: Pick<ServingProcess, 'boot' | 'decisions' | 'beacons' | 'keys' | 'life' | 'findCreative'>,
    rejections: Rejections,
  ) {
    this.boot = parts.boot;
    this.decisions = parts.decisions;
    this.beacons = parts.beacons;
    this.keys = parts.keys;
    this.life = parts.life;
    this.findCreative = parts.findCreative;
    this.#rejections = rejections;
  }

  /** Resolves once it takes requests. */
  static async start({
    life,
    engines,
    disk: raw,
    node,
    settings,
    limits,
    registry,
    onTrouble,
    tracer,
  }: ServingParts): Promise<ServingProcess> {
    const { clock } = life;
    const random = life.dice.for('random').random;
    const disk = diskOf(raw, life);
    const { log } = logOf(engines, life);
    const rules = { holdMs: settings.holdMs, horizonMs: settings.horizonMs };
    await ensureFirstPolicy({ log, registry, clock, rules, setBy: node });
    const secrets = diskOf(engines.secrets, life);
    const { keyVerifiesMs: verifiesMs, longestTokenMs } = limits;
    const keys = await TokenKeys.open({ disk: secrets, clock, random, folder: '/secrets', verifiesMs });
    const rates = new SmoothedClickRates();
    const index = new CatalogIndex({ nowMs: clock.now(), rates });
    const onFatal = (error: unknown): void => life.die(error instanceof Error ? error.message : String(error));
    const url = `http://${node}.example`;
    const boot = await Boot.start({
      node,
      url,
      folder: `/buffer/${node}`,
      disk,
      clock,
      random,
      registry,
      log,
      writer: createDrainer(log, tracer && { clock, record: (spans) => spans.forEach((span) => tracer.record(span)) }),
      catalog: index,
      limits: {
        maxBytes: 256 * kibi,
        decisionShare: 0.8,
        memoryBytes: 24 * kibi,
        segmentBytes: 12 * kibi,
        groupMs: 3,
        drainMs: 50,
        markMs: settings.markMs,
        drawingMs: limits.drawingMs,
        leaseIdleMs: 8_000,
      },
      onFatal,
      onTrouble,
    });
    const { buffer, leases, clock: nodeClock } = boot;
    const rejections = new Rejections({ buffer, clock: nodeClock, registry });
    const beacons = new BeaconDesk({
      buffer,
      keys,
      clock: nodeClock,
      random,
      registry,
      leases,
      rejections,
      longestTokenMs,
      tracer,
    });
    boot.everyMark.push(
      () => rejections.flush(false),
      () => void keys.refresh().catch(onFatal),
    );
    const [views, persons] = [viewsOf(engines, life), keysOf(engines, life)];
    const onError = (error: Error): void => onTrouble(error.message);
    const desk = { settings, limits, clock, random, registry, keys, boot, index, rates, views, persons, url, onError };
    const decisions = openDecisionDesk({ ...desk, hashSecret: personSecret, tracer });
    await boot.caughtUp();
    const findCreative: FindCreative = (id) => index.catalog.creatives.get(id);
    return new ServingProcess({ boot, decisions, beacons, keys, life, findCreative }, rejections);
  }

  get isOpen(): boolean {
    return this.#isOpen && this.life.isAlive;
  }

  /** Ends in order, as at a deployment. */
  async stop(): Promise<void> {
    this.#isOpen = false;
    this.#rejections.flush(true);
    await this.boot.stop();
  }
}
