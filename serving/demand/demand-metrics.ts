import { Counter, Gauge, type Registry } from 'prom-client';
import { addGauge } from '../gauge.ts';
import type { BidderHealth } from './bidder-health.ts';
import type { BidderCounts } from './demand-counts.ts';
import type { DemandDesk } from './demand-desk.ts';

const ofRequests = [
  ['eligible', 'Requests in which a bidder was eligible for a slot at least'],
  ['solicited', 'Bid requests sent to a bidder'],
  ['responded', 'Answers of a bidder in time with a bid that could be used'],
  ['participating', 'Ads for which a bid of a bidder stood in the ranking'],
  ['won', 'Ads that a bid of a bidder won'],
  ['cameLate', 'Answers of a bidder that came when nobody waited for them any more'],
] as const;

const byReason = [
  ['outcomes', 'outcome', 'Bid requests sent to a bidder, by what became of them: each has exactly one outcome'],
  ['notAsked', 'reason', 'Requests for which a bidder that was eligible was not asked, by reason and slot'],
  ['faults', 'reason', 'Bids and answers of a bidder that could not be used, by reason'],
] as const;

const metricNames = { outcomes: 'outcomes', notAsked: 'not_asked', faults: 'faults' } as const;

/** Adds what bidders did to the metrics of a serving process. */
export function addDemandMetrics(registry: Registry, { counts, health, deps }: DemandDesk): void {
  const registers = [registry];
  const perBidder = (name: string, help: string, read: (counts: BidderCounts) => number) =>
    new Counter({
      name,
      help,
      labelNames: ['bidder_id'],
      registers,
      collect() {
        this.reset();
        for (const [bidder_id, one] of counts.byBidder) this.inc({ bidder_id }, read(one));
      },
    });
  for (const [name, help] of ofRequests) {
    perBidder(`adtally_bidder_${name === 'cameLate' ? 'came_late' : name}_total`, help, (one) => one[name]);
  }
  perBidder(
    'adtally_bidder_latency_us_total',
    'Time until the outcome of all bid requests, microseconds',
    (one) => one.latencyUs,
  );
  for (const [name, label, help] of byReason) {
    new Counter({
      name: `adtally_bidder_${metricNames[name]}_total`,
      help,
      labelNames: ['bidder_id', label],
      registers,
      collect() {
        this.reset();
        for (const [bidder_id, one] of counts.byBidder) {
          for (const [code, count] of one[name]) this.inc({ bidder_id, [label]: code }, count);
        }
      },
    });
  }
  for (const [name, help] of [
    ['auctions', 'Auctions that asked bidders'],
    [
      'settledEarly',
      'Auctions that were settled before all had answered, since nobody still out could be expected to win',
    ],
    ['cut', 'Auctions that were cut when time was over'],
  ] as const) {
    const metric = { auctions: 'total', settledEarly: 'settled_early_total', cut: 'cut_total' }[name];
    new Counter({
      name: `adtally_bidder_auctions_${metric}`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(counts[name]);
      },
    });
  }
  addHealth(registry, { health, deps });
  const help = 'Bid requests that were sent and have neither an outcome nor anybody who waits for one: always 0';
  addGauge(registry, { name: 'adtally_bidder_mishandled', help }, () => counts.solicitedWithoutOutcome());
  addGauge(registry, { name: 'adtally_bidder_in_flight', help: 'Bid requests without an answer yet' }, () =>
    health.inFlight(),
  );
  addGauge(
    registry,
    { name: 'adtally_bidder_breakers_open', help: 'Bidders that are not asked because they fail' },
    () => health.openBreakers(deps.clock.monotonicUs() / 1000),
  );
}

const breakerValue = { closed: 0, half_open: 1, open: 2 } as const;

/** How well each bidder is, as far as this process knows. */
function addHealth(registry: Registry, { health, deps }: Pick<DemandDesk, 'health' | 'deps'>): void {
  const perBidder = (name: string, help: string, read: (one: BidderHealth, id: string) => number | null) =>
    new Gauge({
      name,
      help,
      labelNames: ['bidder_id'],
      aggregator: 'max',
      registers: [registry],
      collect() {
        this.reset();
        for (const [bidder_id, one] of health.all()) {
          const value = read(one, bidder_id);
          if (value !== null) this.set({ bidder_id }, value);
        }
      },
    });
  perBidder('adtally_bidder_breaker', 'Circuit breaker of a bidder. 0: closed, 1: half open, 2: open', (one) => {
    return breakerValue[one.breaker.stateAt(deps.clock.monotonicUs() / 1000)];
  });
  perBidder('adtally_bidder_share', 'Share of the requests that a bidder is let through', (one) => one.throttle.share);
  perBidder('adtally_bidder_timeout_ms', 'Time that a bidder is given, ms', (one, id) => {
    const bidder = deps.index.catalog.bidders.get(id);
    return bidder === undefined ? null : one.timeoutUs(bidder) / 1000;
  });
}
