import type { Billing, BeaconKind, Lease } from '../domain/records.ts';
import type { CatalogHistory } from './catalog-history.ts';
import type { BeaconFact, SelectedFact, SelectionFacts } from './facts.ts';
import { billingOf, differingFacts } from './facts.ts';
import type { Placed, RecordRef } from './log-reading.ts';

/** What evidence alone says should have been spent on a selection. */
export interface Delivery {
  readonly billing: Billing;
  /** Micros; 0 for test and house selections. */
  readonly priceMicros: number;
  readonly reserves: boolean;
  /** The arrivals that make it billable, first one first. Empty: it is not. */
  readonly billable: readonly Placed<BeaconFact>[];
  /** Arrivals of the billable kind after their time. */
  readonly late: readonly Placed<BeaconFact>[];
  readonly problems: readonly Problem[];
}

/** Something in the evidence that can't be right. */
export interface Problem {
  readonly code: string;
  readonly ref: RecordRef;
  readonly expectedMicros: number;
  readonly actualMicros: number;
  readonly detail: string;
}

const billed: Record<Billing['pricing_model'], BeaconKind | null> = {
  CPM: 'impression',
  VCPM: 'viewable',
  CPC: 'click',
  NONE: null,
};

/** Judges the evidence of one selection by the catalogue and the tokens; null if all that is known is a verdict. */
export function recountDelivery(facts: SelectionFacts, catalog: CatalogHistory): Delivery | null {
  const problems: Problem[] = [];
  const billing = trueContent(facts, catalog, problems);
  if (billing === null) return null;
  const kind = billed[billing.pricing_model];
  const arrivals = facts.beacons.filter((at) => at.value.kind === kind);
  for (const at of facts.beacons) judgeAgain(at, problems);
  const free = billing.test || kind === null;
  return {
    billing,
    priceMicros: free ? 0 : billing.price_micros,
    reserves: !free && kind !== 'click' && billing.price_micros > 0 && facts.selected.length > 0,
    billable: free || billing.price_micros === 0 ? [] : arrivals.filter((at) => inTime(at.value)),
    late: arrivals.filter((at) => !inTime(at.value)),
    problems,
  };
}

function inTime(beacon: BeaconFact): boolean {
  return beacon.received_at <= beacon.kind_expires_at;
}

function judgeAgain(at: Placed<BeaconFact>, problems: Problem[]): void {
  const expected = inTime(at.value) ? 'ACCEPTED' : 'LATE';
  if (at.value.judgement === expected) return;
  problems.push({
    code: 'misjudged_beacon',
    ref: at,
    expectedMicros: 0,
    actualMicros: 0,
    detail: `received at ${at.value.received_at}, allowed until ${at.value.kind_expires_at}, judged ${at.value.judgement}`,
  });
}

/**
 * The content of a selection, where its records may disagree: what the catalogue confirms comes first, then what signed tokens say. A record of
 * evidence that deviates from it is a problem of its own; the money is counted by the true content.
 */
function trueContent(facts: SelectionFacts, catalog: CatalogHistory, problems: Problem[]): Billing | null {
  const selected = facts.selected[0];
  const believed = selected === undefined || priceHolds(selected, catalog, problems);
  const carried =
    facts.beacons[0]?.value.billing ?? facts.reserved[0]?.value.billing ?? facts.incurred[0]?.value.billing;
  const content = believed ? billingOf(facts) : (carried ?? billingOf(facts));
  if (content === null) return null;
  for (const at of [...facts.selected, ...facts.returned]) {
    if (!believed && at === selected) continue;
    deviation(content, at, problems);
  }
  return content;
}

function deviation(content: Billing, at: Placed<{ readonly billing: Billing }>, problems: Problem[]): void {
  const { billing } = at.value;
  const fields = differingFacts(content, billing);
  if (fields.length === 0) return;
  problems.push({
    code: 'content_changed',
    ref: at,
    expectedMicros: content.price_micros,
    actualMicros: billing.price_micros,
    detail: `differs from the other records of the selection in ${fields.join(', ')}`,
  });
}

/** Derives price and share from the catalogue; false, with a problem, if the selection says otherwise. */
function priceHolds(selected: Placed<SelectedFact>, catalog: CatalogHistory, problems: Problem[]): boolean {
  const { billing } = selected.value;
  const price = catalog.price(selected.value);
  if ('problem' in price) {
    problems.push({
      code: 'price_underivable',
      ref: selected,
      expectedMicros: 0,
      actualMicros: billing.price_micros,
      detail: price.problem,
    });
    return false;
  }
  if (price.micros !== billing.price_micros) {
    const detail = `the catalogue gives a price of ${price.micros}, the selection says ${billing.price_micros}`;
    problems.push({
      code: 'price_not_from_catalogue',
      ref: selected,
      expectedMicros: price.micros,
      actualMicros: billing.price_micros,
      detail,
    });
    return false;
  }
  const share = catalog.share(selected.value);
  if (share === null || share.ppm !== billing.revenue_share_ppm || share.rounding !== billing.share_rounding) {
    const detail = `the catalogue gives a share of ${share?.ppm ?? 'none'} ppm, the selection says ${billing.revenue_share_ppm}`;
    problems.push({
      code: 'share_not_from_catalogue',
      ref: selected,
      expectedMicros: price.micros,
      actualMicros: price.micros,
      detail,
    });
  }
  return true;
}

/** The lease that a SpendIncurred must name, by the evidence of the very arrival that caused it; undefined if that arrival is not in evidence. */
export function leaseByEvidence(facts: SelectionFacts, receiptId: string): Lease | null | undefined {
  return facts.beacons.find((at) => at.value.receipt_id === receiptId)?.value.drawLease;
}
