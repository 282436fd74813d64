import { uuidV7 } from '../domain/identity.ts';
import type { Billing, Lease, PricingModel, RecordName, RecordTypes } from '../domain/records.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';

export interface SpendMixOptions {
  readonly registry: SchemaRegistry;
  readonly shard: number;
  readonly records: number;
  readonly seed: number;
}

const startedAt = Date.UTC(2026, 10, 20, 12);
const selectionsPerMs = 0.5;
const reservationMs = 45_000;
const holdMs = 30_000;
const tickMs = 500;

/**
 * A spend shard as a day of traffic would leave it, in the wire format: 70 % CPM, 10 % VCPM and 20 % CPC selections over 200 line items; three of
 * four reservations incur, the rest expire; one of eight CPC selections is clicked; 2 % of what was billed is judged invalid, before or after it
 * is final; 1 % of the records come twice; a tick every half second. Holds and reservations are short, so that all of it happens within the mix.
 */
export function spendMix({ registry, shard, records, seed }: SpendMixOptions): readonly Uint8Array[] {
  const random = mulberry(seed);
  const out: Uint8Array[] = [];
  const later: { at: number; bytes: Uint8Array }[][] = [];
  const write = <N extends RecordName>(name: N, value: RecordTypes[N]): Uint8Array => registry.encode(name, value);
  const schedule = (at: number, bytes: Uint8Array): void => {
    const slot = Math.floor((at - startedAt) / tickMs);
    (later[slot] ??= []).push({ at, bytes });
  };
  out.push(write('PolicySet', policy()));
  for (let slot = 0; out.length < records; slot += 1) {
    const from = startedAt + slot * tickMs;
    for (let index = 0; index < tickMs * selectionsPerMs; index += 1) {
      const at = from + Math.floor(random() * tickMs);
      oneSelection({ at, random, shard, write, schedule });
    }
    const due = (later[slot] ?? []).sort((a, b) => a.at - b.at);
    later[slot] = [];
    for (const { bytes } of due) {
      out.push(bytes);
      if (random() < 0.01) out.push(bytes);
    }
    out.push(write('TimeAdvanced', { advanced_to: from + tickMs, ticker: 'bench' }));
  }
  return out.slice(0, records);
}

interface SelectionContext {
  readonly at: number;
  readonly random: () => number;
  readonly shard: number;
  readonly write: <N extends RecordName>(name: N, value: RecordTypes[N]) => Uint8Array;
  readonly schedule: (at: number, bytes: Uint8Array) => void;
}

function oneSelection({ at, random, shard, write, schedule }: SelectionContext): void {
  const draw = random();
  const model: PricingModel = draw < 0.7 ? 'CPM' : draw < 0.8 ? 'VCPM' : 'CPC';
  const lease = leaseOf(Math.floor(random() * 3));
  const billing = content({ at, random, shard, model, lease });
  const origin = { node: billing.node, boot: billing.boot, sequence: billing.sequence };
  const { selection_id } = billing;
  const event_id = selection_id;
  if (model !== 'CPC') {
    schedule(at, write('SpendReserved', { event_id, billing, draw_lease: lease, origin, reserved_at: at }));
  }
  if (random() > (model === 'CPC' ? 0.125 : 0.75)) return;
  const incurredAt = at + Math.floor(200 + random() * random() * 20_000);
  const kind = model === 'CPM' ? 'impression' : model === 'VCPM' ? 'viewable' : 'click';
  const incurred = {
    event_id,
    receipt_id: event_id,
    kind,
    billing,
    draw_lease: lease,
    origin,
    incurred_at: incurredAt,
  } as const;
  schedule(incurredAt, write('SpendIncurred', incurred));
  if (random() > 0.02) return;
  const judgedAt = incurredAt + Math.floor(random() * 2 * holdMs);
  const verdict = {
    event_id,
    selection_id,
    category: 'GIVT',
    rule: 'click_flood',
    rules_version: 1,
    judged_by: 'bench',
    judged_at: judgedAt,
  } as const;
  schedule(judgedAt, write('TrafficInvalidated', { ...verdict, reason: 'clicks without end', evidence: [] }));
}

interface ContentContext {
  readonly at: number;
  readonly random: () => number;
  readonly shard: number;
  readonly model: PricingModel;
  readonly lease: Lease;
}

let sequence = 0;

function content({ at, random, shard, model, lease }: ContentContext): Billing {
  const item = Math.floor(random() * 200);
  const bytes = Uint8Array.from({ length: 10 }, () => Math.floor(random() * 256));
  sequence += 1;
  return {
    selection_id: uuidV7(at, bytes),
    shard,
    node: lease.node,
    boot: lease.boot,
    sequence,
    advertiser_id: `adv_${String(item % 20).padStart(12, '0')}`,
    campaign_id: `cmp_${String(item % 50).padStart(12, '0')}`,
    line_item_id: `li_${String(item).padStart(12, '0')}`,
    creative_id: `cr_${String(item * 3).padStart(12, '0')}`,
    publisher_id: `pub_${String(item % 10).padStart(12, '0')}`,
    placement_id: `pl_${String(item % 40).padStart(12, '0')}`,
    pricing_model: model,
    price_micros: model === 'CPC' ? 250_000 + item : 2_500 + item,
    currency: item % 20 < 15 ? 'EUR' : 'USD',
    revenue_share_ppm: 650_000 + (item % 10) * 10_007,
    share_rounding: 'DOWN',
    calendar: item % 2,
    draw_lease: model === 'CPC' ? null : lease,
    test: false,
    selected_at: at,
    expires_at: at + reservationMs,
  };
}

function leaseOf(node: number): Lease {
  return { node: `node-${node + 1}`, boot: `0193460${node}-0000-7000-8000-000000000001`, day: '2026-11-20' };
}

function policy(): RecordTypes['PolicySet'] {
  const months = [
    { period: '2026-11', ends_at: Date.UTC(2026, 11, 1) },
    { period: '2026-12', ends_at: Date.UTC(2027, 0, 1) },
  ];
  return {
    revision: 1,
    hold_ms: holdMs,
    horizon_ms: 45 * 86_400_000,
    rules_version: 1,
    calendars: [
      { calendar: 0, zone: 'UTC', months },
      {
        calendar: 1,
        zone: 'Europe/Berlin',
        months: months.map((month) => ({ ...month, ends_at: month.ends_at - 3_600_000 })),
      },
    ],
    set_by: 'bench',
    set_at: startedAt,
  };
}

/** A small seeded generator, so that two runs fold the same bytes. */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
