import { billableKind } from '../../../domain/billing.ts';
import type { EvidenceRef, PricingModel } from '../../../domain/records.ts';
import type { Arrival, Case } from './rule.ts';

/** What is kept of one selection until nothing can be judged of it any more. */
export interface SelectionEvidence {
  readonly pricingModel: PricingModel;
  readonly selectedAt: number;
  /** Expiry of its last token seen so far, ms. */
  expiresAt: number;
  readonly arrivals: Arrival[];
  /** The rule of its verdict; null while there is none. */
  verdict: string | null;
}

function earlier(a: Arrival, b: Arrival): number {
  return (
    a.receivedAt - b.receivedAt ||
    (a.ref.topic < b.ref.topic ? -1 : a.ref.topic > b.ref.topic ? 1 : a.ref.offset - b.ref.offset)
  );
}

function sameRef(a: EvidenceRef, b: EvidenceRef): boolean {
  return a.offset === b.offset && a.shard === b.shard && a.topic === b.topic;
}

/** Notes an arrival once, however often it is read. True if it is new. */
export function noteArrival(evidence: SelectionEvidence, arrival: Arrival): boolean {
  if (evidence.arrivals.some((known) => sameRef(known.ref, arrival.ref))) return false;
  evidence.arrivals.push(arrival);
  return true;
}

/** The case as it stood at `cutoff` (evidence time); null if nothing billable had arrived by then. */
export function caseAt({ pricingModel, selectedAt, arrivals }: SelectionEvidence, cutoff: number): Case | null {
  const kind = billableKind(pricingModel);
  const known = arrivals.filter((arrival) => arrival.receivedAt <= cutoff).sort(earlier);
  const billable = known.filter((arrival) => arrival.kind === kind);
  if (billable.length === 0) return null;
  return {
    pricingModel,
    selectedAt,
    billable,
    impression: known.find((arrival) => arrival.kind === 'impression') ?? null,
  };
}

/** Time of the first billable arrival; null if there is none yet. */
export function firstBillableAt(evidence: SelectionEvidence): number | null {
  return caseAt(evidence, Number.POSITIVE_INFINITY)?.billable[0]?.receivedAt ?? null;
}
