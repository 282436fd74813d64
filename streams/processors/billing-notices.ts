import type { AdSelected, EntryBooked } from '../../domain/records.ts';
import type { BidderNotice } from '../../ports/bidder-connection.ts';
import type { Outcome, Processor, SourceRecord } from '../runtime/processor.ts';

/** Who is told when a selection is billed, until when that can happen, ms. */
interface Buyer {
  readonly bidderId: string;
  readonly url: string;
  readonly until: number;
}

export interface BillingNoticesState {
  readonly buyers: Map<string, Buyer>;
  /** Billed selections that nothing is known of yet, and until when that is waited for, ms. */
  readonly early: Map<string, number>;
  /** Line items of the catalogue's own ads: what is billed of these has nobody to be told. */
  readonly own: Set<string>;
  /** Latest times seen in each of the two topics, ms: neither tells how far the other one is. */
  readonly latest: { selected: number; booked: number };
  seen: number;
}

export interface BillingNoticesOptions {
  /** How long after its last moment a selection may still be billed. */
  readonly graceMs: number;
  /** How long a notice is tried. */
  readonly lifeMs: number;
}

const sweepEvery = 1_000;

/**
 * Tells the bidder of outside demand that its impression is billed (`burl`), because the tentative ledger booked it as incurred: so the bidder is told exactly of
 * what it will be billed for, not of what was absorbed, came late or is a test.
 */
export function billingNotices(options: BillingNoticesOptions): Processor<BillingNoticesState> {
  return {
    name: 'billing-notices',
    topics: ['selected', 'journal'],
    // What is billed was selected before; this way there is seldom anything to wait for.
    timeTopic: 'journal',
    initial: () => ({
      buyers: new Map(),
      early: new Map(),
      own: new Set(),
      latest: { selected: 0, booked: 0 },
      seen: 0,
    }),
    process: (state, source) => {
      const notice = take(state, source, options);
      sweepNowAndThen(state);
      return notice === null ? [] : [{ to: 'notice', notice } satisfies Outcome];
    },
    format: 1,
    encode: ({ buyers, early, own, latest, seen }) =>
      Buffer.from(JSON.stringify({ buyers: [...buyers], early: [...early], own: [...own], latest, seen })),
    decode: (bytes) => {
      const saved = JSON.parse(Buffer.from(bytes).toString()) as {
        buyers: [string, Buyer][];
        early: [string, number][];
        own: string[];
        latest: BillingNoticesState['latest'];
        seen: number;
      };
      return { ...saved, buyers: new Map(saved.buyers), early: new Map(saved.early), own: new Set(saved.own) };
    },
  };
}

function take(
  state: BillingNoticesState,
  { record }: SourceRecord,
  options: BillingNoticesOptions,
): BidderNotice | null {
  if (record.name === 'AdSelected') return selected(state, record.value, options);
  if (record.name === 'EntryBooked') return booked(state, record.value, options);
  return null;
}

function selected(
  state: BillingNoticesState,
  { billing, external }: Pick<AdSelected, 'billing' | 'external'>,
  { graceMs, lifeMs }: BillingNoticesOptions,
): BidderNotice | null {
  const { selection_id: id, line_item_id: lineItemId, selected_at: at, expires_at: expiresAt } = billing;
  state.latest.selected = Math.max(state.latest.selected, at);
  const isBilled = state.early.delete(id);
  if (external === null) {
    state.own.add(lineItemId);
    return null;
  }
  if (external.billing_url === '') return null;
  const buyer = { bidderId: external.bidder_id, url: external.billing_url, until: expiresAt + graceMs };
  if (isBilled) return noticeOf(id, buyer, state.latest.booked + lifeMs);
  state.buyers.set(id, buyer);
  return null;
}

function booked(
  state: BillingNoticesState,
  { truth, entry }: Pick<EntryBooked, 'truth' | 'entry'>,
  { graceMs, lifeMs }: BillingNoticesOptions,
): BidderNotice | null {
  state.latest.booked = Math.max(state.latest.booked, entry.posted_at);
  if (truth !== 'tentative' || entry.kind !== 'incur') return null;
  const buyer = state.buyers.get(entry.selection_id);
  if (buyer === undefined) {
    if (!state.own.has(entry.line_item_id)) state.early.set(entry.selection_id, entry.posted_at + graceMs);
    return null;
  }
  state.buyers.delete(entry.selection_id);
  return noticeOf(entry.selection_id, buyer, entry.posted_at + lifeMs);
}

/** The same selection has the same notice, however often the journal says that it was billed. */
function noticeOf(selectionId: string, { bidderId, url }: Buyer, expiresAt: number): BidderNotice {
  return { id: `billing-${selectionId}`, kind: 'billing', url, bidderId, expiresAt };
}

function sweepNowAndThen(state: BillingNoticesState): void {
  state.seen += 1;
  if (state.seen % sweepEvery !== 0) return;
  const time = Math.min(state.latest.selected, state.latest.booked);
  for (const [id, { until }] of state.buyers) if (until < time) state.buyers.delete(id);
  for (const [id, until] of state.early) if (until < time) state.early.delete(id);
}
