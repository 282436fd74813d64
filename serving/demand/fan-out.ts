import type { BidderConnections, BidderReply } from '../../ports/bidder-connection.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import { countOne, type DemandCounts } from './demand-counts.ts';
import type { CallOutcome } from './external-bid.ts';
import { maySettle, type OpenPlace } from './progressive.ts';
import type { Solicitation } from './solicitation.ts';

export interface FanOutDeps {
  readonly clock: Clock;
  readonly connections: BidderConnections;
  readonly counts: DemandCounts;
  /** False: always waits until the cut, or until all are there. */
  readonly progressive: boolean;
  readonly onError: (error: Error) => void;
}

export interface FanOutTask {
  readonly solicitations: readonly { readonly asked: Solicitation; readonly body: Uint8Array }[];
  /** Best of the house's own by the id of the imp, micros for a thousand, and the currency of the place. */
  readonly places: ReadonlyMap<string, OpenPlace>;
  /** Time until the cut, microseconds. */
  readonly leftUs: number;
}

/** How often it is looked whether to go on waiting, ms. */
const lookAgainMs = 2;

/**
 * Asks all bidders at once and waits until everyone is there, nobody still out can be expected to win, or time is over. Every one of them leaves it with
 * exactly one outcome; a reply that comes afterwards changes nothing but what is known of its host.
 */
export class FanOut {
  readonly #deps: FanOutDeps;
  readonly #task: FanOutTask;
  readonly #best: Map<string, OpenPlace>;
  readonly #startedUs: number;
  readonly #over = Promise.withResolvers<void>();
  #left: number;
  #isOpen = true;
  readonly #timers: Timer[] = [];

  constructor(deps: FanOutDeps, task: FanOutTask) {
    this.#deps = deps;
    this.#task = task;
    this.#best = new Map(task.places);
    this.#left = task.solicitations.length;
    this.#startedUs = deps.clock.monotonicUs();
  }

  /** Resolves when the auction may go on; never rejects. */
  async run(): Promise<void> {
    const { clock, counts } = this.#deps;
    const { solicitations, leftUs } = this.#task;
    counts.auctions += 1;
    this.#timers.push(clock.after(Math.floor(leftUs / 1000), () => this.#cut()));
    for (const { asked, body } of solicitations) this.#send(asked, body);
    this.#look();
    await this.#over.promise;
  }

  #send(asked: Solicitation, body: Uint8Array): void {
    const { connections, counts } = this.#deps;
    const { bidder, health } = asked;
    counts.of(bidder.bidder_id).solicited += 1;
    counts.waitedFor += 1;
    health.began();
    const call = {
      bidderId: bidder.bidder_id,
      url: bidder.endpoint,
      body,
      // What comes after the cut still says how fast the host is.
      timeoutMs: Math.ceil(health.timeoutUs(bidder) / 1000),
      maxAnswerBytes: bidder.max_answer_bytes,
      gzip: bidder.gzip,
      http2: bidder.http2,
    };
    void connections
      .send(call, null)
      .then((reply) => this.#take(asked, reply))
      .catch((error: unknown) => this.#breakOff(asked, error));
  }

  #take(asked: Solicitation, reply: BidderReply): void {
    const { clock } = this.#deps;
    const nowMs = clock.monotonicUs() / 1000;
    if (!this.#isOpen || asked.outcome !== null) return this.#takeLate(asked, reply, nowMs);
    const outcome = asked.take(reply);
    asked.health.ended({ outcome, latencyUs: reply.latencyUs, nowMs });
    this.#learn(asked);
    this.#conclude(asked, outcome);
    this.#left -= 1;
    if (this.#left === 0) this.#end();
    else this.#settleIfPossible();
  }

  /** Whatever a stranger's bytes may set off here, it is the end of its own bid and of nothing else. */
  #breakOff(asked: Solicitation, error: unknown): void {
    this.#deps.onError(error instanceof Error ? error : new Error(String(error)));
    if (!this.#isOpen || asked.outcome !== null) return;
    const nowUs = this.#deps.clock.monotonicUs();
    asked.giveUp('aborted', nowUs);
    asked.health.ended({ outcome: 'aborted', latencyUs: asked.latencyUs, nowMs: nowUs / 1000 });
    this.#conclude(asked, 'aborted');
    this.#left -= 1;
    if (this.#left === 0) this.#end();
  }

  #takeLate(asked: Solicitation, reply: BidderReply, nowMs: number): void {
    const { outcome, latencyUs } = reply;
    const isAnswer = outcome === 'answered' || outcome === 'no_bid';
    if (isAnswer) this.#deps.counts.of(asked.bidder.bidder_id).cameLate += 1;
    asked.health.ended({ outcome: isAnswer ? (asked.outcome ?? 'late') : outcome, latencyUs, nowMs });
  }

  /** What was bid for each place, and the best of it. */
  #learn(asked: Solicitation): void {
    if (asked.outcome !== 'bid' && asked.outcome !== 'no_bid') return;
    for (const place of asked.places) {
      const bidMicros = asked.answer?.bids.get(place.impId)?.bidMicros ?? 0;
      const best = this.#best.get(place.impId);
      asked.health.bids.note(place.slot.placement.floor_currency, bidMicros);
      if (best !== undefined && bidMicros >= place.terms.floorMicros && bidMicros > best.bestMicros) {
        this.#best.set(place.impId, { ...best, bestMicros: bidMicros });
      }
    }
  }

  /** The one place where the outcome of a call is counted. */
  #conclude(asked: Solicitation, outcome: CallOutcome): void {
    const counts = this.#deps.counts.of(asked.bidder.bidder_id);
    countOne(counts.outcomes, outcome);
    counts.latencyUs += asked.latencyUs;
    if (outcome === 'bid') counts.responded += 1;
    if (asked.answer === null && asked.reason !== '') countOne(counts.faults, asked.reason);
    for (const fault of asked.answer?.refused ?? []) countOne(counts.faults, fault);
  }

  #look(): void {
    if (!this.#deps.progressive) return;
    this.#timers.push(
      this.#deps.clock.after(lookAgainMs, () => {
        this.#timers.length = 1;
        this.#settleIfPossible();
        if (this.#isOpen) this.#look();
      }),
    );
  }

  #settleIfPossible(): void {
    if (!this.#isOpen || !this.#deps.progressive || !this.#maySettle()) return;
    this.#deps.counts.settledEarly += 1;
    this.#giveUpOn('not_awaited');
  }

  #maySettle(): boolean {
    const places = [...this.#best.values()];
    if (places.some(({ bestMicros }) => bestMicros === 0)) return false;
    const nowUs = this.#deps.clock.monotonicUs();
    const endUs = this.#startedUs + this.#task.leftUs;
    const out = this.#task.solicitations.flatMap(({ asked }) => {
      if (asked.outcome !== null) return [];
      const { health, places: own, askedUs, timeoutUs } = asked;
      return {
        latencies: health.latencies,
        bids: health.bids,
        places: own.flatMap(({ impId }) => this.#best.get(impId) ?? []),
        waitedUs: nowUs - askedUs,
        cutUs: Math.min(timeoutUs, endUs - askedUs),
      };
    });
    return maySettle(places, out);
  }

  #cut(): void {
    if (!this.#isOpen) return;
    this.#deps.counts.cut += 1;
    this.#giveUpOn('late');
  }

  #giveUpOn(outcome: 'late' | 'not_awaited'): void {
    const nowUs = this.#deps.clock.monotonicUs();
    for (const { asked } of this.#task.solicitations) {
      if (asked.outcome !== null) continue;
      asked.giveUp(outcome, nowUs);
      this.#conclude(asked, outcome);
    }
    this.#end();
  }

  #end(): void {
    this.#isOpen = false;
    this.#deps.counts.waitedFor -= this.#task.solicitations.length;
    for (const timer of this.#timers) timer.cancel();
    this.#over.resolve();
  }
}
