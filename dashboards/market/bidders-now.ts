import { formatTime } from '../../domain/time-text.ts';
import type { CounterSample } from '../objectives/objectives.ts';
import type { FleetProcess } from '../operations/fleet-watch.ts';

/** A bidder as the serving processes know it: each knows its own calls alone. */
export interface BidderNow {
  readonly bidder_id: string;
  /** Of the process where it stands worst. */
  readonly breaker: 'closed' | 'half_open' | 'open';
  /** Least share of the requests that it is let through, 0 to 1. */
  readonly share: number | null;
  /** Time that it is given, least and most of the processes, ms. */
  readonly timeout_least_ms: number | null;
  readonly timeout_most_ms: number | null;
  /** Answers that came when nobody waited for them any more, since the processes started. */
  readonly came_late: number;
}

/** What the processes say of outside demand: the answer of `GET /v1/market/bidders`. */
export interface MarketNow {
  readonly at: string;
  /** Processes that answered, and when the one that did so longest ago did. */
  readonly processes: number;
  readonly seen_at: string | null;
  readonly bidders: readonly BidderNow[];
  /** Unanswered bid requests. */
  readonly in_flight: number;
  /** Bid requests without an outcome: 0, or a defect of ours. */
  readonly mishandled: number;
  /** Notices that wait for a try, of every process that sends some. */
  readonly notices_waiting: number;
  /** Notices by what became of them since the processes started. */
  readonly notices: readonly { readonly kind: string; readonly outcome: string; readonly notices: number }[];
}

const breakers = ['closed', 'half_open', 'open'] as const;

/** Processes that do not answer are left out: what they said last may long be over. */
export function marketNow(processes: readonly FleetProcess[], nowMs: number): MarketNow {
  const up = processes.filter(({ kind, isUp }) => kind !== 'console' && isUp);
  const samples = up.flatMap((one) => one.samples);
  const seen = up.flatMap(({ seenAtMs }) => (seenAtMs === null ? [] : [seenAtMs]));
  const sum = (metric: string) => valuesOf(samples, metric).reduce((total, value) => total + value, 0);
  return {
    at: formatTime(nowMs),
    processes: up.length,
    seen_at: seen.length === 0 ? null : formatTime(Math.min(...seen)),
    bidders: idsOf(samples).map((id) => bidderNow(samples, id)),
    in_flight: sum('adtally_bidder_in_flight'),
    mishandled: sum('adtally_bidder_mishandled'),
    notices_waiting: sum('adtally_bidder_notices_waiting'),
    notices: noticesOf(samples),
  };
}

function idsOf(samples: readonly CounterSample[]): string[] {
  const ids = samples.flatMap(({ name, labels }) =>
    name === 'adtally_bidder_breaker' ? (labels['bidder_id'] ?? []) : [],
  );
  return [...new Set(ids)].toSorted();
}

function bidderNow(samples: readonly CounterSample[], bidder_id: string): BidderNow {
  const of = (metric: string) => valuesOf(samples, metric, bidder_id);
  const timeouts = of('adtally_bidder_timeout_ms');
  const shares = of('adtally_bidder_share');
  return {
    bidder_id,
    breaker: breakers[Math.max(0, ...of('adtally_bidder_breaker'))] ?? 'open',
    share: shares.length === 0 ? null : Math.min(...shares),
    timeout_least_ms: timeouts.length === 0 ? null : Math.min(...timeouts),
    timeout_most_ms: timeouts.length === 0 ? null : Math.max(...timeouts),
    came_late: of('adtally_bidder_came_late_total').reduce((total, value) => total + value, 0),
  };
}

/** @param bidderId of one bidder; left out: of all */
function valuesOf(samples: readonly CounterSample[], metric: string, bidderId?: string): number[] {
  return samples
    .filter(({ name, labels }) => name === metric && (bidderId === undefined || labels['bidder_id'] === bidderId))
    .map(({ value }) => value);
}

function noticesOf(samples: readonly CounterSample[]): MarketNow['notices'] {
  const sums = new Map<string, { kind: string; outcome: string; notices: number }>();
  for (const { name, labels, value } of samples) {
    if (name !== 'adtally_bidder_notices_total') continue;
    const { kind = '', outcome = '' } = labels;
    const before = sums.get(`${kind}/${outcome}`)?.notices ?? 0;
    sums.set(`${kind}/${outcome}`, { kind, outcome, notices: before + value });
  }
  return [...sums.values()].toSorted((a, b) => (`${a.kind}/${a.outcome}` < `${b.kind}/${b.outcome}` ? -1 : 1));
}
