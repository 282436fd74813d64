/**
 * What finding the eligible line items costs, by the size of the catalogue and with targeting expressions, and for how long a change of the catalogue holds
 * up the event loop, at 100,000 line items and for a campaign of 10,000. CPU time of the thread, microseconds; medians, and of changes the longest.
 */
import { readDecisionRequest } from '../serving/decision-request.ts';
import type { AnyRecord, LineItemPublished, RecordOf } from '../domain/records.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { CatalogIndex } from '../serving/catalog-index.ts';
import { EligibilityIndex } from '../serving/eligibility.ts';
import { contextOf, resolveSlot } from '../serving/slot.ts';
import { attributesOf, type SlotAttributes } from '../serving/targeting.ts';
import { contextual } from '../test/decision-world.ts';
import { trafficBodies, trafficCatalog } from './decision-traffic.ts';

const nowMs = Date.now();
const seed = 7;
const requests = 2_000;

type Figures = Record<string, number>;

/** Every second line item gets an expression, no two alike. */
function withExpressions(records: readonly AnyRecord[]): AnyRecord[] {
  const random = createSeededRandom(seed);
  const of = <T>(list: readonly T[]) => list[Math.floor(random.fraction() * list.length)] as T;
  const countries = ['DE', 'FR', 'GB', 'US', 'ES', 'IT', 'NL', 'PL', 'SE', 'AT'];
  let number = 0;
  return records.map((record) => {
    if (record.name !== 'LineItemPublished') return record;
    number += 1;
    if (number % 2 === 0) return record;
    const keyword = `keyword in (keyword${number % 200}, keyword${(number * 7) % 200}, own${number})`;
    const expression = `country in (${of(countries)}, ${of(countries)}) and not (device = ${of(['phone', 'tablet'])} or ${keyword}) or kv.section = section${number % 30} and hour in (${number % 24}..${(number + 8) % 24})`;
    const targeting = { ...record.value.targeting, expression };
    return { name: 'LineItemPublished', value: { ...record.value, targeting } };
  });
}

function indexOf(records: readonly AnyRecord[]): CatalogIndex {
  const index = new CatalogIndex({ nowMs });
  for (const record of records) index.apply(record, index.revision);
  return index;
}

function slotsOf(index: CatalogIndex): SlotAttributes[] {
  return trafficBodies({ lineItems: 0, requests, nowMs, seed }).flatMap((body) => {
    const request = readDecisionRequest(JSON.parse(body));
    const slot = request.slots[0] && resolveSlot(request.slots[0], index.catalog);
    if (slot === undefined || typeof slot === 'string') return [];
    const sender = { channel: 'api' as const, userAgent: '', network: '', deviceType: 'phone', os: null };
    return [attributesOf({ context: contextOf(slot, request, sender, contextual), ...slot, profileSegments: [] })];
  });
}

const facts = { personKnown: false, shownAdvertisers: [], resting: null };

/** The median of rounds over all requests. */
function searchUs(index: CatalogIndex, slots: readonly SlotAttributes[]): number {
  const eligibility = new EligibilityIndex(index);
  const search = () => {
    for (const slot of slots) eligibility.find(slot, facts);
  };
  const rounds = Array.from({ length: 7 }, () => tookUs(search) / slots.length);
  return rounds.sort((a, b) => a - b)[3] as number;
}

/** CPU time of this thread, so that what else runs on the machine does not count. */
function tookUs(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

type CatalogValue = RecordOf<'catalog'>['value'];

/** The next revision of an entity. */
function next<T extends CatalogValue>(value: T, changes: Partial<T>, archived = false): T {
  const change = { ...value.change, revision: value.change.revision + 1, archived };
  return { ...value, ...changes, change };
}

function changes(index: CatalogIndex, slots: readonly SlotAttributes[]): Figures {
  const { catalog } = index;
  const eligibility = new EligibilityIndex(index);
  const apply = (record: AnyRecord) => tookUs(() => index.apply(record, index.revision));
  const longest = (times: readonly number[]) => Math.max(...times);
  const numbers = Array.from({ length: 200 }, (_, number) => (number * 487) % 100_000);
  const lineItems = numbers.map((number) =>
    apply({
      name: 'LineItemPublished',
      value: next(catalog.lineItems.get(`li_${number}`) as LineItemPublished, { bid_micros: 3_000_000 }),
    }),
  );
  const searches: number[] = [];
  const creatives = numbers.map((number) => {
    const creative = catalog.creatives.get(`cr_${number}`);
    const time =
      creative === undefined
        ? 0
        : apply({ name: 'CreativePublished', value: next(creative, { width: 728, height: 90 }) });
    searches.push(tookUs(() => eligibility.find(slots[number % slots.length] as SlotAttributes, facts)));
    return time;
  });
  const [advertiser] = catalog.advertisers.values();
  const advertisers =
    advertiser === undefined
      ? 0
      : apply({ name: 'AdvertiserPublished', value: next(advertiser, { categories: ['IAB2'] }) });
  return {
    change_line_item_us_longest: longest(lineItems),
    change_creative_us_longest: longest(creatives),
    change_advertiser_us: advertisers,
    search_after_change_us_longest: longest(searches),
  };
}

/** 10,000 line items moved into one campaign, which then is paused, capped and archived. */
function bigCampaign(records: readonly AnyRecord[]): Figures {
  const moved = records.map((record): AnyRecord => {
    if (record.name !== 'LineItemPublished' && record.name !== 'CreativePublished') return record;
    if (Number(record.value.line_item_id.slice(3)) >= 10_000) return record;
    return { name: record.name, value: { ...record.value, campaign_id: 'cmp_0', advertiser_id: 'adv_0' } } as AnyRecord;
  });
  const index = indexOf(moved);
  const change = (changed: object, archived = false) => {
    const value = index.catalog.campaigns.get('cmp_0');
    if (value === undefined) return 0;
    return tookUs(() =>
      index.apply({ name: 'CampaignPublished', value: next(value, changed, archived) }, index.revision),
    );
  };
  const frequency_cap = { impressions: 3, window_ms: 0, calendar: 'day' };
  const advertiser = index.catalog.advertisers.get('adv_0');
  const figures = {
    change_campaign_10000_paused_us: change({ status: 'PAUSED' }),
    change_campaign_10000_capped_us: change({ status: 'ACTIVE', frequency_cap }),
    change_advertiser_10000_us:
      advertiser === undefined
        ? 0
        : tookUs(() => {
            const value = next(advertiser, { categories: ['IAB2'], domains: ['other.example'] });
            index.apply({ name: 'AdvertiserPublished', value }, index.revision);
          }),
    change_campaign_10000_archived_us: change({}, true),
  };
  const sweeps = Array.from({ length: 1300 }, (_, turn) => tookUs(() => index.advance(nowMs + turn + 1)));
  return { ...figures, sweep_after_archived_us_longest: Math.max(...sweeps) };
}

export function measureEligibility(): Figures {
  const figures: Figures = {};
  for (const lineItems of [1_000, 10_000, 100_000]) {
    const records = trafficCatalog({ lineItems, requests: 0, nowMs, seed });
    const plain = indexOf(records);
    const slots = slotsOf(plain);
    figures[`eligibility_us_${lineItems}`] = searchUs(plain, slots);
    const withThem = withExpressions(records);
    let expressed = plain;
    const builtUs = tookUs(() => {
      expressed = indexOf(withThem);
    });
    if (lineItems === 100_000) figures['index_build_100000_with_expressions_ms'] = builtUs / 1000;
    figures[`eligibility_us_${lineItems}_half_with_expressions`] = searchUs(expressed, slots);
    if (lineItems === 100_000) Object.assign(figures, changes(expressed, slots), bigCampaign(records));
  }
  return figures;
}

if (import.meta.main) {
  for (const [name, value] of Object.entries(measureEligibility())) {
    process.stdout.write(`${name}: ${value.toFixed(1)}\n`);
  }
}
