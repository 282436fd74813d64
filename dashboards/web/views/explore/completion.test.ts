import { describe, expect, it } from 'vitest';
import { offsetOf, put, readAs, type SchemaTable, suggestionsFor, wordBefore } from './completion.ts';

const column = (name: string, type = 'String') => ({ name, type, description: `${name}.` });
const tables: readonly SchemaTable[] = [
  {
    name: 'selections',
    kind: 'view',
    bounded_as: 'selections_between',
    description: 'One row a selection.',
    columns: [column('selection_id'), column('tier'), column('price_micros', 'Int64')],
  },
  {
    name: 'tallies_between',
    kind: 'bounded',
    bounded_as: 'tallies_between',
    description: 'By hour.',
    columns: [column('hour', 'DateTime'), column('certified_micros', 'Int128')],
  },
];

describe('Completion', () => {
  const names = (text: string, caret = text.length) => suggestionsFor(tables, text, caret).map(({ name }) => name);

  it('offers tables anywhere, and columns of the tables that the statement names', () => {
    expect(names('SELECT * FROM sel')).toEqual(['selections']);
    expect(names('SELECT mic')).toEqual([]);
    expect(names('SELECT mic FROM selections', 10)).toEqual(['price_micros']);
    expect(names('SELECT mic FROM tallies_between(', 10)).toEqual(['certified_micros']);
    expect(names('SELECT se FROM selections', 9)).toEqual(['selections', 'selection_id']);
  });

  it('offers nothing for a single letter, between words, or where all is written', () => {
    expect(names('SELECT s')).toEqual([]);
    expect(names('SELECT ')).toEqual([]);
    expect(names('SELECT tier FROM selections', 11)).toEqual([]);
    expect(wordBefore('SELECT a.tier', 13)).toBe('tier');
  });

  it('writes a view with bounds with them', () => {
    expect(tables.map(readAs)).toEqual([
      'selections',
      "tallies_between(from = '2026-01-01 00:00:00.000', to = '2026-02-01 00:00:00.000')",
    ]);
  });

  it('puts a piece in place of what is selected', () => {
    expect(put('SELECT ti FROM x', [7, 9], 'tier')).toEqual({ text: 'SELECT tier FROM x', caret: 11 });
  });
});

it('a place in a statement is found by its line and column', () => {
  const sql = 'SELECT a,\n  wrong\nFROM x';
  expect(sql.slice(offsetOf(sql, 'sql:2:3') ?? 0).startsWith('wrong')).toBe(true);
  expect(offsetOf(sql, 'sql:9:9')).toBe(sql.length);
  expect(offsetOf(sql, 'from')).toBeNull();
});
