import { describe, expect, it } from 'vitest';
import { changesOf, digestOf, givenFields, kindOf, kinds, readImport } from './kinds.ts';

const campaigns = kinds[1];
const campaign = {
  campaign_id: 'cmp_1',
  advertiser_id: 'adv_1',
  name: 'Autumn',
  budget_total_micros: '5',
  currency: 'EUR',
  revision: 2,
  archived: false,
  changed_by: 'admin#1',
  changed_at: '2026-11-22T00:00:00Z',
};

describe('The catalogue', () => {
  it('knows the kind of an id by its prefix', () => {
    expect([kindOf('cmp_1')?.path, kindOf('pl_1')?.path, kindOf('x')]).toEqual(['campaigns', 'placements', null]);
  });

  it('exports what an import takes again: no id of its own, nothing that the console added', () => {
    expect(givenFields(campaign, campaigns)).toEqual({
      advertiser_id: 'adv_1',
      name: 'Autumn',
      budget_total_micros: '5',
    });
    const advertiser = { advertiser_id: 'adv_1', name: 'Acme', currency: 'EUR', calendar: 3 };
    expect(givenFields(advertiser, kinds[0])).toEqual({ name: 'Acme', currency: 'EUR' });
  });

  it('sends of an edit only what differs', () => {
    const before = givenFields(campaign, campaigns);
    expect(changesOf(before, JSON.stringify({ ...before, name: 'Winter' }))).toEqual({ name: 'Winter' });
    expect(changesOf(before, JSON.stringify(before))).toEqual({});
    expect(() => changesOf(before, '[]')).toThrow('one JSON object');
  });

  it('names a file by its content, so that it is imported once', () => {
    expect(digestOf('a')).toBe(digestOf('a'));
    expect(new Set(['a', 'b', 'ab', 'ba', ''].map(digestOf)).size).toBe(5);
  });

  it('reads a file as an array, as one object or line by line, and says which line is wrong', () => {
    expect(readImport('[{"a":1},{"a":2}]')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(readImport(' {"a":1}\n')).toEqual([{ a: 1 }]);
    expect(readImport('{"a":1}\n\n{"a":2}\n')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(() => readImport('{"a":1}\n{"a":')).toThrow('Line 2');
    expect(() => readImport('[1]')).toThrow('Entity 1 is no JSON object');
  });
});
