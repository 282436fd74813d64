import { eventId, uuidV5, uuidV7 } from '../../domain/identity.ts';
import type {
  AdSelected,
  Beacon,
  BeaconKind,
  Billing,
  Entry,
  PricingModel,
  RecordName,
  RecordTypes,
  Topic,
} from '../../domain/records.ts';
import type { Transition } from '../../domain/transitions.ts';
import type { Post } from '../../ledger/entries.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { LedgerTruth } from '../../ports/ledger-index.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { postFinal } from '../../streams/processors/final-ledger.ts';
import { postTentative } from '../../streams/processors/tentative-ledger.ts';
import { Unbilled } from '../../streams/processors/unbilled.ts';

/** A record and where it goes. */
export type SampleRecord = {
  [N in RecordName]: {
    readonly topic: Topic;
    readonly shard: number;
    readonly name: N;
    readonly value: RecordTypes[N];
  };
}[RecordName];

export const sampleStart = Date.UTC(2026, 0, 5, 10);
export const sampleShards = 4;
const boot = '0196f000-0000-7000-8000-000000000001';
const minute = 60_000;

/** What became of a selection. */
export interface Fate {
  readonly impression: 'none' | 'accepted' | 'late';
  readonly viewable: boolean;
  readonly click: boolean;
  readonly spend: 'none' | 'released' | 'pending' | 'certified' | 'voided' | 'reversed' | 'suspended' | 'absorbed';
  readonly verdict: 'none' | 'givt-robot' | 'sivt-click-farm';
}

/** The n-th selection: 10 s apart, alternating between two campaigns and two placements, prices 1000 + n. */
export function billingOf(n: number, model: PricingModel, test = false): Billing {
  const selectedAt = sampleStart + n * 10_000;
  const random = Buffer.alloc(10);
  random.writeUInt32BE(n, 6);
  return {
    selection_id: uuidV7(selectedAt, random),
    shard: n % sampleShards,
    node: 'n1',
    boot,
    sequence: n + 1,
    advertiser_id: 'adv_1',
    campaign_id: n % 2 === 0 ? 'cmp_a' : 'cmp_b',
    line_item_id: n % 2 === 0 ? 'li_a' : 'li_b',
    creative_id: n % 2 === 0 ? 'cr_a' : 'cr_b',
    publisher_id: 'pub_1',
    placement_id: n % 3 === 0 ? 'pl_x' : 'pl_y',
    pricing_model: model,
    price_micros: model === 'NONE' ? 0 : 1000 + n,
    currency: 'EUR',
    revenue_share_ppm: 700_000,
    share_rounding: 'DOWN',
    calendar: 0,
    draw_lease: model === 'CPM' || model === 'VCPM' ? { node: 'n1', boot, day: '2026-01-05' } : null,
    test,
    selected_at: selectedAt,
    expires_at: selectedAt + 60 * minute,
  };
}

/** Everything that the platform writes of one selection, in the order of its life. */
export function lifeOf(billing: Billing, fate: Fate): SampleRecord[] {
  const at = (topic: Topic) => ({ topic, shard: billing.shard });
  const records: SampleRecord[] = [
    { ...at('selected'), name: 'AdSelected', value: selected(billing) },
    { ...at('selected'), name: 'MarkupReturned', value: returned(billing) },
  ];
  if (fate.impression !== 'none') {
    const value = { beacon: beacon(billing, 'impression', fate.impression === 'late') };
    records.push({ ...at('impression'), name: 'ImpressionRendered', value });
  }
  if (fate.viewable)
    records.push({ ...at('engagement'), name: 'AdViewable', value: { beacon: beacon(billing, 'viewable') } });
  if (fate.click) {
    const value = {
      beacon: beacon(billing, 'click'),
      click_id: eventId(billing.selection_id, 'click_id', 0),
      draw_lease: null,
    };
    records.push({ ...at('click'), name: 'AdClicked', value });
  }
  return [...records, ...spendOf(billing, fate), ...journalOf(billing, fate)];
}

function spendOf(billing: Billing, fate: Fate): SampleRecord[] {
  const at = { topic: 'spend' as const, shard: billing.shard };
  const records: SampleRecord[] = [];
  const lease = billing.draw_lease;
  if (fate.spend !== 'none' && lease !== null) {
    const event_id = eventId(billing.selection_id, 'reserved', 0);
    const value = { event_id, billing, draw_lease: lease, origin: origin(billing), reserved_at: billing.selected_at };
    records.push({ ...at, name: 'SpendReserved', value });
  }
  if (fate.spend !== 'none' && fate.spend !== 'released') {
    const value: RecordTypes['SpendIncurred'] = {
      event_id: eventId(billing.selection_id, 'incurred', 0),
      receipt_id: uuidV5(`receipt/${billing.selection_id}`),
      kind: billing.pricing_model === 'CPC' ? 'click' : billing.pricing_model === 'VCPM' ? 'viewable' : 'impression',
      billing,
      draw_lease: lease,
      origin: origin(billing),
      incurred_at: billing.selected_at + 2000,
    };
    records.push({ ...at, name: 'SpendIncurred', value });
  }
  if (fate.verdict !== 'none')
    records.push({ ...at, name: 'TrafficInvalidated', value: verdict(billing, fate.verdict) });
  return records;
}

function verdict(billing: Billing, rule: string): RecordTypes['TrafficInvalidated'] {
  return {
    event_id: eventId(billing.selection_id, `invalidated:${rule}`, 0),
    selection_id: billing.selection_id,
    category: rule.startsWith('givt') ? 'GIVT' : 'SIVT',
    rule,
    rules_version: 1,
    reason: 'planted',
    evidence: [{ topic: 'impression', shard: billing.shard, offset: 1 }],
    judged_by: 'traffic-quality',
    judged_at: billing.selected_at + minute,
  };
}

/** The entries that the two ledgers book, mirrored; translated by the ledgers' own rules. */
function journalOf(billing: Billing, fate: Fate): SampleRecord[] {
  const records: SampleRecord[] = [];
  const unbilled = new Unbilled();
  const ordinals: Record<LedgerTruth, number> = { tentative: 0, final: 0 };
  const postTo =
    (truth: LedgerTruth): Post =>
    (posting) => {
      const entry: Entry = {
        ...posting,
        source_offset: billing.sequence,
        ordinal: ordinals[truth]++,
        posted_at: billing.selected_at + minute,
        chain_hash: new Uint8Array(32),
      };
      records.push({
        topic: 'journal',
        shard: billing.shard,
        name: 'EntryBooked',
        value: { truth, shard: billing.shard, entry },
      });
    };
  for (const transition of transitionsOf(billing, fate)) {
    postTentative(transition, postTo('tentative'));
    postFinal(transition, unbilled, postTo('final'));
  }
  return records;
}

function transitionsOf(billing: Billing, { spend, verdict: rule }: Fate): Transition[] {
  const amountMicros = billing.price_micros;
  const base = { billing, amountMicros, servicePeriod: '2026-01', postingPeriod: '2026-01' };
  const lease = billing.draw_lease ?? { node: 'n1', boot, day: '2026-01-05' };
  const drawn: Transition = { ...base, kind: 'drawn', lease };
  const incurred: Transition = { ...base, kind: 'incurred', lease };
  const certified: Transition = { ...base, kind: 'certified', lease, fromSuspense: false };
  const ground = { category: rule.startsWith('givt') ? ('GIVT' as const) : ('SIVT' as const), rule };
  const before = { certifiedMicros: amountMicros, reversedBeforeMicros: 0, adjustment: false };
  const lives: Readonly<Record<Fate['spend'], Transition[]>> = {
    none: [],
    released: [drawn, { ...base, kind: 'released', lease, surplus: false }],
    pending: [drawn, incurred],
    certified: [drawn, incurred, certified],
    voided: [drawn, incurred, { ...base, ...ground, kind: 'voided', lease, fromSuspense: false }],
    reversed: [drawn, incurred, certified, { ...base, ...ground, ...before, kind: 'reversed', lease }],
    suspended: [drawn, incurred, { ...base, kind: 'suspended', lease }],
    absorbed: [{ ...base, kind: 'absorbed' }],
  };
  return lives[spend];
}

function origin(billing: Billing): { node: string; boot: string; sequence: number } {
  return { node: 'n1', boot, sequence: billing.sequence };
}

function returned(billing: Billing): RecordTypes['MarkupReturned'] {
  return {
    event_id: eventId(billing.selection_id, 'returned', 0),
    selection_id: billing.selection_id,
    origin: origin(billing),
    billing,
    returned_at: billing.selected_at + 3,
    elapsed_us: 2500,
    markup_bytes: 700,
  };
}

function beacon(billing: Billing, kind: BeaconKind, late = false): Beacon {
  const receivedAt = billing.selected_at + (late ? 90 * minute : 1000);
  return {
    receipt_id: uuidV5(`receipt/${billing.selection_id}/${kind}`),
    event_id: eventId(billing.selection_id, kind, 0),
    kind,
    ordinal: 0,
    origin: origin(billing),
    billing,
    key_id: 'k1',
    kind_expires_at: billing.selected_at + 30 * minute,
    judgement: late ? 'LATE' : 'ACCEPTED',
    received_at: receivedAt,
    occurred_at: null,
    transport: 'PIXEL',
    network: '192.0.2.0/24',
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
  };
}

/** Three bidders: one that bids and wins every third ad, one that is often late, and one that is throttled. */
function outsideDemand(n: number, billing: Billing): Pick<AdSelected, 'bidders' | 'external'> {
  const bid_micros = billing.price_micros * 1000;
  const one = (bidder: string, outcome: string, reason: string, latency_us: number) => ({
    bidder_id: `bd_${bidder}`,
    line_item_id: `li_${bidder}`,
    outcome,
    reason,
    timeout_us: outcome === 'not_asked' ? 0 : 40_000,
    latency_us,
    bid_micros: outcome === 'bid' ? bid_micros : 0,
    domains: outcome === 'bid' ? ["o'hara.example"] : [],
    categories: [],
  });
  const hasWon = n % 3 === 0;
  const bidders = [
    one('a', 'bid', hasWon ? 'won' : 'outbid', 5000 + n),
    n % 2 === 0 ? one('b', 'timed_out', '', 40_000) : one('b', 'invalid', 'bad_price', 9000),
    one('c', 'not_asked', 'throttled', 0),
  ];
  if (!hasWon) return { bidders, external: null };
  const external = {
    bidder_id: 'bd_a',
    bid_id: `b${n}`,
    imp_id: '1',
    seat: '',
    creative_ref: 'c"1',
    price: '1.5',
    currency: 'EUR',
    bid_micros,
    domains: ["o'hara.example"],
    categories: ['IAB3'],
    attributes: [1],
    billing_url: 'https://bidder.example/bill?a=1&b=2',
  };
  return { bidders, external };
}

function selected(billing: Billing): AdSelected {
  const n = billing.sequence - 1;
  return {
    event_id: eventId(billing.selection_id, 'selected', 0),
    request_id: uuidV5(`request/${n}`),
    slot_id: 's1',
    position: 0,
    origin: origin(billing),
    billing,
    key_id: 'k1',
    impression_expires_at: billing.selected_at + 30 * minute,
    click_expires_at: billing.selected_at + 24 * 60 * minute,
    user_key: n % 2 === 0 ? `u${n % 100}` : null,
    tier: n % 3 === 0 ? 'premium' : 'standard',
    plan: n % 10 === 0 ? 'no_person' : 'full',
    deadline_us: 100_000,
    fallback: billing.pricing_model === 'NONE',
    width: 300,
    height: 250,
    context: {
      channel: 'api',
      site_domain: "o'hara.example",
      app_bundle: null,
      page_path: '/a\\b\n"c"',
      device_type: 'phone',
      os: 'android',
      user_agent: 'Mozilla/5.0',
      network: '192.0.2.0/24',
      language: 'de',
      country: 'DE',
      region: 'BE',
      city: 'zürich 🚲',
      format: 'banner',
      sizes: ['300x250', '320x50'],
      segments: [],
      keywords: ['news'],
      categories: ['IAB12'],
      key_values: { pos: 'top', "it's": 'x,y' },
      floor_micros: 100_000,
      floor_currency: 'EUR',
      deals: [],
      seats: [],
      blocked: [],
      blocked_attributes: [],
      durations: [],
      bid_request_id: '',
      supply_chain: '',
      consent: 'personal',
      consent_reason: 'tcf_ok',
    },
    person:
      n % 2 === 0
        ? {
            revision: 7,
            segments: ['a'],
            frequency: [{ line_item_id: 'li_a', count: 2 }],
            caps: [{ owner_id: 'cmp_a', count: 3 }],
          }
        : null,
    auction: {
      rule: 'first_price',
      bid_micros: billing.price_micros * 1000,
      ecpm_micros: billing.price_micros * 1000,
      floor_micros: 100_000,
      soft_floor_micros: 0,
      increment_micros: 1000,
      deal_id: null,
      runner_up_ecpm_micros: null,
      priority: 1,
      eligible: 10,
      solicited: 8,
      responded: 7,
      participating: 5,
    },
    losers: [{ line_item_id: 'li_z', creative_id: 'cr_z', ecpm_micros: 5, reason: 'outbid' }],
    prediction: null,
    exclusions: [{ step: 'targeting', reason: 'country', count: 3 }],
    stages: [
      { stage: 'ingress', share_us: 1000, took_us: 100 },
      { stage: 'auction', share_us: 2000, took_us: 100 + n },
    ],
    degradations: n % 10 === 0 ? [{ stage: 'enrichment', reason: 'person_load', cost_micros: 7 }] : [],
    views: [{ view: 'catalog', revision: 12 }],
    leases: [{ campaign_id: billing.campaign_id, left_micros: 1_000_000 }],
    excluded_creatives: [],
    ...outsideDemand(n, billing),
  };
}

/** Appends records in the order given, `batch` at a time. */
export async function append(log: EventLog, registry: SchemaRegistry, records: readonly SampleRecord[]): Promise<void> {
  const byTopic = Map.groupBy(records, ({ topic }) => topic);
  for (const [topic, group] of byTopic) {
    const encoded = group.map(({ shard, name, value }) => ({ shard, key: '', value: registry.encode(name, value) }));
    for (let from = 0; from < encoded.length; from += 1000) await log.append(topic, encoded.slice(from, from + 1000));
  }
}
