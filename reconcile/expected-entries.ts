import type { Billing, Category, Rounding } from '../domain/records.ts';
import type { Movement } from './outcome.ts';
import type { Timeline } from './timeline.ts';

/** An entry that a ledger should hold. Order among the entries of one record is the ledger's own affair. */
export interface ExpectedEntry {
  readonly truth: 'tentative' | 'final';
  readonly sourceOffset: number;
  readonly kind: string;
  readonly debit: string;
  readonly credit: string;
  readonly amountMicros: number;
  readonly servicePeriod: string;
  readonly postingPeriod: string;
  readonly postedAt: number;
  /** Whose money it is, and on what ground it moved: ids, currency, selection time, reference. */
  readonly parties: string;
}

/** One text for the parties of an entry, equal for equal ones. */
export function partiesText(
  of: {
    readonly advertiser_id: string;
    readonly campaign_id: string;
    readonly line_item_id: string;
    readonly publisher_id: string;
    readonly currency: string;
    readonly selected_at: number;
  },
  reference: string,
): string {
  const { advertiser_id, campaign_id, line_item_id, publisher_id, currency, selected_at } = of;
  return [advertiser_id, campaign_id, line_item_id, publisher_id, currency, selected_at, reference].join('|');
}

interface Leg {
  readonly debit: string;
  readonly credit: string;
  readonly amount: number;
}

/** The recount's own division of an amount, in integers: publisher by its rule, platform down, residue. */
export function divide(
  amount: number,
  sharePpm: number,
  rule: Rounding,
): readonly [publisher: number, platform: number, residue: number] {
  const whole = BigInt(amount) * BigInt(sharePpm);
  const floor = whole / 1_000_000n;
  const left = whole - floor * 1_000_000n;
  const half = left * 2n;
  const up =
    rule === 'UP'
      ? left > 0n
      : rule === 'HALF_EVEN' && (half > 1_000_000n || (half === 1_000_000n && (floor & 1n) === 1n));
  const publisher = Number(up ? floor + 1n : floor);
  const platform = Number((BigInt(amount) * BigInt(1_000_000 - sharePpm)) / 1_000_000n);
  return [publisher, platform, amount - publisher - platform];
}

function contra(category: Category | undefined): string {
  return `contra:${(category ?? 'QUALITY').toLowerCase()}`;
}

const partners = ['publisher:payable', 'platform:revenue', 'rounding'] as const;

/** Parts of an amount taken back after `before` was taken back already, so that parts add up to the whole exactly. */
function reversedParts(billing: Billing, before: number, amount: number): readonly number[] {
  const after = divide(before + amount, billing.revenue_share_ppm, billing.share_rounding);
  const until = divide(before, billing.revenue_share_ppm, billing.share_rounding);
  return after.map((part, index) => part - (until[index] as number));
}

/** A leg with a negative amount is the leg the other way round. */
function leg(debit: string, credit: string, amount: number): Leg {
  return amount >= 0 ? { debit, credit, amount } : { debit: credit, credit: debit, amount: -amount };
}

function tentativeLegs(m: Movement): Leg[] {
  const amount = m.amountMicros;
  switch (m.kind) {
    case 'draw':
      return [{ debit: 'campaign:reserved', credit: 'campaign:authority', amount }];
    case 'release':
      return [{ debit: 'campaign:authority', credit: 'campaign:reserved', amount }];
    case 'incur':
      return [{ debit: 'campaign:incurred', credit: 'campaign:reserved', amount }];
    case 'suspend':
      return [{ debit: 'suspense', credit: 'campaign:incurred', amount }];
    case 'void':
      return [{ debit: contra(m.category), credit: m.fromSuspense ? 'suspense' : 'campaign:incurred', amount }];
    case 'certify':
      return [{ debit: 'advertiser:unbilled', credit: m.fromSuspense ? 'suspense' : 'campaign:incurred', amount }];
    case 'reverse':
    case 'adjust':
    case 'absorb':
    case 'absorb_void':
      return [];
    default:
      return m.kind satisfies never;
  }
}

function finalLegs(m: Movement, billing: Billing): Leg[] {
  const amount = m.amountMicros;
  const parts = divide(amount, billing.revenue_share_ppm, billing.share_rounding);
  switch (m.kind) {
    case 'certify':
      return partners.map((credit, index) => leg('advertiser:unbilled', credit, parts[index] as number));
    case 'absorb':
      return partners.map((credit, index) => leg('absorbed', credit, parts[index] as number));
    case 'absorb_void':
      return partners.map((debit, index) => leg(debit, 'absorbed', parts[index] as number));
    case 'reverse':
    case 'adjust': {
      const back = reversedParts(billing, m.reversedBeforeMicros ?? 0, amount);
      return [
        { debit: contra(m.category), credit: 'advertiser:unbilled', amount },
        ...partners.map((debit, index) => leg(debit, contra(m.category), back[index] as number)),
      ];
    }
    case 'draw':
    case 'release':
    case 'incur':
    case 'suspend':
    case 'void':
      return [];
    default:
      return m.kind satisfies never;
  }
}

/** Fold time at which a movement is booked: that of the tick itself if a tick brought it about. */
function bookedAt(timeline: Timeline, offset: number): number {
  return timeline.timeAt(offset + 1);
}

/** Movements whose entries say why. */
const grounds: ReadonlySet<Movement['kind']> = new Set(['void', 'reverse', 'adjust', 'absorb_void']);

/** The entries that both ledgers should hold for the movements of one selection. */
export function expectedEntries(billing: Billing, movements: readonly Movement[], timeline: Timeline): ExpectedEntry[] {
  const servicePeriod = timeline.monthOf(billing.calendar, billing.selected_at);
  return movements.flatMap((m) => {
    const postedAt = bookedAt(timeline, m.offset);
    const postingPeriod = timeline.postingMonth(billing.calendar, postedAt, m.offset);
    const common = { sourceOffset: m.offset, kind: m.kind, servicePeriod, postingPeriod, postedAt };
    const entry = (truth: 'tentative' | 'final') => (l: Leg) => ({
      truth,
      ...common,
      debit: l.debit,
      credit: l.credit,
      amountMicros: l.amount,
      parties: partiesText(billing, grounds.has(m.kind) ? (m.reference ?? '') : ''),
    });
    return [...tentativeLegs(m).map(entry('tentative')), ...finalLegs(m, billing).map(entry('final'))].filter(
      (e) => e.amountMicros > 0,
    );
  });
}
