import type { BidderPublished } from '../../domain/records.ts';
import type { BidderReply } from '../../ports/bidder-connection.ts';
import { type Question, type ReadAnswer, readAnswer } from './bid-answer.ts';
import type { BidderHealth } from './bidder-health.ts';
import type { BidderFact, BidFault, CallOutcome, ValidBid } from './external-bid.ts';
import type { AskedPlace } from './outgoing-request.ts';

export interface SolicitationParts {
  readonly question: Question;
  readonly health: BidderHealth;
  /** Monotonic time at which it was asked, microseconds. */
  readonly askedUs: number;
  /** Time that it is given, microseconds. */
  readonly timeoutUs: number;
}

/** One bidder that was asked, until its outcome is known. */
export class Solicitation {
  readonly question: Question;
  readonly health: BidderHealth;
  readonly askedUs: number;
  readonly timeoutUs: number;
  /** Null: still out. Set once. */
  outcome: CallOutcome | null = null;
  latencyUs = 0;
  /** What was wrong with the whole answer, or why the auction went on without it. */
  reason: BidFault | '' = '';
  answer: ReadAnswer | null = null;

  constructor({ question, health, askedUs, timeoutUs }: SolicitationParts) {
    this.question = question;
    this.health = health;
    this.askedUs = askedUs;
    this.timeoutUs = timeoutUs;
  }

  get bidder(): BidderPublished {
    return this.question.bidder;
  }

  get places(): readonly AskedPlace[] {
    return this.question.places;
  }

  /** Takes the reply. In a process that was busy the answer may be seen before the timer that would have cut it: time decides, not who was seen first. */
  take(reply: BidderReply): CallOutcome {
    this.latencyUs = Math.round(reply.latencyUs);
    const isAnswer = reply.outcome === 'answered' || reply.outcome === 'no_bid';
    if (isAnswer && reply.latencyUs > this.timeoutUs) this.outcome = 'late';
    else this.outcome = reply.outcome === 'answered' ? this.#read(reply.body) : reply.outcome;
    return this.outcome;
  }

  /** The auction goes on without it. */
  giveUp(outcome: 'late' | 'not_awaited' | 'aborted', nowUs: number): void {
    this.latencyUs = Math.round(nowUs - this.askedUs);
    this.outcome = outcome;
  }

  #read(body: Uint8Array): CallOutcome {
    const read = readAnswer(body, this.question);
    if (typeof read === 'string') {
      this.reason = read;
      return 'invalid';
    }
    this.answer = read;
    if (read.bids.size > 0) return 'bid';
    this.reason = read.refused[0] ?? '';
    return this.reason === '' ? 'no_bid' : 'invalid';
  }

  /** What is known of it for one of its places. */
  factOf({ impId }: AskedPlace): BidderFact<ValidBid> {
    const { bidder, answer, timeoutUs, latencyUs, reason } = this;
    const bid = answer?.bids.get(impId) ?? null;
    const fault = answer?.faults.get(impId);
    const shared = {
      bidderId: bidder.bidder_id,
      lineItemId: bidder.line_item_id,
      asked: true,
      timeoutUs: Math.round(timeoutUs),
      latencyUs,
      outdone: answer?.outdone.filter((one) => one.impId === impId) ?? [],
    };
    if (bid !== null) return { ...shared, outcome: 'bid', reason: '', bid };
    if (fault !== undefined) return { ...shared, outcome: 'invalid', reason: fault, bid: null };
    const outcome = answer === null ? (this.outcome ?? 'late') : 'no_bid';
    return { ...shared, outcome, reason: answer === null ? reason : '', bid: null };
  }
}
