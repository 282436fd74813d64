import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyCatalog,
  type CatalogRecord,
  campaignsOf,
  creativesOf,
  emptyCatalog,
  entityFacts,
  isLive,
  lineItemsOf,
} from './catalog.ts';
import type { Change } from './records.ts';

function change(revision: number, archived = false): Change {
  return { revision, changed_by: 'test', changed_at: revision, idempotency_key: null, request_hash: null, archived };
}

function publisher(id: string, revision: number, name = `r${revision}`): CatalogRecord {
  return {
    name: 'PublisherPublished',
    value: {
      publisher_id: id,
      name,
      domains: [],
      shares: [],
      share_rounding: 'DOWN',
      click_prefix: null,
      blocked_advertisers: [],
      blocked_categories: [],
      separation: 'advertiser',
      status: 'ACTIVE',
      change: change(revision),
    },
  };
}

function campaign(id: string, advertiserId: string, revision: number): CatalogRecord {
  return {
    name: 'CampaignPublished',
    value: {
      campaign_id: id,
      advertiser_id: advertiserId,
      name: id,
      budget_total_micros: 1,
      budget_daily_micros: null,
      flight: { starts_at: 0, ends_at: 1 },
      pacing: 'even',
      frequency_cap: null,
      status: 'ACTIVE',
      change: change(revision),
    },
  };
}

describe('The catalogue', () => {
  it('holds the newest record of an entity', () => {
    const catalog = emptyCatalog();
    expect(applyCatalog(catalog, publisher('pub_A', 1), 0)).toBe(true);
    expect(applyCatalog(catalog, publisher('pub_A', 2), 1)).toBe(true);
    expect(catalog.publishers.get('pub_A')?.name).toBe('r2');
    expect(catalog.nextOffset).toBe(2);
  });

  it('lets the first of two changes to the same revision win', () => {
    const catalog = emptyCatalog();
    applyCatalog(catalog, publisher('pub_A', 1), 0);
    expect(applyCatalog(catalog, publisher('pub_A', 2, 'first'), 1)).toBe(true);
    expect(applyCatalog(catalog, publisher('pub_A', 2, 'second'), 2)).toBe(false);
    expect(catalog.publishers.get('pub_A')?.name).toBe('first');
    expect(catalog.nextOffset).toBe(3);
  });

  it('takes no record that skips a revision, and none twice', () => {
    const catalog = emptyCatalog();
    expect(applyCatalog(catalog, publisher('pub_A', 2), 0)).toBe(false);
    expect(applyCatalog(catalog, publisher('pub_A', 1), 1)).toBe(true);
    expect(applyCatalog(catalog, publisher('pub_A', 2), 1)).toBe(false);
    expect(catalog.publishers.get('pub_A')?.change.revision).toBe(1);
  });

  it('passes over records of other topics', () => {
    const catalog = emptyCatalog();
    expect(applyCatalog(catalog, { name: 'TimeAdvanced', value: { advanced_to: 1, ticker: 'a' } }, 0)).toBe(false);
    expect(catalog.nextOffset).toBe(1);
  });

  it('finds children by their parent, in the order in which they came', () => {
    const catalog = emptyCatalog();
    applyCatalog(catalog, campaign('cmp_B', 'adv_1', 1), 0);
    applyCatalog(catalog, campaign('cmp_A', 'adv_1', 1), 1);
    applyCatalog(catalog, campaign('cmp_C', 'adv_2', 1), 2);
    applyCatalog(catalog, campaign('cmp_B', 'adv_1', 2), 3);
    expect(campaignsOf(catalog, 'adv_1').map(({ campaign_id }) => campaign_id)).toEqual(['cmp_B', 'cmp_A']);
    expect(lineItemsOf(catalog, 'cmp_A')).toEqual([]);
    expect(creativesOf(catalog, 'li_A')).toEqual([]);
  });

  it('says who, which and whether it may run', () => {
    const facts = entityFacts(campaign('cmp_A', 'adv_1', 1));
    expect(facts).toMatchObject({ id: 'cmp_A', parentId: 'adv_1', status: 'ACTIVE' });
    expect(isLive(facts)).toBe(true);
    expect(isLive({ ...facts, status: 'PAUSED' })).toBe(false);
    expect(isLive({ ...facts, change: change(2, true) })).toBe(false);
  });

  it('comes out the same, whether records were delivered once or some of them again', () => {
    const step = fc.record({ id: fc.constantFrom('pub_A', 'pub_B'), revision: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(fc.array(step), fc.array(fc.nat()), (steps, repeats) => {
        const records = steps.map(({ id, revision }, offset) => publisher(id, revision, `at ${offset}`));
        const once = emptyCatalog();
        records.forEach((record, offset) => applyCatalog(once, record, offset));
        const again = emptyCatalog();
        records.forEach((record, offset) => {
          applyCatalog(again, record, offset);
          const earlier = (repeats[offset] ?? 0) % (offset + 1);
          applyCatalog(again, records[earlier] as CatalogRecord, earlier);
        });
        expect(again).toEqual(once);
      }),
    );
  });
});
