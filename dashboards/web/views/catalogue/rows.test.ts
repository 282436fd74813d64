import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { creationSchema } from '../../../catalog/entity-json.ts';
import { entityOf } from '../../../catalog/entities.ts';
import { cellsOf, csvOf, digestOf, jsonLines, readRows } from './rows.ts';
import type { Schema } from './schema.ts';

const schema = creationSchema(entityOf('line_item')) as Schema;
const item = {
  line_item_id: 'li_1',
  campaign_id: 'cmp_1',
  advertiser_id: 'adv_1',
  name: '=SUM(A1), "quoted"\nand more',
  pricing_model: 'CPM',
  bid_micros: '2500000',
  priority: 8,
  targeting: { countries: { include: ['DE'], exclude: [] }, hours: [0, 167], expression: 'device = "tv"' },
  frequency_cap: null,
  deals: [],
  flight: null,
  status: 'active',
  currency: 'EUR',
  revision: 2,
  archived: false,
  changed_by: 'admin#1',
  changed_at: '2026-11-22T00:00:00.000Z',
};

describe('Rows of a file', () => {
  it('are the same after they were exported and read again, as JSON lines and as CSV', () => {
    const other = {
      ...item,
      line_item_id: 'li_2',
      name: "'apostrophe",
      frequency_cap: { impressions: 3, window_ms: 1 },
    };
    expect(readRows(jsonLines([item, other]), schema)).toEqual([item, other]);
    expect(readRows(csvOf([item, other]), schema)).toEqual([item, other]);
    expect(readRows(`\ufeff${csvOf([item]).replaceAll('\r\n', '\n')}`, schema)).toEqual([item]);
  });

  it('keep any name through CSV, whatever a spreadsheet would make of it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        fc.pre(name.trim() === name);
        expect(readRows(csvOf([{ ...item, name }]), schema)).toEqual([{ ...item, name }]);
      }),
    );
  });

  it('are read as an array, as one object or line by line, and it is said which line is wrong', () => {
    expect(readRows('[{"a":1},{"a":2}]', schema)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(readRows(' {"a":1}\n', schema)).toEqual([{ a: 1 }]);
    expect(readRows('{"a":1}\n\n{"a":2}\n', schema)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(() => readRows('{"a":1}\n\n{"a":', schema)).toThrow('Line 3');
    expect(() => readRows('[1]', schema)).toThrow('Row 1 is no JSON object');
    expect(() => readRows('name,priority\na', schema)).toThrow('Row 1 has 1 cells');
    expect(() => readRows('name\n"a', schema)).toThrow('no CSV');
    expect(() => readRows('  ', schema)).toThrow('empty');
  });

  it('say of an empty cell what can be empty, and nothing else', () => {
    expect(readRows('name,frequency_cap,priority,targeting,line_item_id\na,,,,', schema)).toEqual([
      { name: 'a', frequency_cap: null },
    ]);
    expect(readRows('priority,targeting\nx,y', schema)).toEqual([{ priority: 'x', targeting: 'y' }]);
  });

  it('name a file by its content, so that it is imported once', () => {
    expect(digestOf('a')).toBe(digestOf('a'));
    expect(new Set(['a', 'b', 'ab', 'ba', ''].map(digestOf)).size).toBe(5);
    expect(digestOf('')).toMatch(/^[0-9a-f]{16}$/);
  });

  it('have cells that end with the line', () => {
    expect(cellsOf('a,b\r\n"c ""d""",\n')).toEqual([
      ['a', 'b'],
      ['c "d"', ''],
    ]);
  });
});
