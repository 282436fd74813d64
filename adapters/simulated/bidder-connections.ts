import type { BidderCall, BidderConnections, BidderReply } from '../../ports/bidder-connection.ts';
import type { Clock } from '../../ports/clock.ts';

/** What a simulated bidder does with a call: when its reply comes, if time allows, and what it is. */
export interface SimulatedReply {
  readonly delayMs: number;
  /** A text: the body of an answer; null: no bid; else a failure. */
  readonly reply: string | null | { readonly outcome: 'connect_failed' | 'bad_status' | 'too_large' | 'bad_encoding' };
}

/** Bidders by a function of the call. Answers on the clock's time, and times out as the real ones do. */
export function createSimulatedBidders(
  clock: Clock,
  behave: (call: BidderCall) => SimulatedReply,
): BidderConnections & { readonly calls: readonly BidderCall[] } {
  const calls: BidderCall[] = [];
  return {
    calls,
    send: (call) => {
      calls.push(call);
      const { delayMs, reply } = behave(call);
      const tookMs = Math.min(delayMs, call.timeoutMs);
      const latencyUs = tookMs * 1000;
      const answer = Promise.withResolvers<BidderReply>();
      clock.after(tookMs, () =>
        answer.resolve(delayMs > call.timeoutMs ? timedOut(latencyUs) : replied(reply, latencyUs)),
      );
      return answer.promise;
    },
    close: async () => {},
  };
}

function timedOut(latencyUs: number): BidderReply {
  return { outcome: 'timed_out', latencyUs, detail: 'simulated' };
}

function replied(reply: SimulatedReply['reply'], latencyUs: number): BidderReply {
  if (reply === null) return { outcome: 'no_bid', latencyUs };
  if (typeof reply === 'string') return { outcome: 'answered', body: Buffer.from(reply, 'utf8'), latencyUs };
  return { outcome: reply.outcome, latencyUs, detail: 'simulated' };
}
