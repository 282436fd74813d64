import { describe, expect, test } from 'vitest';
import type { AnyRecord, CreativePublished, PublisherPublished, Targeting } from '../domain/records.ts';
import {
  creative,
  everywhere,
  excluding,
  indexOf,
  inputOf,
  inventory,
  supply,
  worldOf,
} from '../test/decision-world.ts';
import { categoryVerdict, isCategory } from './brand-safety.ts';

interface Given {
  readonly publisher?: Partial<PublisherPublished>;
  readonly advertiser?: readonly string[];
  readonly creatives?: readonly (readonly string[])[];
  readonly targeting?: Partial<Targeting>;
  readonly page?: readonly string[];
}

function decide({ publisher = {}, advertiser = [], creatives = [[]], targeting = {}, page = [] }: Given) {
  const records: AnyRecord[] = [
    ...inventory(1, { publisher }),
    ...supply(1, {
      advertiser: { categories: advertiser },
      lineItem: { targeting: { ...everywhere, ...targeting } },
    }).slice(0, 3),
    ...creatives.map((categories, place): AnyRecord => {
      const value: CreativePublished = creative(1, { creative_id: `cr_${place}`, categories });
      return { name: 'CreativePublished', value };
    }),
  ];
  const world = worldOf(indexOf(records));
  const { ads, empty } = world.decider.choose(
    inputOf(world, { body: { slots: [{ id: 's', placement_id: 'pl_1' }], context: { categories: page } } }),
  );
  return { shown: ads[0]?.offer.creative.creative.creative_id, exclusions: empty[0]?.exclusions };
}

const blocks = (...blocked_categories: string[]) => ({ publisher: { blocked_categories } });

describe('a publisher that blocks categories', () => {
  test('shows no ad of one of them, nor of what is below it', () => {
    expect(decide({ ...blocks('IAB7'), creatives: [['IAB7']] }).exclusions).toEqual([
      { step: 'brand_safety', reason: 'blocked_category', count: 1 },
    ]);
    expect(decide({ ...blocks('IAB7'), creatives: [['IAB7-39']] }).shown).toBeUndefined();
    expect(decide({ ...blocks('IAB7-39'), creatives: [['IAB7']] }).shown).toBe('cr_0');
    expect(decide({ ...blocks('IAB7-3'), creatives: [['IAB7-39']] }).shown).toBe('cr_0');
  });

  test('holds that against what the creative shows, and only where it does not say against what the advertiser sells', () => {
    expect(decide({ ...blocks('IAB7'), advertiser: ['IAB7'], creatives: [['IAB2']] }).shown).toBe('cr_0');
    expect(decide({ ...blocks('IAB7'), advertiser: ['IAB2'] }).shown).toBe('cr_0');
    expect(decide({ ...blocks('IAB7'), advertiser: ['IAB7'] }).shown).toBeUndefined();
  });

  test('shows no ad of which nobody has said what it is about', () => {
    expect(decide({ ...blocks('IAB7') }).exclusions).toEqual([
      { step: 'brand_safety', reason: 'category_unknown', count: 1 },
    ]);
    expect(decide({}).shown).toBe('cr_0');
  });

  test('shows that creative of a line item which may be shown', () => {
    expect(decide({ ...blocks('IAB7'), creatives: [['IAB7'], [], ['IAB2']] }).shown).toBe('cr_2');
  });
});

describe('a line item that avoids categories of pages', () => {
  const targeting = { categories: excluding('IAB14') };

  test('is shown where they are known and none of them is avoided', () => {
    expect(decide({ targeting, page: ['IAB1'] }).shown).toBe('cr_0');
    expect(decide({ targeting, page: ['IAB1', 'IAB14-2'] }).exclusions).toEqual([
      { step: 'targeting', reason: 'category', count: 1 },
    ]);
  });

  test('is not shown where they are not known', () => {
    expect(decide({ targeting }).exclusions).toEqual([
      { step: 'brand_safety', reason: 'page_category_unknown', count: 1 },
    ]);
  });
});

test('an advertiser that changes its categories is judged by the new ones', () => {
  const records = [...inventory(1, blocks('IAB7')), ...supply(1, { advertiser: { categories: ['IAB7'] } })];
  const index = indexOf(records);
  const world = worldOf(index);
  expect(world.decider.choose(inputOf(world)).ads).toHaveLength(0);
  const [changed] = supply(1, { advertiser: { categories: ['IAB2'] } }) as [AnyRecord];
  const value = { ...changed.value, change: { ...(changed.value['change' as never] as object), revision: 2 } };
  index.apply({ ...changed, value } as AnyRecord, index.revision);
  expect(world.decider.choose(inputOf(world)).ads).toHaveLength(1);
});

test('nothing is blocked where nothing is said', () => {
  expect(categoryVerdict([], [])).toBe('safe');
});

test.each([
  ['IAB7', true],
  ['IAB7-39', true],
  ['1043', true],
  ['adv_1', false],
  ['brand.example', false],
  ['com.example.app', false],
  ['1234567890', false],
])('%s in a block list is a category: %s', (entry, answer) => {
  expect(isCategory(entry)).toBe(answer);
});
