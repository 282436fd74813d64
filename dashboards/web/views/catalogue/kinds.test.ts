import { describe, expect, it } from 'vitest';
import { entities } from '../../../catalog/entities.ts';
import { kindOf, kinds } from './kinds.ts';

describe('The kinds of the catalogue', () => {
  it('are those of the API, with its ids and parents', () => {
    const known = kinds.map(({ path, idField, parent }) => ({ path, idField, parent }));
    const given = entities.map(({ path, idField, parent }) => ({ path, idField, parent: parent?.field ?? null }));
    const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
    expect([...known].sort(byPath)).toEqual([...given].sort(byPath));
  });

  it('are known by the prefix of an id', () => {
    expect(['cmp_1', 'pl_1', 'bd_1', 'dp_1', 'x'].map((id) => kindOf(id)?.path ?? null)).toEqual([
      'campaigns',
      'placements',
      'bidders',
      'deadline-policies',
      null,
    ]);
  });
});
