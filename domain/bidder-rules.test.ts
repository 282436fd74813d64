import { describe, expect, test } from 'vitest';
import { bidder, indexOf, supply } from '../test/decision-world.ts';
import { bidderFaults } from './bidder-rules.ts';
import { catalogFaults } from './catalog-rules.ts';
import { bidderOf, type CatalogRecord } from './catalog.ts';
import type { AnyRecord, BidderPublished } from './records.ts';

const paths = (changes: Partial<BidderPublished>, before: readonly AnyRecord[] = supply(1)) =>
  bidderFaults(indexOf(before).catalog, bidder(1, changes)).map(({ path }) => path);

describe('A bidder', () => {
  test('buys through a line item that is billed by the impression, and alone', () => {
    expect(paths({})).toEqual([]);
    expect(paths({}, supply(1, { lineItem: { pricing_model: 'CPC' } }))).toEqual(['line_item_id']);
    const other: AnyRecord = { name: 'BidderPublished', value: bidder(1, { bidder_id: 'bd_2' }) };
    expect(paths({}, [...supply(1), other])).toEqual(['line_item_id']);
    expect(paths({}, [...supply(1), { name: 'BidderPublished', value: bidder(1) }])).toEqual([]);
  });

  test.each([
    [{ endpoint: 'ftp://bidder.example/' }, 'endpoint'],
    [{ endpoint: 'bidder.example' }, 'endpoint'],
    [{ endpoint: 'https://name:secret@bidder.example/' }, 'endpoint'],
    [{ endpoint: 'https://bidder.example/#here' }, 'endpoint'],
    [{ currencies: ['EUR', 'XXY'] }, 'currencies[1]'],
    [{ tiers: ['golden'] }, 'tiers[0]'],
    [{ timeout_min_ms: 300 }, 'timeout_min_ms'],
    [{ network_ms: 200 }, 'network_ms'],
  ])('is refused with %j', (changes, path) => {
    expect(paths(changes)).toEqual([path]);
  });

  test('keeps its line item from being billed by anything else, paused or archived too', () => {
    const records: AnyRecord[] = [...supply(1), { name: 'BidderPublished', value: bidder(1, { status: 'PAUSED' }) }];
    const { catalog } = indexOf(records);
    const lineItem = records.find(({ name }) => name === 'LineItemPublished');
    const changed = { name: 'LineItemPublished', value: { ...lineItem?.value, pricing_model: 'VCPM' } };
    expect(catalogFaults(catalog, changed as CatalogRecord).map(({ path }) => path)).toContain('pricing_model');
    expect(bidderOf(catalog, 'li_1')?.bidder_id).toBe('bd_1');
    expect(bidderOf(catalog, 'li_2')).toBeNull();
  });
});
