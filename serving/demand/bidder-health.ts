import type { BidderPublished } from '../../domain/records.ts';
import { BidHistory } from './bid-history.ts';
import { Breaker } from './breaker.ts';
import type { CallOutcome, NotAskedReason } from './external-bid.ts';
import { LatencyWindow, timeoutUs } from './latency-window.ts';
import { RequestRate } from './request-rate.ts';
import { Throttle } from './throttle.ts';

/** The host is not well: what opens the breaker. */
const failures: ReadonlySet<CallOutcome> = new Set([
  'timed_out',
  'connect_failed',
  'bad_status',
  'too_large',
  'bad_encoding',
  'address_refused',
]);

/** What one process knows of a bidder from its own calls. */
export class BidderHealth {
  readonly latencies = new LatencyWindow();
  readonly bids = new BidHistory();
  readonly breaker = new Breaker();
  readonly throttle = new Throttle();
  readonly #rate = new RequestRate();
  #timedOutInARow = 0;
  /** Calls whose answer has neither come nor been given up. */
  inFlight = 0;

  /** Why it must not be asked now; null: the call is to be made, and counts. @param chance in [0, 1) */
  refusal(bidder: BidderPublished, nowMs: number, chance: number): NotAskedReason | null {
    if (!this.breaker.allows(nowMs)) return 'breaker_open';
    const isTrial = this.breaker.stateAt(nowMs) === 'half_open';
    if (!isTrial && !this.throttle.allows(chance)) return 'throttled';
    if (this.inFlight >= bidder.in_flight_limit) return 'in_flight_limit';
    return this.#rate.take(bidder.qps_limit, nowMs) ? null : 'qps_limit';
  }

  /**
   * By what it needed lately; twice as much after each call in a row that was cut off, up to the most: who became slower is given the time to show it
   * before it is taken for dead.
   */
  timeoutUs(bidder: BidderPublished): number {
    const longer = 2 ** Math.min(this.#timedOutInARow, 10);
    return Math.min(bidder.timeout_max_ms * 1000, longer * timeoutUs(this.latencies, bidder));
  }

  began(): void {
    this.breaker.began();
    this.inFlight += 1;
  }

  /** The call is over, whether or not anybody still waited for it. `isInvalid`: it answered with nothing that could be used. */
  ended({
    outcome,
    latencyUs,
    nowMs,
  }: {
    readonly outcome: CallOutcome;
    readonly latencyUs: number;
    readonly nowMs: number;
  }): void {
    this.inFlight -= 1;
    const answered = outcome === 'bid' || outcome === 'no_bid' || outcome === 'invalid' || outcome === 'late';
    if (answered) this.latencies.note(latencyUs);
    else if (outcome === 'timed_out') this.latencies.note(Number.POSITIVE_INFINITY);
    this.#timedOutInARow = outcome === 'timed_out' ? this.#timedOutInARow + 1 : 0;
    if (failures.has(outcome)) this.breaker.failed(nowMs);
    else this.breaker.succeeded();
    this.throttle.note(failures.has(outcome) || outcome === 'invalid' || outcome === 'late');
  }
}
