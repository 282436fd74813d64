import type { Catalog } from '../../domain/catalog.ts';
import type { Admission } from '../admission.ts';
import type { Answered, DecisionDesk } from '../decision-desk.ts';
import type { Caller } from '../enrichment.ts';
import { type BidRequestDeps, readBidRequest, type ReadBidRequest } from './bid-request.ts';
import { type BidResponse, composeResponse } from './bid-response.ts';
import type { LossNotices } from './loss-notices.ts';
import type { NoBidReason } from './no-bid.ts';
import { prebidTermsOf } from './prebid.ts';
import { validateBidRequest } from './validate.ts';

export interface ExchangeDeps extends BidRequestDeps {
  readonly desk: DecisionDesk;
  readonly catalog: Catalog;
  readonly losses: Pick<LossNotices, 'urlOf'>;
  /** Null: every request is worked on. */
  readonly admission: Admission | null;
  /** Monotonic time, microseconds. */
  readonly monotonicUs: () => number;
}

/** What the exchange did so far. */
export interface ExchangeCounts {
  requests: number;
  imps: number;
  bids: number;
  /** Answered by the answer to an equal request. */
  repeated: number;
  /** Refused, by code. */
  readonly refused: Map<string, number>;
  /** Requests without any bid, by reason. */
  readonly noBids: Map<NoBidReason, number>;
}

/** The answer to a bid request. */
export interface ExchangeAnswer {
  readonly response: BidResponse;
  /** Why there is no bid; null if there is one. */
  readonly noBid: NoBidReason | null;
  /** The client reads a body even where there is no bid. */
  readonly wantsBody: boolean;
  /** What was decided, to be marked as returned. */
  readonly answered: Answered;
}

/** Takes bid requests: holds them against the specification, has the decision desk choose, and writes what it chose as bids. */
export class Exchange {
  readonly counts: ExchangeCounts = {
    requests: 0,
    imps: 0,
    bids: 0,
    repeated: 0,
    refused: new Map(),
    noBids: new Map(),
  };
  readonly #deps: ExchangeDeps;

  constructor(deps: ExchangeDeps) {
    this.#deps = deps;
  }

  /** Errors: `BidRequestRefused`; those of the decision desk. */
  async answer(body: unknown, caller: Caller): Promise<ExchangeAnswer> {
    const valid = validateBidRequest(body);
    const asked = readBidRequest(valid, this.#deps);
    const refusal = this.#refusal(asked);
    const read = refusal === null ? asked : withoutDecision(asked, refusal);
    const answered = refusal === null ? await this.#deps.desk.decide(read.decision, caller) : unanswered(caller);
    const { catalog, rates, losses, monotonicUs } = this.#deps;
    const prebid = prebidTermsOf(valid.body);
    const elapsedMs = Math.max(0, Math.round((monotonicUs() - caller.arrivedUs) / 1000));
    const { response, noBid } = composeResponse({ read, answered, prebid, catalog, rates, losses, elapsedMs });
    this.#count(read, answered, noBid);
    return { response, noBid, wantsBody: prebid !== null, answered };
  }

  /** Why nothing is decided; null if something is. However many imps there are, one request is admitted or shed as one. */
  #refusal({ decision, isTooLate }: ReadBidRequest): NoBidReason | null {
    const { admission } = this.#deps;
    if (decision.slots.length === 0) return 'nothing_eligible';
    if (isTooLate) return 'deadline_exceeded';
    if (admission === null || admission.isCalm) return null;
    return admission.takes(decision.slots.map(({ placementId }) => placementId)) ? null : 'shed';
  }

  #count({ imps, noBids }: ReadBidRequest, { ads }: Answered, noBid: NoBidReason | null): void {
    this.counts.requests += 1;
    this.counts.imps += imps.size + noBids.length;
    this.counts.bids += ads.length;
    if (noBid !== null) count(this.counts.noBids, noBid);
  }
}

export function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Imps that are not decided on, and why. */
function withoutDecision(read: ReadBidRequest, reason: NoBidReason): ReadBidRequest {
  const impIds = Array.from(read.imps.values(), ({ id }) => id as string);
  return { ...read, noBids: [...read.noBids, ...impIds.map((impId) => ({ impId, reason }))], imps: new Map() };
}

/** Nothing was asked of the decision desk. */
function unanswered({ arrivedUs }: Caller): Answered {
  return { body: { request_id: '', decisions: [], no_ad: [], warnings: [] }, ads: [], arrivedUs, endsUs: null };
}
