import { eventId, uuidV5, uuidV7 } from '../../domain/identity.ts';
import { splitRevenue } from '../../domain/money.ts';
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
import type { EventLog } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';

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
  readonly spend: 'none' | 'released' | 'pending' | 'certified' | 'voided' | 'reversed' | 'absorbed';
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

type Booking = readonly [
  truth: string,
  kind: string,
  debit: string,
  credit: string,
  amountMicros: number,
  reference?: string,
];

/** The entries that the ledgers would book, mirrored. */
function journalOf(billing: Billing, fate: Fate): SampleRecord[] {
  return bookings(billing, fate).map(([truth, kind, debit, credit, amountMicros, reference = ''], ordinal) => {
    const entry: Entry = {
      source_offset: billing.sequence,
      ordinal,
      kind,
      selection_id: billing.selection_id,
      advertiser_id: billing.advertiser_id,
      campaign_id: billing.campaign_id,
      line_item_id: billing.line_item_id,
      publisher_id: billing.publisher_id,
      debit_account: debit,
      credit_account: credit,
      amount_micros: amountMicros,
      currency: billing.currency,
      service_period: '2026-01',
      posting_period: '2026-01',
      posted_at: billing.selected_at + minute,
      selected_at: billing.selected_at,
      reference,
      chain_hash: new Uint8Array(32),
    };
    return {
      topic: 'journal',
      shard: billing.shard,
      name: 'EntryBooked',
      value: { truth, shard: billing.shard, entry },
    };
  });
}

function bookings(billing: Billing, { spend, verdict: rule }: Fate): Booking[] {
  const price = billing.price_micros;
  if (spend === 'none') return [];
  if (spend === 'absorbed') return shared(billing, 'absorb', 'absorbed');
  const booked: Booking[] = [['tentative', 'draw', 'campaign:reserved', 'campaign:authority', price]];
  if (spend === 'released')
    return [...booked, ['tentative', 'release', 'campaign:authority', 'campaign:reserved', price]];
  booked.push(['tentative', 'incur', 'campaign:incurred', 'campaign:reserved', price]);
  if (spend === 'voided') booked.push(['tentative', 'void', 'contra:givt', 'campaign:incurred', price, rule]);
  if (spend !== 'certified' && spend !== 'reversed') return booked;
  booked.push(['tentative', 'certify', 'campaign:authority', 'campaign:incurred', price]);
  booked.push(...shared(billing, 'certify', 'advertiser:unbilled'));
  if (spend === 'certified') return booked;
  const back = shared(billing, 'reverse', 'contra:sivt').map(
    ([truth, kind, debit, credit, amount]): Booking => [truth, kind, credit, debit, amount, rule],
  );
  return [...booked, ['final', 'reverse', 'contra:sivt', 'advertiser:unbilled', price, rule], ...back];
}

/** The parts of publisher, platform and rounding. */
function shared(billing: Billing, kind: string, debit: string): Booking[] {
  const { publisherMicros, platformMicros, roundingMicros } = splitRevenue(
    billing.price_micros,
    billing.revenue_share_ppm,
    billing.share_rounding,
  );
  const legs: Booking[] = [
    ['final', kind, debit, 'publisher:payable', publisherMicros],
    ['final', kind, debit, 'platform:revenue', platformMicros],
    ['final', kind, debit, 'rounding', roundingMicros],
  ];
  return legs.filter(([, , , , amountMicros]) => amountMicros > 0);
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
      consent: 'personal',
      consent_reason: 'tcf_ok',
    },
    person: n % 2 === 0 ? { revision: 7, segments: ['a'], frequency: [{ line_item_id: 'li_a', count: 2 }] } : null,
    auction: {
      rule: 'first_price',
      bid_micros: billing.price_micros * 1000,
      ecpm_micros: billing.price_micros * 1000,
      floor_micros: 100_000,
      runner_up_ecpm_micros: null,
      priority: 1,
      eligible: 10,
      solicited: 8,
      responded: 7,
      participating: 5,
    },
    losers: [{ line_item_id: 'li_z', creative_id: 'cr_z', ecpm_micros: 5, reason: 'outbid' }],
    exclusions: [{ step: 'targeting', reason: 'country', count: 3 }],
    stages: [
      { stage: 'ingress', share_us: 1000, took_us: 100 },
      { stage: 'auction', share_us: 2000, took_us: 100 + n },
    ],
    degradations: n % 10 === 0 ? [{ stage: 'enrichment', reason: 'deadline' }] : [],
    views: [{ view: 'catalog', revision: 12 }],
    leases: [{ campaign_id: billing.campaign_id, left_micros: 1_000_000 }],
    excluded_creatives: [],
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
