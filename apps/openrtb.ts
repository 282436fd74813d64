import type { Registry } from 'prom-client';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Admission } from '../serving/admission.ts';
import type { CatalogIndex } from '../serving/catalog-index.ts';
import type { DecisionDesk } from '../serving/decision-desk.ts';
import type { CurrencyRates } from '../serving/openrtb/currency-rates.ts';
import type { LossNotices } from '../serving/openrtb/loss-notices.ts';
import { Exchange } from '../serving/openrtb/exchange.ts';
import { addExchangeMetrics } from '../serving/openrtb/exchange-metrics.ts';
import { PlacementFinder } from '../serving/openrtb/placement-finder.ts';

export interface ExchangeParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly index: CatalogIndex;
  readonly desk: DecisionDesk;
  readonly rates: CurrencyRates;
  readonly admission: Admission | null;
  readonly losses: LossNotices;
  readonly metrics: Registry;
}

/** Everything behind `POST /openrtb2/auction`. */
export function openExchange(parts: ExchangeParts): Exchange {
  const { settings, clock, index, desk, rates, admission, losses, metrics } = parts;
  const { catalog } = index;
  const exchange = new Exchange({
    desk,
    catalog,
    placements: new PlacementFinder({ catalog, defaultPublisher: settings.openrtbPublisher }),
    rates,
    losses,
    networkMs: settings.openrtbNetworkMs,
    bidLifeMs: settings.openrtbBidMs,
    mostImps: settings.openrtbImps,
    admission,
    monotonicUs: () => clock.monotonicUs(),
  });
  addExchangeMetrics(metrics, { counts: exchange.counts, rates, losses });
  return exchange;
}
