import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { monthEnds } from '../domain/calendar.ts';
import { eventId, shardOf, uuidV7 } from '../domain/identity.ts';
import type {
  AnyRecord,
  Beacon,
  BeaconKind,
  Billing,
  Category,
  Lease,
  PricingModel,
  RecordName,
  RecordTypes,
  Topic,
} from '../domain/records.ts';
import { sampleRecord } from '../scripts/sample-record.ts';

/** A record of the script: when, where, what. What names the place of another record is made once that has one. */
export interface ScriptedRecord {
  readonly at: number;
  readonly topic: Topic;
  readonly shard: number;
  readonly key: string;
  readonly record: AnyRecord | (() => AnyRecord);
  /** Given when it is appended. */
  offset: number;
}

export const scriptShards = 2;
/** Ten minutes before a month ends. */
export const scriptStart = Date.UTC(2026, 9, 31, 23, 50);
export const holdMs = 10_000;
const impressionTokenMs = 15_000;
const clickTokenMs = 20_000;
const heldBackMs = 5_500;
const tickMs = 1_000;
const horizonMs = 45 * 86_400_000;
const human = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const robot = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';

const schemas = resolve(import.meta.dirname, '../schemas/avro');

/** A valid record with nothing optional in it, but for what is given. */
function sample<N extends RecordName>(name: N, given: Partial<RecordTypes[N]>): RecordTypes[N] {
  const schema: unknown = JSON.parse(readFileSync(join(schemas, `${name}.avsc`), 'utf8'));
  return { ...(sampleRecord(schema, 'bare') as RecordTypes[N]), ...given };
}

interface Node {
  readonly name: string;
  readonly boot: string;
  sequence: number;
}

interface Item {
  readonly lineItemId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly currency: string;
  readonly model: PricingModel;
  readonly bidMicros: number;
}

const items = {
  cpm: {
    lineItemId: 'li_cpm',
    campaignId: 'cmp_a',
    advertiserId: 'adv_a',
    currency: 'EUR',
    model: 'CPM',
    bidMicros: 2_345_678,
  },
  vcpm: {
    lineItemId: 'li_vcpm',
    campaignId: 'cmp_a',
    advertiserId: 'adv_a',
    currency: 'EUR',
    model: 'VCPM',
    bidMicros: 3_000_999,
  },
  cpc: {
    lineItemId: 'li_cpc',
    campaignId: 'cmp_b',
    advertiserId: 'adv_b',
    currency: 'USD',
    model: 'CPC',
    bidMicros: 150_001,
  },
  house: {
    lineItemId: 'li_house',
    campaignId: 'cmp_b',
    advertiserId: 'adv_b',
    currency: 'USD',
    model: 'NONE',
    bidMicros: 0,
  },
} as const satisfies Record<string, Item>;

interface Selecting {
  readonly at: number;
  readonly node?: Node;
  readonly test?: boolean;
  /** eCPM of the runner-up in a second-price auction. */
  readonly secondPriceAfter?: number;
  /** The node was killed before its record was on disk. */
  readonly lost?: boolean;
}

interface Arriving {
  readonly after: number;
  readonly node?: Node;
  readonly agent?: string;
  /** A click's draw; `none`: no lease held the price. */
  readonly draw?: 'none';
  /** Charged by the same node before. */
  readonly charged?: boolean;
}

/**
 * A few minutes of a small platform around the end of a month, in which everything happens that the life of an ad can meet. The records are
 * made as serving, console and ticker make them.
 */
export class AuditScript {
  readonly records: ScriptedRecord[] = [];
  /** Node that serves, and one that is killed and fenced. */
  readonly n1: Node = { name: 'n1', boot: uuidV7(scriptStart, new Uint8Array(10).fill(1)), sequence: 0 };
  readonly n2: Node = { name: 'n2', boot: uuidV7(scriptStart, new Uint8Array(10).fill(2)), sequence: 0 };
  #count = 0;
  #catalogLength = 0;

  put<N extends RecordName>(
    place: Pick<ScriptedRecord, 'at' | 'topic' | 'shard' | 'key'>,
    name: N,
    value: RecordTypes[N] | (() => RecordTypes[N]),
  ): ScriptedRecord {
    const wrap = (made: RecordTypes[N]): AnyRecord => ({ name, value: made }) as unknown as AnyRecord;
    const record = typeof value === 'function' ? () => wrap((value as () => RecordTypes[N])()) : wrap(value);
    const scripted = { ...place, record, offset: -1 };
    this.records.push(scripted);
    return scripted;
  }

  catalogue(): void {
    const at = scriptStart;
    const who = { changed_by: 'test', changed_at: at, idempotency_key: null, request_hash: null };
    const change = { revision: 1, ...who, archived: false };
    const put = <N extends RecordName>(key: string, name: N, given: Partial<RecordTypes[N]>): void => {
      this.put(
        { at, topic: 'catalog', shard: 0, key },
        name,
        sample(name, { ...given, change } as Partial<RecordTypes[N]>),
      );
      this.#catalogLength += 1;
    };
    put('pub_1', 'PublisherPublished', {
      publisher_id: 'pub_1',
      share_rounding: 'HALF_EVEN',
      shares: [{ effective_from: at - 86_400_000, share_ppm: 654_321 }],
    });
    const sold = {
      publisher_id: 'pub_1',
      floor_micros: 100_000,
      soft_floor_micros: 0,
      increment_micros: 1000,
      deals: [],
    };
    for (const [placement_id, auction] of [
      ['pl_1', 'first_price'],
      ['pl_2', 'second_price'],
    ] as const) {
      put(placement_id, 'PlacementPublished', { ...sold, placement_id, auction });
    }
    for (const item of Object.values(items)) {
      const { lineItemId, campaignId, advertiserId, model, bidMicros } = item;
      put(lineItemId, 'LineItemPublished', {
        line_item_id: lineItemId,
        campaign_id: campaignId,
        advertiser_id: advertiserId,
        pricing_model: model,
        bid_micros: bidMicros,
        deals: [],
      });
    }
  }

  /** Rules, budgets, nodes. */
  begin(): void {
    const at = scriptStart;
    const calendars = [{ calendar: 0, zone: 'UTC', months: monthEnds(at, 'UTC', 6) }];
    const policy = { revision: 1, hold_ms: holdMs, horizon_ms: horizonMs, rules_version: 1, calendars };
    for (let shard = 0; shard < scriptShards; shard += 1)
      this.put({ at, topic: 'spend', shard, key: 'policy' }, 'PolicySet', { ...policy, set_by: 'test', set_at: at });
    for (const campaign_id of ['cmp_a', 'cmp_b']) {
      const applied = { campaign_id, number: 1, revision: 1, total_micros: 50_000_000, daily_micros: null };
      const shard = shardOf(campaign_id, scriptShards);
      const value = { ...applied, applied_at: at, allocator: 'test' };
      this.put({ at, topic: 'pacing', shard, key: campaign_id }, 'BudgetApplied', value);
    }
    for (const { name: node, boot } of [this.n1, this.n2]) {
      const started = { node, boot, started_at: at, previous_boot: null, url: 'http://127.0.0.1' };
      this.put({ at, topic: 'nodes', shard: 0, key: node }, 'NodeStarted', started);
    }
  }

  select(
    item: keyof typeof items,
    { at, node = this.n1, test = false, secondPriceAfter, lost = false }: Selecting,
  ): Billing {
    const { lineItemId, campaignId, advertiserId, currency, model, bidMicros }: Item = items[item];
    this.#count += 1;
    const random = Buffer.alloc(10);
    random.writeUInt32BE(this.#count * 7919, 4);
    const selection_id = uuidV7(at, random);
    node.sequence += 1;
    const perEvent = model === 'CPC' ? bidMicros : Math.floor(bidMicros / 1000);
    const price = secondPriceAfter === undefined ? perEvent : Math.floor((secondPriceAfter + 1000) / 1000);
    const billing: Billing = {
      selection_id,
      shard: shardOf(selection_id, scriptShards),
      node: node.name,
      boot: node.boot,
      sequence: node.sequence,
      advertiser_id: advertiserId,
      campaign_id: campaignId,
      line_item_id: lineItemId,
      creative_id: 'cr_1',
      publisher_id: 'pub_1',
      placement_id: secondPriceAfter === undefined ? 'pl_1' : 'pl_2',
      pricing_model: model,
      price_micros: price,
      currency,
      revenue_share_ppm: 654_321,
      share_rounding: 'HALF_EVEN',
      calendar: 0,
      draw_lease: !test && (model === 'CPM' || model === 'VCPM') ? leaseOf(node, at) : null,
      test,
      selected_at: at,
      expires_at: at + impressionTokenMs + heldBackMs,
    };
    if (!lost) this.#record(billing, { bidMicros, runnerUp: secondPriceAfter ?? null });
    return billing;
  }

  #record(billing: Billing, { bidMicros, runnerUp }: { bidMicros: number; runnerUp: number | null }): void {
    const {
      selection_id: key,
      shard,
      selected_at: at,
      draw_lease,
      node,
      boot,
      sequence,
      pricing_model,
      price_micros,
    } = billing;
    const origin = { node, boot, sequence };
    if ((pricing_model === 'CPM' || pricing_model === 'VCPM') && price_micros > 0) {
      const reserved = { event_id: eventId(key, 'reserved', 0), billing, draw_lease, origin, reserved_at: at };
      this.put({ at, topic: 'spend', shard, key }, 'SpendReserved', reserved);
    }
    const auction = {
      rule: runnerUp === null ? 'first_price' : 'second_price',
      bid_micros: bidMicros,
      ecpm_micros: bidMicros,
      floor_micros: 100_000,
      soft_floor_micros: 0,
      increment_micros: 1000,
      deal_id: null,
      runner_up_ecpm_micros: runnerUp,
      priority: 1,
      eligible: 2,
      solicited: 2,
      responded: 2,
      participating: 2,
    };
    const selected = sample('AdSelected', {
      event_id: eventId(key, 'selected', 0),
      billing,
      origin,
      auction,
      prediction: null,
      impression_expires_at: at + impressionTokenMs,
      click_expires_at: at + clickTokenMs,
      views: [{ view: 'catalog', revision: this.#catalogLength }],
    });
    this.put({ at, topic: 'selected', shard, key }, 'AdSelected', selected);
    const returned = { event_id: eventId(key, 'returned', 0), selection_id: key, origin, billing };
    this.put(
      { at, topic: 'selected', shard, key },
      'MarkupReturned',
      sample('MarkupReturned', { ...returned, returned_at: at }),
    );
  }

  /** A beacon arrives; what it charges is written before it, as serving does. */
  arrive(
    billing: Billing,
    kind: BeaconKind,
    { after, node = this.n1, agent = human, draw, charged = false }: Arriving,
  ): ScriptedRecord {
    const { selection_id: key, shard, selected_at, pricing_model, draw_lease, test, price_micros } = billing;
    const at = selected_at + after;
    const expiresAt = selected_at + (kind === 'click' ? clickTokenMs : impressionTokenMs);
    node.sequence += 1;
    this.#count += 1;
    const origin = { node: node.name, boot: node.boot, sequence: node.sequence };
    const beacon: Beacon = {
      receipt_id: uuidV7(at, Buffer.alloc(10, this.#count)),
      event_id: eventId(key, kind, 0),
      kind,
      ordinal: 0,
      origin,
      billing,
      key_id: 'k1',
      kind_expires_at: expiresAt,
      judgement: at > expiresAt ? 'LATE' : 'ACCEPTED',
      received_at: at,
      occurred_at: null,
      transport: 'PIXEL',
      network: '192.0.2.0/24',
      user_agent: agent,
    };
    const billed = { CPM: 'impression', VCPM: 'viewable', CPC: 'click', NONE: '' }[pricing_model] === kind;
    const isCharged = billed && price_micros > 0 && beacon.judgement === 'ACCEPTED' && !charged;
    const clickLease = !isCharged || test || draw === 'none' ? null : leaseOf(node, at);
    const lease = kind === 'click' ? clickLease : draw_lease;
    if (isCharged) {
      this.put({ at, topic: 'spend', shard, key }, 'SpendIncurred', {
        event_id: eventId(key, 'incurred', 0),
        receipt_id: beacon.receipt_id,
        kind,
        billing,
        draw_lease: lease,
        origin,
        incurred_at: at,
      });
    }
    const place = { at, shard, key };
    if (kind === 'impression') return this.put({ ...place, topic: 'impression' }, 'ImpressionRendered', { beacon });
    if (kind === 'viewable') return this.put({ ...place, topic: 'engagement' }, 'AdViewable', { beacon });
    const click_id = eventId(key, 'click_id', 0);
    return this.put({ ...place, topic: 'click' }, 'AdClicked', { beacon, click_id, draw_lease: lease });
  }

  judge(
    billing: Billing,
    at: number,
    ground: { rule: string; category: Category; evidence: readonly ScriptedRecord[] },
  ): void {
    const { selection_id, shard } = billing;
    const { rule, category, evidence } = ground;
    this.put({ at, topic: 'spend', shard, key: selection_id }, 'TrafficInvalidated', () => ({
      event_id: eventId(selection_id, `invalidated:${rule}`, 0),
      selection_id,
      category,
      rule,
      rules_version: 1,
      reason: 'as the test has it',
      evidence: evidence.map(({ topic, shard: of, offset }) => ({ topic, shard: of, offset })),
      judged_by: 'test',
      judged_at: at,
    }));
  }

  reverse(billing: Billing, at: number, amountMicros: number): void {
    const { selection_id, shard, price_micros } = billing;
    this.put({ at, topic: 'spend', shard, key: selection_id }, 'Adjusted', {
      event_id: uuidV7(at, new Uint8Array(10).fill(3)),
      selection_id,
      billing,
      adjustment_number: 1,
      action: 'REVERSE',
      amount_micros: amountMicros,
      relied_certified_micros: price_micros,
      relied_reversed_micros: 0,
      reason: 'agreed with the advertiser',
      adjusted_by: 'test',
      adjusted_at: at,
    });
  }

  /** The second node dies: its successor drains its buffer, and everybody is told. */
  killSecond(at: number): void {
    const { name: node, boot, sequence } = this.n2;
    const drained = { node, boot, last_sequence: sequence, drained_by: 'test', drained_at: at };
    this.put({ at, topic: 'nodes', shard: 0, key: node }, 'BufferDrained', drained);
    for (let shard = 0; shard < scriptShards; shard += 1)
      this.put({ at, topic: 'spend', shard, key: node }, 'NodeFenced', { node, boot, fenced_at: at });
  }

  closeMonth(at: number): void {
    for (let shard = 0; shard < scriptShards; shard += 1) {
      const closed = { calendar: 0, period: '2026-10', closed_by: 'test', closed_at: at };
      this.put({ at, topic: 'spend', shard, key: 'close' }, 'PeriodClosed', closed);
    }
  }

  /** Ticks of the whole time on every shard, and the last mark of the node that lives. */
  tickUntil(end: number): void {
    for (let at = scriptStart; at <= end; at += tickMs) {
      for (let shard = 0; shard < scriptShards; shard += 1)
        this.put({ at, topic: 'spend', shard, key: 'tick' }, 'TimeAdvanced', { advanced_to: at, ticker: 'test' });
    }
    const { name: node, boot, sequence } = this.n1;
    const mark = { node, boot, marked_at: end, drained_sequence: sequence, last_sequence: sequence };
    this.put({ at: end, topic: 'nodes', shard: 0, key: node }, 'NodeMark', sample('NodeMark', mark));
  }
}

function leaseOf({ name, boot }: Node, at: number): Lease {
  return { node: name, boot, day: new Date(at).toISOString().slice(0, 10) };
}

/** The selections of the script that tests name, by what happened to them. */
export type Cast = Readonly<
  Record<
    'rendered' | 'neighbour' | 'viewed' | 'clicked' | 'unseen' | 'robot' | 'reversed' | 'corrected' | 'absorbed',
    Billing
  >
>;

/** Writes the script: every fate at least once, some in October, some in November. */
export function writeScript(): { readonly script: AuditScript; readonly cast: Cast } {
  const script = new AuditScript();
  const s = (seconds: number): number => scriptStart + seconds * 1_000;
  script.catalogue();
  script.begin();
  const rendered = script.select('cpm', { at: s(10) });
  script.arrive(rendered, 'impression', { after: 2_000 });
  const neighbour = script.select('cpm', { at: s(14) });
  script.arrive(neighbour, 'impression', { after: 1_500 });
  const viewed = script.select('vcpm', { at: s(20) });
  script.arrive(viewed, 'impression', { after: 1_000 });
  script.arrive(viewed, 'viewable', { after: 3_000 });
  const clicked = script.select('cpc', { at: s(25) });
  script.arrive(clicked, 'impression', { after: 900 });
  script.arrive(clicked, 'click', { after: 6_000 });
  const unseen = script.select('cpm', { at: s(30) });
  const twice = script.select('cpm', { at: s(35) });
  script.arrive(twice, 'impression', { after: 1_000 });
  script.arrive(twice, 'impression', { after: 4_000, charged: true });
  const late = script.select('cpm', { at: s(40) });
  script.arrive(late, 'impression', { after: impressionTokenMs + 2_000 });
  const robotic = script.select('cpm', { at: s(45) });
  const named = script.arrive(robotic, 'impression', { after: 800, agent: robot });
  script.judge(robotic, s(49), { rule: 'declared_bot', category: 'GIVT', evidence: [named] });
  const twoClicks = script.select('cpc', { at: s(50) });
  script.arrive(twoClicks, 'impression', { after: 700 });
  script.arrive(twoClicks, 'click', { after: 4_000 });
  script.arrive(twoClicks, 'click', { after: 9_000, node: script.n2 });
  const unpaid = script.select('cpc', { at: s(55) });
  script.arrive(unpaid, 'impression', { after: 700 });
  script.arrive(unpaid, 'click', { after: 5_000, draw: 'none' });
  const absorbed = script.select('cpm', { at: s(60), node: script.n2 });
  const tested = script.select('cpm', { at: s(62), test: true });
  script.arrive(tested, 'impression', { after: 1_000 });
  const house = script.select('house', { at: s(64) });
  script.arrive(house, 'impression', { after: 1_000 });
  script.select('cpm', { at: s(65), secondPriceAfter: 1_234_000 });
  script.killSecond(s(66));
  script.n2.sequence += 10; // what was in memory only: beyond what its buffer ever held
  const lost = script.select('cpm', { at: s(65), node: script.n2, lost: true });
  script.arrive(lost, 'impression', { after: 3_000 });
  script.arrive(absorbed, 'impression', { after: 9_000 });
  const reversed = script.select('vcpm', { at: s(70) });
  script.arrive(reversed, 'impression', { after: 900 });
  script.arrive(reversed, 'viewable', { after: 2_500 });
  const corrected = script.select('cpm', { at: s(75) });
  script.arrive(corrected, 'impression', { after: 900 });
  script.reverse(corrected, s(130), 777);
  for (let index = 0; index < 12; index += 1) {
    const more = script.select(index % 3 === 0 ? 'vcpm' : 'cpm', { at: s(560 + index * 8) });
    script.arrive(more, 'impression', { after: 1_000 });
    if (index % 3 === 0) script.arrive(more, 'viewable', { after: 2_400 });
  }
  script.closeMonth(s(700));
  // The last that happens: a verdict on what was certified long ago, in a closed month.
  script.judge(reversed, s(760), { rule: 'manual', category: 'SIVT', evidence: [] });
  script.tickUntil(s(780));
  return {
    script,
    cast: { rendered, neighbour, viewed, clicked, unseen, robot: robotic, reversed, corrected, absorbed },
  };
}
