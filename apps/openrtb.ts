import type { Registry } from 'prom-client';
import { isAdtallyError } from '../domain/errors.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Disk } from '../ports/disk.ts';
import type { Admission } from '../serving/admission.ts';
import type { CatalogIndex } from '../serving/catalog-index.ts';
import type { DecisionDesk } from '../serving/decision-desk.ts';
import { CurrencyRates } from '../serving/openrtb/currency-rates.ts';
import type { LossNotices } from '../serving/openrtb/loss-notices.ts';
import { Exchange } from '../serving/openrtb/exchange.ts';
import { addExchangeMetrics } from '../serving/openrtb/exchange-metrics.ts';
import { PlacementFinder } from '../serving/openrtb/placement-finder.ts';

export interface ExchangeParts {
  readonly settings: Settings;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly index: CatalogIndex;
  readonly desk: DecisionDesk;
  readonly admission: Admission | null;
  readonly losses: LossNotices;
  readonly say: (sentence: string) => void;
  readonly metrics: Registry;
}

const readAgainMs = 60_000;

/** Everything behind `POST /openrtb2/auction`. Error: `VALIDATION_FAILED` or of the disk, if the file of rates can't be used. */
export async function openExchange(parts: ExchangeParts): Promise<Exchange> {
  const { settings, clock, index, desk, admission, losses, metrics } = parts;
  const rates = new CurrencyRates(settings.openrtbRatesOldestMs, () => clock.now());
  if (settings.openrtbRates !== '') await followRates(rates, parts);
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

/** Reads the file now and every minute. What is wrong with it at the start is an error; later the rates before hold on, until they are too old. */
async function followRates(rates: CurrencyRates, { settings, disk, say }: ExchangeParts): Promise<void> {
  const read = async () => rates.load(Buffer.from(await disk.read(settings.openrtbRates)).toString('utf8'));
  await read();
  const readAgain = async () => {
    try {
      await read();
    } catch (error) {
      if (!isAdtallyError(error) && !(error instanceof Error && 'code' in error)) throw error;
      say(`the rates of OPENRTB_RATES are those from before: ${error.message}`);
    }
    if (rates.isStale) say('the rates of OPENRTB_RATES are too old: nothing is converted');
  };
  if (rates.isStale) say('the rates of OPENRTB_RATES are too old: nothing is converted');
  setInterval(() => void readAgain(), readAgainMs).unref();
}
