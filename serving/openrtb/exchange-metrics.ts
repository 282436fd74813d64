import { Counter, type Registry } from 'prom-client';
import { addGauge } from '../gauge.ts';
import type { CurrencyRates } from './currency-rates.ts';
import type { ExchangeCounts } from './exchange.ts';
import type { LossNotices } from './loss-notices.ts';

interface ExchangeSource {
  readonly counts: ExchangeCounts;
  readonly rates: CurrencyRates;
  readonly losses: LossNotices;
}

/** Adds what the exchange did to the metrics of a serving process. */
export function addExchangeMetrics(registry: Registry, { counts, rates, losses }: ExchangeSource): void {
  const registers = [registry];
  const plain = [
    ['adtally_bid_requests_total', 'Bid requests that were answered', () => counts.requests],
    ['adtally_bid_request_imps_total', 'Imps of these requests', () => counts.imps],
    ['adtally_bids_total', 'Bids in the answers', () => counts.bids],
    [
      'adtally_bid_requests_repeated_total',
      'Bid requests that were answered by the answer to an equal one',
      () => counts.repeated,
    ],
    ['adtally_loss_notices_repeated_total', 'Loss notices of bids whose loss was counted', () => losses.repeated],
  ] as const;
  for (const [name, help, read] of plain) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
  for (const [name, help, of] of [
    ['adtally_bid_requests_without_bid_total', 'Bid requests without any bid, by reason', counts.noBids],
    ['adtally_bid_requests_refused_total', 'Bid requests that were refused, by code', counts.refused],
    ['adtally_loss_notices_total', 'Bids that exchanges said they did not take, by reason of AdCOM', losses.counts],
    ['adtally_loss_notices_refused_total', 'Loss notices that were not believed, by code', losses.refused],
  ] as const) {
    new Counter({
      name,
      help,
      labelNames: ['reason'],
      registers,
      collect() {
        this.reset();
        for (const [reason, count] of of) this.inc({ reason }, count);
      },
    });
  }
  addGauge(
    registry,
    { name: 'adtally_currency_rates_stale', help: '1: the rates are too old and nothing is converted', of: 'max' },
    () => (rates.isStale ? 1 : 0),
  );
}
