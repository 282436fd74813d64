import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFileSchemaRegistry } from '../../adapters/embedded/file-schema-registry.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { openLedger, openSchemas } from '../../apps/engines.ts';
import { type Platform, startPlatform } from '../../apps/platform.ts';
import { deriveLimits } from '../../config/limits.ts';
import { isAdtallyError } from '../../domain/errors.ts';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { publishCatalog } from '../../simulate/publish-catalog.ts';
import { proveByReconciliation } from '../../simulate/proofs.ts';
import type { Check } from '../../simulate/run-report.ts';
import { outageCatalog } from './outage-catalog.ts';
import { Bookings, type ChargedImpressions } from './selection-entries.ts';
import { type EngineName, type Outage, type SwitchedEngine, startSwitched } from './switched-engines.ts';
import { type AskedDecision, VisitLoad } from './visit-load.ts';

export interface OutageRunOptions {
  /** Data of the platform and of the engines. */
  readonly folder: string;
  /** Engines that run as servers; the others are embedded. */
  readonly engines: readonly EngineName[];
  readonly perSecond: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly say: (sentence: string) => void;
}

/** A stretch of the load, ms of its clock. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  /** Counters of the serving node that grew meanwhile, by how much. */
  readonly counted: ReadonlyMap<string, number>;
}

export interface OutageFigures {
  readonly down: Stretch;
  /** In the private buffer when it came back. */
  readonly bufferBytes: number;
  /** From when it was back until the private buffer held nothing from before. */
  readonly drainedAfterMs: number;
  /** From when it was back until every impression that was acknowledged before is in the tentative ledger. */
  readonly bookedAfterMs: number;
}

interface Parts {
  readonly load: VisitLoad;
  readonly platform: Platform;
  readonly ledger: LedgerStore;
  readonly registry: SchemaRegistry;
  readonly restarts: string[];
  readonly engines: ReadonlyMap<EngineName, SwitchedEngine>;
  readonly close: () => Promise<void>;
  readonly say: (sentence: string) => void;
}

const shortHold = { HOLD_MS: '2s', IMPRESSION_TOKEN_MS: '20s', CLICK_TOKEN_MS: '20s' };
const lookMs = 200;
const patienceMs = 120_000;

/** A platform on servers that can be taken away from under its load. */
export class OutageRun {
  readonly load: VisitLoad;
  readonly platform: Platform;
  /** The store of the platform, on a connection of its own. */
  readonly ledger: LedgerStore;
  readonly registry: SchemaRegistry;
  /** Ends of processes that nobody asked for, in sentences. */
  readonly restarts: string[];
  readonly #engines: ReadonlyMap<EngineName, SwitchedEngine>;
  readonly #bookings: Bookings;
  readonly #close: () => Promise<void>;
  readonly #say: (sentence: string) => void;

  private constructor(parts: Parts) {
    const { load, platform, ledger, registry, restarts, engines, close, say } = parts;
    this.load = load;
    this.platform = platform;
    this.ledger = ledger;
    this.registry = registry;
    this.restarts = restarts;
    this.#engines = engines;
    this.#bookings = new Bookings({ ledger, registry, shards: platform.settings.shards });
    this.#close = close;
    this.#say = say;
  }

  /** Starts engines and platform, publishes a catalogue, and begins the load once ads come. */
  static async start({ folder, engines: names, perSecond, env, say }: OutageRunOptions): Promise<OutageRun> {
    const engines = new Map<EngineName, SwitchedEngine>();
    const end = async () => void (await Promise.all([...engines.values()].map((one) => one.end())));
    try {
      for (const name of names) {
        say(`starting ${name}`);
        engines.set(name, await startSwitched(name, join(folder, 'engines', name)));
      }
      say('starting the platform');
      const urls = Object.assign({}, ...[...engines.values()].map((one) => one.urls)) as Record<string, string>;
      const restarts: string[] = [];
      const lines = createWriteStream(join(folder, 'platform.log'));
      const ports = { DATA_DIR: join(folder, 'data'), SERVE_PORT: '0', CONSOLE_PORT: '0' };
      const platform = await startPlatform({
        env: { ...process.env, ...shortHold, ...ports, ...urls, ...env },
        onLine: (name, line) => void lines.write(`${new Date().toISOString()} ${name} ${line}\n`),
        onRestart: (name, reason) => void restarts.push(`${name} ended: ${reason}`),
      });
      const { settings } = platform;
      const ledger = await openLedger(settings, createSystemClock());
      const registry = names.includes('registry')
        ? await openSchemas(settings, createSystemClock())
        : openFileSchemaRegistry();
      const close = async () => {
        await Promise.all([platform.stop(), ledger.close()]);
        lines.end();
        await end();
      };
      try {
        const { placements } = await publishCatalog(platform.client, outageCatalog(Date.now()));
        const placementIds = placements.map(({ placementId }) => placementId);
        const load = new VisitLoad({ serveUrl: platform.serveUrl, placementIds, perSecond });
        load.start();
        return new OutageRun({ load, platform, ledger, registry, restarts, engines, close, say });
      } catch (error) {
        await close();
        throw error;
      }
    } catch (error) {
      await end();
      throw error;
    }
  }

  /** Lets the load go on for a while. */
  async measure(ms: number): Promise<Stretch> {
    const [fromMs, before] = [this.load.now(), await this.#counters()];
    await sleep(ms);
    const [toMs, after] = [this.load.now(), await this.#counters()];
    const grown = [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
    return { fromMs, toMs, counted: new Map(grown.filter(([, count]) => count > 0)) };
  }

  /** Resolves once every decision has an ad: the node has read the catalogue and holds leases. */
  async untilFilled(): Promise<void> {
    await this.#until('ads', async () => {
      const latest = this.load.decisions.slice(-20);
      return latest.length === 20 && latest.every(({ ads }) => ads > 0);
    });
  }

  /** Takes an engine away for so long under the load, brings it back and waits until all has arrived. */
  async outage(name: EngineName, outage: Outage, ms: number): Promise<OutageFigures> {
    const engine = this.#engines.get(name);
    if (engine === undefined) throw new Error(`${name} is embedded in this run`);
    this.#say(`${name} is ${outage}`);
    await engine.takeAway(outage);
    const down = await this.measure(ms);
    const bufferBytes = await this.#gauge('adtally_buffer_bytes');
    await engine.bringBack();
    const backMs = this.load.now();
    this.#say(`${name} is back`);
    await this.#until('the buffer to drain', async () => {
      return (await this.#gauge('adtally_buffer_oldest_ms')) < this.load.now() - backMs;
    });
    const drainedAfterMs = this.load.now() - backMs;
    const before = this.acknowledged((impression) => impression.seenMs < backMs);
    await this.#until('the ledgers to follow', async () => {
      const { incurredOnce } = await this.#charges(before);
      return incurredOnce === before.length;
    });
    return { down, bufferBytes, drainedAfterMs, bookedAfterMs: this.load.now() - backMs };
  }

  /** Selections whose impression was acknowledged. */
  acknowledged(which: (impression: VisitLoad['impressions'][number]) => boolean = () => true): readonly string[] {
    return this.load.impressions.flatMap((one) => (one.acknowledgedAt !== null && which(one) ? [one.selectionId] : []));
  }

  /** Ends the load and waits until both ledgers have settled every impression. @returns what they hold of each */
  async settle(): Promise<ChargedImpressions> {
    await this.load.stop();
    this.#say('waiting for the last beacons to be settled in both ledgers');
    const all = this.acknowledged();
    await this.#until('the ledgers to settle', async () => {
      const { incurredOnce, settledOnce } = await this.#charges(all);
      return incurredOnce === all.length && settledOnce === all.length;
    }).catch((error: unknown) => this.#say(String(error))); // what differs is in the figures
    return this.#charges(all);
  }

  /** Has the platform reconcile itself. What is not over yet is said to be in flight. */
  reconcile(): Promise<Check> {
    return proveByReconciliation(this.platform.client, this.#say);
  }

  /** Resolves once nothing can happen to any selection any more. */
  async untilWindowsClose(): Promise<void> {
    const last = Math.max(...this.load.impressions.map(({ acknowledgedAt }) => acknowledgedAt ?? 0));
    const { settings } = this.platform;
    // The recount allows a node to hold a record back once more after its reservation.
    const closesAfterMs = deriveLimits(settings).windowClosesMs + settings.bufferBoundMs + settings.clockSkewMs;
    const waitMs = last + closesAfterMs + 2_000 - Date.now();
    this.#say(`windows close in ${Math.max(0, Math.round(waitMs / 1000))} s`);
    await sleep(Math.max(0, waitMs));
  }

  stop(): Promise<void> {
    return this.#close();
  }

  async #charges(selectionIds: readonly string[]): Promise<ChargedImpressions> {
    try {
      await this.#bookings.readOn();
    } catch (error) {
      // A connection that the outage broke: what was read before counts, and the rest is read the next time.
      if (!isAdtallyError(error) || !error.retriable) throw error;
    }
    return this.#bookings.charges(selectionIds);
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const until = Date.now() + patienceMs; !(await holds()); await sleep(lookMs)) {
      if (Date.now() > until) throw new Error(`waited in vain for ${what}`);
    }
  }

  async #gauge(name: string): Promise<number> {
    const line = (await this.#metrics()).split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.split(' ')[1] ?? Number.NaN);
  }

  /** Counters of the serving node that say what decisions went without. */
  async #counters(): Promise<ReadonlyMap<string, number>> {
    const rows = (await this.#metrics()).matchAll(/^adtally_(?:degradations|slots)_total\{\w+="([^"]+)"\} ([0-9]+)$/gm);
    return new Map(Array.from(rows, ([, name = '', count]) => [name, Number(count)]));
  }

  async #metrics(): Promise<string> {
    return (await fetch(`${this.platform.serveUrl}/metrics`)).text();
  }
}

/** Latency of the decisions that were due in any of these stretches, ms. */
export function latencyMs(
  decisions: readonly AskedDecision[],
  stretches: readonly Pick<Stretch, 'fromMs' | 'toMs'>[],
  share: number,
): number {
  const took = decisionsIn(decisions, stretches).map(({ tookMs }) => tookMs);
  return took.sort((a, b) => a - b)[Math.floor(took.length * share)] ?? Number.NaN;
}

export function decisionsIn(
  decisions: readonly AskedDecision[],
  stretches: readonly Pick<Stretch, 'fromMs' | 'toMs'>[],
): readonly AskedDecision[] {
  return decisions.filter(({ dueMs }) => stretches.some(({ fromMs, toMs }) => dueMs >= fromMs && dueMs < toMs));
}
