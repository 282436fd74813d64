import { timeOfUuidV7 } from '../domain/identity.ts';
import { type Break, type CauseCode, causes, type Explained, type Truth } from './breaks.ts';
import { type Delivery, recountDelivery } from './delivery.ts';
import { type ExpectedEntry, expectedEntries } from './expected-entries.ts';
import { billingOf, factsInShard, type SelectionFacts } from './facts.ts';
import { type RecordRef, refText } from './log-reading.ts';
import { type Outcome, Walk } from './outcome.ts';
import type { Ground } from './sources.ts';
import { checkSpend } from './spend-check.ts';
import { Timeline } from './timeline.ts';
import { checkVerdicts } from './verdict-check.ts';

/** One selection recounted: what every truth should say of it, and what was already found wrong or explained on the way. */
export interface Recounted {
  readonly selectionId: string;
  readonly shard: number;
  readonly advertiserId: string;
  readonly campaignId: string;
  readonly currency: string;
  readonly selectedAt: number;
  readonly priceMicros: number;
  readonly delivery: Delivery | null;
  readonly facts: SelectionFacts;
  readonly outcome: Outcome;
  readonly entries: readonly ExpectedEntry[];
  /** True once nothing about it can change any more but by a verdict or finance. */
  readonly closed: boolean;
  readonly breaks: readonly Break[];
  readonly explained: readonly Explained[];
}

/** Recounts one selection from its evidence, the catalogue's history and the ticks and fences of its shard. */
export function recountSelection(facts: SelectionFacts, ground: Ground): Recounted {
  const shard = homeOf(facts);
  const timeline = ground.timelines.get(shard) ?? new Timeline(shard);
  const folded = factsInShard(facts, shard);
  const delivery = recountDelivery(folded, ground.catalog);
  const closed = isClosed(facts, timeline, ground);
  const spend = delivery === null ? null : checkSpend(folded, { delivery, buffers: ground.buffers, closed });
  const end = ground.positions[`spend/${shard}`]?.next ?? 0;
  const holding = ground.holdingAdjustments.get(shard) ?? new Set<number>();
  const outcome = new Walk(timeline, holding).run(spend?.facts ?? folded, end);
  const billing = delivery?.billing ?? null;
  const base = {
    selectionId: facts.selectionId,
    shard,
    advertiserId: billing?.advertiser_id ?? '',
    campaignId: billing?.campaign_id ?? '',
    currency: billing?.currency ?? '',
    selectedAt: billing?.selected_at ?? timeOfUuidV7(facts.selectionId),
    priceMicros: delivery?.priceMicros ?? 0,
    delivery,
    facts,
    outcome,
    entries: billing === null ? [] : expectedEntries(billing, outcome.movements, timeline),
    closed,
  };
  const problems = (delivery?.problems ?? []).map((problem) => evidenceBreak(problem, base));
  return {
    ...base,
    breaks: [
      ...problems,
      ...misrelied(base),
      ...missingSelection(base, ground),
      ...misplaced(facts, base),
      ...(spend?.breaks ?? []),
      ...checkVerdicts(facts, base, timeline),
    ],
    explained: [...(spend?.explained ?? []), ...explain(base, ground)],
  };
}

/** The shard that the tokens of a selection name; without any, where a verdict or a correction stands. */
function homeOf(facts: SelectionFacts): number {
  return (
    billingOf(facts)?.shard ??
    facts.verdicts[0]?.shard ??
    facts.adjustments[0]?.shard ??
    facts.unreadable[0]?.shard ??
    0
  );
}

type Base = Omit<Recounted, 'breaks' | 'explained'>;

function evidenceBreak(problem: NonNullable<Base['delivery']>['problems'][number], base: Base): Break {
  const { code, expectedMicros, actualMicros, detail } = problem;
  return {
    code,
    truth: problem.ref.topic === 'selected' ? 'selection' : 'delivery',
    selectionId: base.selectionId,
    campaignId: base.campaignId,
    expectedMicros,
    actualMicros,
    differenceMicros: Math.abs(expectedMicros - actualMicros),
    refs: [refText(problem.ref)],
    detail,
  };
}

/** A correction of finance that rests on amounts which were never so. */
function misrelied(base: Base): Break[] {
  return base.outcome.misreliances.map((ref) => ({
    code: 'adjustment_misrelied',
    truth: 'spend',
    selectionId: base.selectionId,
    campaignId: base.campaignId,
    expectedMicros: 0,
    actualMicros: base.priceMicros,
    differenceMicros: base.priceMicros,
    refs: [refText(ref)],
    detail: 'the correction relies on certified and reversed amounts that the records before it do not give',
  }));
}

/** Evidence without an AdSelected: explained only by proof that the record never reached its disk, or while its buffer drains. */
function missingSelection(base: Base, ground: Ground): Break[] {
  const billing = base.delivery?.billing;
  if (billing === undefined || base.facts.selected.length > 0) return [];
  const { node, boot, sequence } = billing;
  const mayCome = !base.closed && ground.buffers.isDraining({ node, boot, sequence });
  const isUnreadable = base.facts.unreadable.some(({ topic }) => topic === 'selected');
  if (mayCome || isUnreadable || ground.buffers.lostProof(node, boot, sequence) !== null) return [];
  return [
    {
      code: 'selection_missing',
      truth: 'selection',
      selectionId: base.selectionId,
      campaignId: base.campaignId,
      expectedMicros: base.priceMicros,
      actualMicros: 0,
      differenceMicros: base.priceMicros,
      refs: base.facts.beacons.map(refText),
      detail: `evidence names ${node}/${boot}#${sequence}, which its buffer did drain, but no AdSelected is in the log`,
    },
  ];
}

/** Records of a selection in a shard that its token does not name would be folded, and charged, twice. */
function misplaced(facts: SelectionFacts, base: Base): Break[] {
  return [...facts.reserved, ...facts.incurred, ...facts.selected, ...facts.beacons, ...facts.verdicts]
    .filter((at) => at.shard !== base.shard)
    .map((at) => ({
      code: 'wrong_shard',
      truth: at.topic === 'spend' ? ('spend' as const) : ('delivery' as const),
      selectionId: base.selectionId,
      campaignId: base.campaignId,
      expectedMicros: 0,
      actualMicros: at.topic === 'spend' ? base.priceMicros : 0,
      differenceMicros: at.topic === 'spend' ? base.priceMicros : 0,
      refs: [refText(at)],
      detail: `the token names shard ${base.shard}`,
    }));
}

/**
 * Closed: ticks have passed the expiry of its last token, the time that a node may hold beacons back (by which a reservation outlives its token), and
 * the hold. All of it is what the selection says of itself; of one whose record is lost, what the others say of the longest.
 */
function isClosed(facts: SelectionFacts, timeline: Timeline, { longestTokenMs }: Ground): boolean {
  const selected = facts.selected[0]?.value;
  const billing = billingOf(facts);
  const longest = (billing?.selected_at ?? timeOfUuidV7(facts.selectionId)) + longestTokenMs;
  const lastToken =
    selected === undefined ? longest : Math.max(selected.click_expires_at, selected.impression_expires_at);
  const heldBackMs =
    selected === undefined ? 0 : Math.max(0, selected.billing.expires_at - selected.impression_expires_at);
  const holdMs = timeline.latestPolicy()?.hold_ms ?? 0;
  return timeline.lastTime() >= Math.max(lastToken, billing?.expires_at ?? 0) + heldBackMs + holdMs;
}

/**
 * Names why each truth says less (or more) than the one before it. Every cause is decided by records, not by amounts; where the window is closed, nothing is in flight.
 */
function explain(base: Base, ground: Ground): Explained[] {
  const found: Explained[] = [];
  const { delivery, facts, outcome, priceMicros, selectionId, campaignId } = base;
  const add: Add = (cause, amountMicros, refs, between = causes[cause]) => {
    found.push({ cause, between, selectionId, campaignId, amountMicros, refs });
  };
  if (delivery === null) return found;
  explainDelivery(base, ground, add);
  const { standing } = outcome;
  if (outcome.absorbedBecause !== null) {
    const codes = {
      fenced: 'absorbed_fenced',
      no_lease: 'absorbed_no_lease',
      released: 'absorbed_after_release',
    } as const;
    add(codes[outcome.absorbedBecause.code], priceMicros, outcome.absorbedBecause.refs);
  }
  for (const m of outcome.movements) {
    if (m.surplus === true && m.kind === 'draw')
      add('surplus_draw', 0, [{ topic: 'spend', shard: base.shard, offset: m.offset }]);
  }
  const verdictRefs = outcome.verdict === null ? [] : [outcome.verdict];
  if (standing.suspended > 0)
    add('conflict_in_suspense', standing.suspended, outcome.conflict === null ? [] : [outcome.conflict]);
  if (standing.pending > 0) add('hold_not_passed', standing.pending, facts.incurred.slice(0, 1));
  if (standing.voided > 0) add('voided', standing.voided, verdictRefs);
  if (standing.absorbedVoided > 0) add('absorbed_voided', standing.absorbedVoided, verdictRefs);
  const adjusted = outcome.movements.filter((m) => m.kind === 'adjust').reduce((sum, m) => sum + m.amountMicros, 0);
  if (adjusted > 0) add('adjusted', adjusted, facts.adjustments);
  if (standing.reversed > adjusted) add('reversed', standing.reversed - adjusted, verdictRefs);
  return found;
}

type Add = (
  cause: CauseCode,
  amountMicros: number,
  refs: readonly RecordRef[],
  between?: readonly [Truth, Truth],
) => void;

function explainDelivery({ delivery, facts, priceMicros, closed }: Base, ground: Ground, add: Add): void {
  if (delivery === null) return;
  const { billing, billable, late } = delivery;
  if (billing.test) add('test_traffic', 0, facts.selected);
  if (billing.test || priceMicros === 0) return;
  if (facts.selected.length === 0) return explainLost({ delivery, facts, priceMicros }, ground, add);
  if (billable.length > 1) add('duplicate_beacon', 0, billable.slice(1));
  if (billable.length > 0) return;
  const beacons = facts.unreadable.filter(({ topic }) => topic !== 'selected' && topic !== 'spend');
  if (beacons.length > 0) return add('record_quarantined', priceMicros, beacons, ['selection', 'delivery']);
  if (!closed) add('in_flight', priceMicros, facts.selected);
  else if (late.length > 0) add('late_beacon', priceMicros, late);
  else {
    const never = { CPM: 'not_rendered', VCPM: 'not_viewable', CPC: 'not_clicked', NONE: 'not_rendered' } as const;
    add(never[billing.pricing_model], priceMicros, facts.selected);
  }
}

/** No AdSelected: selection says nothing, and delivery what the tokens prove. */
function explainLost(
  { delivery, facts, priceMicros }: Pick<Base, 'facts' | 'priceMicros'> & { readonly delivery: Delivery },
  { buffers }: Ground,
  add: Add,
): void {
  const { billing, billable } = delivery;
  const proof = buffers.lostProof(billing.node, billing.boot, billing.sequence);
  const unreadable = facts.unreadable.filter(({ topic }) => topic === 'selected');
  const amount = billable.length > 0 ? -priceMicros : 0;
  if (proof !== null) add('selection_record_lost', amount, [proof]);
  else if (unreadable.length > 0) add('record_quarantined', amount, unreadable, ['selection', 'delivery']);
  else add('in_flight', amount, [...facts.beacons, ...facts.reserved].slice(0, 1));
  if (billable.length > 1) add('duplicate_beacon', 0, billable.slice(1));
}
