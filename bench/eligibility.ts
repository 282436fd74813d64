/**
 * What finding the eligible line items costs, by the size of the catalogue and with targeting expressions, and for how long a change of the catalogue holds
 * up the event loop, at 100,000 line items and for a campaign of 10,000. Microseconds; the best of some rounds, since what else runs on the machine can only take time away: of a
 * kind of change the longest in the round that was disturbed least.
 */
import { readDecisionRequest } from '../serving/decision-request.ts';
import type { AnyRecord, CampaignPublished, RecordOf } from '../domain/records.ts';
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

/** A mean over all requests, in the best round. */
function searchUs(index: CatalogIndex, slots: readonly SlotAttributes[]): number {
  const eligibility = new EligibilityIndex(index);
  const search = () => {
    for (const slot of slots) eligibility.find(slot, facts);
  };
  const rounds = Array.from({ length: 7 }, () => tookUs(search) / slots.length);
  return Math.min(...rounds);
}

function tookUs(run: () => void): number {
  const began = performance.now();
  run();
  return (performance.now() - began) * 1000;
}

type CatalogValue = RecordOf<'catalog'>['value'];

/** The next revision of an entity. */
function next<T extends CatalogValue>(value: T, changes: Partial<T>, archived = false): T {
  const change = { ...value.change, revision: value.change.revision + 1, archived };
  return { ...value, ...changes, change };
}

/** Figures of the round in which each was lowest. */
function calmest(rounds: number, measure: () => Figures): Figures {
  const all = Array.from({ length: rounds }, measure);
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, Math.min(...all.map((figures) => figures[name] ?? Infinity))]));
}

/** Forty changes of each kind, each followed by the first search after it. */
function changes(index: CatalogIndex, slots: readonly SlotAttributes[]): Figures {
  const { catalog } = index;
  const eligibility = new EligibilityIndex(index);
  const apply = (record: AnyRecord) => tookUs(() => index.apply(record, index.revision));
  const [lineItems, creatives, searches]: [number[], number[], number[]] = [[], [], []];
  for (let number = 0; number < 100_000; number += 2_487) {
    const lineItem = catalog.lineItems.get(`li_${number}`);
    const creative = catalog.creatives.get(`cr_${number}`);
    if (lineItem === undefined || creative === undefined) continue;
    lineItems.push(apply({ name: 'LineItemPublished', value: next(lineItem, { bid_micros: 3_000_000 }) }));
    creatives.push(apply({ name: 'CreativePublished', value: next(creative, { width: 728, height: 90 }) }));
    searches.push(tookUs(() => eligibility.find(slots[number % slots.length] as SlotAttributes, facts)));
  }
  return {
    change_line_item_us_longest: Math.max(...lineItems),
    change_creative_us_longest: Math.max(...creatives),
    search_after_change_us_longest: Math.max(...searches),
  };
}

/** One campaign has 10,000 line items. */
function withBigCampaign(records: readonly AnyRecord[]): CatalogIndex {
  return indexOf(
    records.map((record): AnyRecord => {
      if (record.name !== 'LineItemPublished' && record.name !== 'CreativePublished') return record;
      if (Number(record.value.line_item_id.slice(3)) >= 10_000) return record;
      const value = { ...record.value, campaign_id: 'cmp_0', advertiser_id: 'adv_0' };
      return { name: record.name, value } as AnyRecord;
    }),
  );
}

function campaignChange(index: CatalogIndex, changed: Partial<CampaignPublished>, archived = false): number {
  const value = index.catalog.campaigns.get('cmp_0');
  if (value === undefined) return 0;
  const record: AnyRecord = { name: 'CampaignPublished', value: next(value, changed, archived) };
  return tookUs(() => index.apply(record, index.revision));
}

function bigCampaignChanges(index: CatalogIndex): Figures {
  const frequency_cap = { impressions: 3, window_ms: 0, calendar: 'day' };
  const advertiser = index.catalog.advertisers.get('adv_0');
  const shortened = { starts_at: nowMs - 1, ends_at: nowMs + Math.floor(Math.random() * 1e9) };
  return {
    change_campaign_10000_paused_us: campaignChange(index, { status: 'PAUSED', frequency_cap: null }),
    change_campaign_10000_capped_us: campaignChange(index, { status: 'ACTIVE', frequency_cap }),
    change_campaign_10000_flight_us: campaignChange(index, { flight: shortened }),
    change_advertiser_10000_us:
      advertiser === undefined
        ? 0
        : tookUs(() => {
            const value = next(advertiser, { categories: ['IAB2'], domains: ['other.example'] });
            index.apply({ name: 'AdvertiserPublished', value }, index.revision);
          }),
  };
}

/** Archiving is final: one round. The sweeps are the calls of `advance` at the decisions that follow. */
function archive(index: CatalogIndex): Figures {
  const archived = campaignChange(index, {}, true);
  const sweeps = Array.from({ length: 1_300 }, (_, turn) => tookUs(() => index.advance(nowMs + turn + 1)));
  const sorted = sweeps.sort((a, b) => a - b);
  return {
    change_campaign_10000_archived_us: archived,
    sweep_after_archived_us: sorted[650] ?? 0,
    sweep_after_archived_us_p99: sorted[1_287] ?? 0,
  };
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
    if (lineItems === 100_000) {
      Object.assign(
        figures,
        calmest(5, () => changes(expressed, slots)),
      );
      const index = withBigCampaign(records);
      Object.assign(
        figures,
        calmest(7, () => bigCampaignChanges(index)),
        archive(index),
      );
    }
  }
  return figures;
}

if (import.meta.main) {
  for (const [name, value] of Object.entries(measureEligibility())) {
    process.stdout.write(`${name}: ${value.toFixed(1)}\n`);
  }
}
