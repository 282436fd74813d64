import { describe, expect, it } from 'vitest';
import { eventId, uuidV7 } from '../../domain/identity.ts';
import type {
  AnyRecord,
  Beacon,
  BeaconKind,
  Billing,
  PricingModel,
  Topic,
  TrafficInvalidated,
} from '../../domain/records.ts';
import type { SourceRecord } from '../runtime/processor.ts';
import { defaultQuality, type QualityParameters } from './quality/rule.ts';
import { createTrafficQuality } from './traffic-quality.ts';

const start = Date.UTC(2026, 10, 22, 12);
const person =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';
const robot = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const topics: Partial<Record<BeaconKind, Topic>> = { impression: 'impression', viewable: 'engagement', click: 'click' };
const names = { impression: 'ImpressionRendered', viewable: 'AdViewable', click: 'AdClicked' } as const;

function selection(index: number, model: PricingModel): Billing {
  const selected_at = start + index;
  const boot = uuidV7(start, new Uint8Array(10));
  return {
    selection_id: uuidV7(selected_at, new Uint8Array(10).fill(index % 256)),
    shard: 0,
    node: 'n1',
    boot,
    sequence: index + 1,
    advertiser_id: 'adv_1',
    campaign_id: 'cmp_1',
    line_item_id: 'li_1',
    creative_id: 'cr_1',
    publisher_id: 'pub_1',
    placement_id: 'pl_1',
    pricing_model: model,
    price_micros: 1000,
    currency: 'EUR',
    revenue_share_ppm: 700_000,
    share_rounding: 'DOWN',
    calendar: 0,
    draw_lease: null,
    test: false,
    selected_at,
    expires_at: selected_at + 3_600_000,
  };
}

interface Sent {
  readonly billing: Billing;
  readonly kind: keyof typeof names;
  readonly afterMs: number;
  readonly network?: string;
  readonly userAgent?: string;
  readonly judgement?: 'ACCEPTED' | 'LATE';
}

function arrival(sent: Sent, offset: number): SourceRecord {
  const { billing, kind, afterMs } = sent;
  const beacon: Beacon = {
    receipt_id: uuidV7(start, new Uint8Array(10).fill(offset % 256)),
    event_id: eventId(billing.selection_id, kind, 0),
    kind,
    ordinal: 0,
    origin: { node: 'n1', boot: billing.boot, sequence: offset + 1 },
    billing,
    key_id: 'k1',
    kind_expires_at: billing.selected_at + 1_800_000,
    judgement: sent.judgement ?? 'ACCEPTED',
    received_at: billing.selected_at + afterMs,
    occurred_at: null,
    transport: 'PIXEL',
    network: sent.network ?? '192.0.2.0/24',
    user_agent: sent.userAgent ?? person,
  };
  const topic = topics[kind] as Topic;
  const record = (
    kind === 'click'
      ? { name: 'AdClicked', value: { beacon, click_id: 'c', draw_lease: null } }
      : { name: names[kind], value: { beacon } }
  ) as AnyRecord;
  return { topic, shard: 0, offset, key: billing.selection_id, record };
}

function tick(time: number): SourceRecord {
  return {
    topic: 'spend',
    shard: 0,
    offset: 0,
    key: '',
    record: { name: 'TimeAdvanced', value: { advanced_to: time, ticker: 't' } },
  };
}

/** Feeds arrivals, flushing after each tick; returns all verdicts. */
function judge(
  records: readonly SourceRecord[],
  parameters: QualityParameters = defaultQuality,
  restart = false,
): TrafficInvalidated[] {
  const processor = createTrafficQuality(parameters);
  let state = processor.initial(0);
  const verdicts: TrafficInvalidated[] = [];
  for (const record of records) {
    processor.process(state, record);
    if (record.topic !== 'spend') continue;
    for (const outcome of processor.flush?.(state) ?? []) {
      if (outcome.to === 'log' && outcome.record.name === 'TrafficInvalidated') verdicts.push(outcome.record.value);
    }
    if (restart) state = processor.decode(processor.encode(state), 0);
  }
  return verdicts;
}

const later = tick(start + 600_000 + 120_000);

describe('traffic quality', () => {
  it('gives no verdict on clean traffic', () => {
    const records = Array.from({ length: 200 }, (_, index) => {
      const billing = selection(index, (['CPM', 'VCPM', 'CPC'] as const)[index % 3] as PricingModel);
      const network = `10.0.${index % 40}.0/24`;
      const seen = [
        arrival({ billing, kind: 'impression', afterMs: 400, network }, index * 4),
        arrival({ billing, kind: 'viewable', afterMs: 1_500, network }, index * 4 + 1),
      ];
      return index % 6 === 2
        ? [...seen, arrival({ billing, kind: 'click', afterMs: 4_000, network }, index * 4 + 2)]
        : seen;
    }).flat();
    expect(judge([...records, later, tick(start + 3_600_000)])).toEqual([]);
  });

  it('calls a declared robot GIVT, resting on the arrival that would bill', () => {
    const billing = selection(1, 'CPM');
    const [verdict, ...rest] = judge([
      arrival({ billing, kind: 'impression', afterMs: 300, userAgent: robot }, 7),
      later,
    ]);
    expect(rest).toEqual([]);
    expect(verdict).toMatchObject({
      rule: 'declared_bot',
      category: 'GIVT',
      selection_id: billing.selection_id,
      evidence: [{ topic: 'impression', shard: 0, offset: 7 }],
    });
    expect(verdict?.event_id).toBe(eventId(billing.selection_id, 'invalidated:declared_bot', 0));
  });

  it('does not let a robot void what a person saw', () => {
    const billing = selection(1, 'CPM');
    const records = [
      arrival({ billing, kind: 'impression', afterMs: 300 }, 1),
      arrival({ billing, kind: 'impression', afterMs: 900, userAgent: robot }, 2),
    ];
    expect(judge([...records, later])).toEqual([]);
  });

  it('calls listed networks GIVT', () => {
    const billing = selection(1, 'VCPM');
    const parameters = { ...defaultQuality, listedNetworks: new Set(['198.51.100.0/24']) };
    const records = [arrival({ billing, kind: 'viewable', afterMs: 1_300, network: '198.51.100.0/24' }, 1), later];
    expect(judge(records, parameters).map((v) => v.rule)).toEqual(['listed_network']);
  });

  it('waits for an impression that was overtaken, and calls a click without one SIVT', () => {
    const billing = selection(1, 'CPC');
    const click = arrival({ billing, kind: 'click', afterMs: 5_000 }, 1);
    const overtaken = arrival({ billing, kind: 'impression', afterMs: 2_000 }, 2);
    expect(judge([click, tick(start + 30_000), overtaken, later])).toEqual([]);
    expect(judge([click, tick(start + 30_000), later]).map((v) => v.rule)).toEqual(['click_without_impression']);
  });

  it('calls a click faster than a person SIVT, and one before its selection', () => {
    const [fast, early] = [selection(1, 'CPC'), selection(2, 'CPC')];
    const records = [
      arrival({ billing: fast, kind: 'impression', afterMs: 500 }, 1),
      arrival({ billing: fast, kind: 'click', afterMs: 620 }, 2),
      arrival({ billing: early, kind: 'click', afterMs: -50 }, 3),
    ];
    expect(judge([...records, later]).map((v) => v.rule)).toEqual(['impossible_timing', 'impossible_timing']);
  });

  it('calls a token that comes from many networks SIVT', () => {
    const billing = selection(1, 'CPM');
    const records = ['203.0.113.0/24', '198.51.100.0/24', '192.0.2.0/24'].map((network, index) =>
      arrival({ billing, kind: 'impression', afterMs: 300 + index, network }, index),
    );
    expect(judge([...records, later]).map((v) => v.rule)).toEqual(['token_replay']);
  });

  it('finds a click farm after the fact, and only its clicks', () => {
    const farm = Array.from({ length: 30 }, (_, index) => {
      const billing = selection(index * 1_000, 'CPC');
      return [
        arrival({ billing, kind: 'impression', afterMs: 300, network: '203.0.113.0/24' }, index * 2),
        arrival({ billing, kind: 'click', afterMs: 2_000, network: '203.0.113.0/24' }, index * 2 + 1),
      ];
    }).flat();
    const honest = selection(500, 'CPC');
    const others = [
      arrival({ billing: honest, kind: 'impression', afterMs: 300 }, 900),
      arrival({ billing: honest, kind: 'click', afterMs: 3_000 }, 901),
    ];
    const verdicts = judge([...farm, ...others, tick(start + 599_000), tick(start + 601_000)]);
    expect(verdicts).toHaveLength(30);
    expect(new Set(verdicts.map((v) => v.rule))).toEqual(new Set(['click_farm']));
    expect(verdicts.some((v) => v.selection_id === honest.selection_id)).toBe(false);
  });

  it('judges neither test ads, house ads nor late beacons', () => {
    const records = [
      arrival({ billing: { ...selection(1, 'CPM'), test: true }, kind: 'impression', afterMs: 1, userAgent: robot }, 1),
      arrival({ billing: selection(2, 'NONE'), kind: 'impression', afterMs: 1, userAgent: robot }, 2),
      arrival({ billing: selection(3, 'CPM'), kind: 'impression', afterMs: 1, userAgent: robot, judgement: 'LATE' }, 3),
    ];
    expect(judge([...records, later])).toEqual([]);
  });

  it('gives the same verdicts whatever the order of arrival, with ticks anywhere before, restarted or not, and each once', () => {
    const billing = selection(1, 'CPC');
    const records = [
      arrival({ billing, kind: 'impression', afterMs: 500 }, 1),
      arrival({ billing, kind: 'click', afterMs: 600 }, 2),
      arrival({ billing: selection(2, 'CPM'), kind: 'impression', afterMs: 500, userAgent: robot }, 3),
    ];
    const wanted = judge([...records, later]);
    expect(wanted).toHaveLength(2);
    const byId = (list: TrafficInvalidated[]) => [...list].sort((a, b) => (a.event_id < b.event_id ? -1 : 1));
    expect(byId(judge([...records.toReversed(), later, later, ...records, later]))).toEqual(byId(wanted));
    expect(byId(judge([...records.flatMap((r) => [r, tick(start)]), later, later], defaultQuality, true))).toEqual(
      byId(wanted),
    );
  });
});
