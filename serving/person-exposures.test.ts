import { describe, expect, test } from 'vitest';
import type { AnyRecord, FrequencyCap } from '../domain/records.ts';
import { campaign, firstChange, indexOf, lineItem, noon, supply } from '../test/decision-world.ts';
import type { IndexedLineItem } from './catalog-index.ts';
import { PersonExposures } from './person-exposures.ts';

const minute = 60_000;

function sliding(impressions: number, window_ms: number): FrequencyCap {
  return { impressions, window_ms, calendar: '' };
}

function calendar(impressions: number, window: string): FrequencyCap {
  return { impressions, window_ms: 0, calendar: window };
}

/** `li_1` and `li_2` in one campaign, `li_3` in another of the same advertiser, `li_4` of another one. */
function indexWith(caps: {
  lineItem?: FrequencyCap;
  campaign?: FrequencyCap;
  advertiser?: FrequencyCap;
  zone?: string;
  nowMs?: number;
}) {
  const { lineItem: own = null, campaign: ofCampaign = null, advertiser: ofAdvertiser = null, zone = 'UTC' } = caps;
  const records: AnyRecord[] = [
    ...supply(1, {
      advertiser: { frequency_cap: ofAdvertiser, time_zone: zone },
      campaign: { frequency_cap: ofCampaign },
      lineItem: { frequency_cap: own },
    }),
    { name: 'LineItemPublished', value: lineItem(2, { campaign_id: 'cmp_1', advertiser_id: 'adv_1' }) },
    { name: 'CampaignPublished', value: campaign(3, { advertiser_id: 'adv_1' }) },
    { name: 'LineItemPublished', value: lineItem(3, { advertiser_id: 'adv_1' }) },
    ...supply(4),
  ];
  return indexOf(records, { nowMs: caps.nowMs ?? noon });
}

function countsOf(index: ReturnType<typeof indexWith>, exposed: Record<string, number[]>, nowMs = noon) {
  const source = { exposed: new Map(Object.entries(exposed)), shown: new Map(), selected: new Map(), nowMs };
  const exposures = new PersonExposures(source, index);
  const item = index.get('li_1') as IndexedLineItem;
  return {
    own: exposures.count(item, 'line_item'),
    campaign: exposures.count(item, 'campaign'),
    advertiser: exposures.count(item, 'advertiser'),
    facts: exposures.facts(),
  };
}

describe('exposures of a person', () => {
  const seen = { li_1: [noon - 1], li_2: [noon - 2, noon - 3], li_3: [noon - 4], li_4: [noon - 5] };

  test('are counted over all line items of a campaign, and over all campaigns of an advertiser', () => {
    const caps = { lineItem: sliding(9, minute), campaign: sliding(9, minute), advertiser: sliding(9, minute) };
    expect(countsOf(indexWith(caps), seen)).toEqual({
      own: 1,
      campaign: 3,
      advertiser: 4,
      facts: {
        frequency: [{ line_item_id: 'li_1', count: 1 }],
        caps: [
          { owner_id: 'cmp_1', count: 3 },
          { owner_id: 'adv_1', count: 4 },
        ],
      },
    });
  });

  test('are not counted where there is no cap', () => {
    expect(countsOf(indexWith({}), seen)).toEqual({
      own: 0,
      campaign: 0,
      advertiser: 0,
      facts: { frequency: [], caps: [] },
    });
  });

  test('to a line item that is archived by now count for its campaign as before', () => {
    const index = indexWith({ campaign: sliding(9, minute) });
    const value = lineItem(2, {
      campaign_id: 'cmp_1',
      advertiser_id: 'adv_1',
      change: firstChange({ revision: 2, archived: true }),
    });
    index.apply({ name: 'LineItemPublished', value }, index.revision);
    expect(countsOf(index, seen)).toMatchObject({ campaign: 3, facts: { caps: [{ owner_id: 'cmp_1', count: 3 }] } });
  });

  test('count in the window of each cap by itself', () => {
    const caps = { lineItem: sliding(9, 10), campaign: sliding(9, 2), advertiser: sliding(9, 3) };
    const index = indexWith(caps);
    const times = { li_1: [noon - 9, noon - 2, noon - 1] };
    expect(countsOf(index, times)).toMatchObject({ own: 3, campaign: 1, advertiser: 2 });
  });
});

describe('a calendar window', () => {
  /** Thursday 1 January 2026, noon in UTC; 01:00 on Thursday in Auckland's next day. */
  test.each([
    ['hour', 'UTC', Date.UTC(2026, 0, 1, 12)],
    ['day', 'UTC', Date.UTC(2026, 0, 1)],
    ['week', 'UTC', Date.UTC(2025, 11, 29)],
    ['month', 'UTC', Date.UTC(2026, 0, 1)],
    ['hour', 'Asia/Kolkata', Date.UTC(2026, 0, 1, 11, 30)],
    ['day', 'America/New_York', Date.UTC(2026, 0, 1, 5)],
    ['day', 'Pacific/Auckland', Date.UTC(2026, 0, 1, 11)],
    ['week', 'America/New_York', Date.UTC(2025, 11, 29, 5)],
    ['month', 'Pacific/Auckland', Date.UTC(2025, 11, 31, 11)],
  ])('of a %s in %s begins when it does there', (window, zone, startsAt) => {
    const index = indexWith({ lineItem: calendar(9, window), zone });
    expect(countsOf(index, { li_1: [startsAt - 1, startsAt] })).toMatchObject({ own: 1 });
    expect(countsOf(index, { li_1: [startsAt - 1] })).toMatchObject({ own: 0 });
  });

  test('moves on with the clock of the index', () => {
    const index = indexWith({ lineItem: calendar(9, 'hour') });
    const times = { li_1: [noon, noon + 30 * minute] };
    const at = noon + 45 * minute;
    expect(countsOf(index, times, index.advance(at))).toMatchObject({ own: 2 });
    expect(countsOf(index, times, index.advance(noon + 60 * minute))).toMatchObject({ own: 0 });
  });
});
