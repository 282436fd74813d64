import type { Settings } from '../config/settings.ts';
import type { Limits } from '../config/limits.ts';
import type { LoadZone } from '../domain/deadline-policy.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyStore } from '../ports/key-store.ts';
import type { Random } from '../ports/random.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { Tracer } from '../ports/tracer.ts';
import type { ViewStore } from '../ports/view-store.ts';
import type { Boot } from '../serving/boot.ts';
import { BotGate } from '../serving/bot-gate.ts';
import type { CatalogIndex } from '../serving/catalog-index.ts';
import { ClickRateRefresh } from '../serving/click-rate-refresh.ts';
import type { SmoothedClickRates } from '../serving/click-rates.ts';
import { ConsentGate } from '../serving/consent.ts';
import { Decider } from '../serving/decide.ts';
import { DecisionDesk } from '../serving/decision-desk.ts';
import type { DemandDesk } from '../serving/demand/demand-desk.ts';
import { RecentSelections } from '../serving/frequency.ts';
import type { CurrencyRates } from '../serving/openrtb/currency-rates.ts';
import { PersonReader } from '../serving/person.ts';
import type { SharedSelections } from '../serving/shared-selections.ts';
import type { TokenKeys } from '../serving/token-keys.ts';
import { readPersonSecret } from './person-secret.ts';

export interface DecisionParts {
  readonly settings: Settings;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly registry: SchemaRegistry;
  readonly keys: TokenKeys;
  readonly boot: Boot;
  /** Kept up to date by the boot's tail of `catalog`. */
  readonly index: CatalogIndex;
  /** Those of the index. */
  readonly rates: SmoothedClickRates;
  readonly views: ViewStore;
  readonly persons: KeyStore;
  readonly url: string;
  readonly onError: (error: Error) => void;
  /** Where other processes select for the same persons. */
  readonly shared?: SharedSelections | null;
  /** Key of the hash of raw ids; the one of the data directory if omitted. */
  readonly hashSecret?: Uint8Array;
  /** Bidders of outside demand; nobody is asked if omitted. */
  readonly demand?: DemandDesk | null;
  /** In which prices are told to bidders. */
  readonly currencyRates?: CurrencyRates;
  /** Where spans go; nothing is traced if omitted. */
  readonly tracer?: Tracer | null;
  /** Load of the process; always calm if omitted. */
  readonly zone?: () => LoadZone;
}

const defaultTmaxMs = 100;
/** Creatives whose click rate is brought up to date at every mark. */
const rateSlice = 100;
/** A line item without budget is passed over for so long; grants come every few hundred ms. */
const restMs = 50;
/** Where others select for the same person, what was read of one is used again for this long only, ms. */
const sharedKeptMs = 100;

/** Everything behind `POST /v1/decisions`. */
export function openDecisionDesk(parts: DecisionParts): DecisionDesk {
  const { settings, limits, clock, random, registry, keys, boot, index, url } = parts;
  const { shared = null } = parts;
  const recent = new RecentSelections(shared === null ? null : (...noted) => shared.note(...noted));
  const decider = new Decider({ clock, index, leases: boot.leases, recent, restMs });
  const desk = new DecisionDesk({
    clock,
    nodeClock: boot.clock,
    registry,
    buffer: boot.buffer,
    decider,
    issuer: {
      options: {
        node: boot.node,
        boot: boot.boot,
        shards: settings.shards,
        publicUrl: url,
        impressionTokenMs: settings.impressionTokenMs,
        clickTokenMs: settings.clickTokenMs,
        reservationMs: limits.reservationMs,
      },
      random,
      signingKey: () => keys.current(),
      ...(parts.currencyRates && { rates: parts.currencyRates }),
    },
    persons: new PersonReader({
      keys: parts.persons,
      views: parts.views,
      clock,
      hashSecret: parts.hashSecret ?? readPersonSecret(settings.dataDir),
      ...(shared !== null && { shared, keptMs: sharedKeptMs }),
    }),
    bots: new BotGate(settings.blockedNetworks),
    consent: new ConsentGate(),
    demand: parts.demand ?? null,
    defaultTmaxMs,
    ...(parts.zone && { zone: parts.zone }),
    tracer: parts.tracer ?? null,
    onError: parts.onError,
  });
  const { rates, views } = parts;
  const { buffer, clock: nodeClock } = boot;
  const [shards, slice] = [settings.shards, rateSlice];
  const refresh = new ClickRateRefresh({ index, rates, views, shards, slice, buffer, registry, nodeClock });
  boot.everyMark.push(() => {
    void refresh.refreshSome().catch(parts.onError);
    boot.decisions = desk.counts.decisions;
  });
  return desk;
}
