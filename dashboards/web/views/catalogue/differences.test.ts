import { describe, expect, it } from 'vitest';
import { crossedOf, differencesOf } from './differences.ts';

const state = {
  name: 'Autumn',
  flight: { starts_at: '1', ends_at: '2' },
  cap: null,
  tags: ['a'],
  revision: 1,
  changed_by: 'x',
};

describe('The difference of two revisions', () => {
  it('goes down to the single field, and leaves out what every revision changes', () => {
    const after = { ...state, name: 'Winter', flight: { starts_at: '1', ends_at: '3' }, revision: 2, changed_by: 'y' };
    expect(differencesOf(state, after)).toEqual([
      { field: 'name', before: 'Autumn', after: 'Winter' },
      { field: 'flight.ends_at', before: '2', after: '3' },
    ]);
    expect(differencesOf(state, state)).toEqual([]);
  });

  it('shows lists and what was nothing as a whole', () => {
    expect(differencesOf(state, { ...state, cap: { impressions: 3 }, tags: ['a', 'b'] })).toEqual([
      { field: 'cap', before: null, after: { impressions: 3 } },
      { field: 'tags', before: ['a'], after: ['a', 'b'] },
    ]);
  });
});

describe('A conflict', () => {
  it('shows what either side has changed, and nothing that is the same everywhere', () => {
    const theirs = { ...state, name: 'Spring', revision: 2 };
    expect(crossedOf(state, { tags: [] }, theirs)).toEqual([
      { field: 'name', before: 'Autumn', after: 'Autumn', theirs: 'Spring' },
      { field: 'tags', before: ['a'], after: [], theirs: ['a'] },
    ]);
  });
});
