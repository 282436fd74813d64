import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlace, writePlace } from './place.ts';
import { viewPaths, views, viewsOf } from './views.ts';

describe('The address', () => {
  it('carries view, thing and parameters', () => {
    expect(readPlace('/money', '?tab=entries&account=rounding&kind=')).toEqual({
      view: 'money',
      id: null,
      params: { tab: 'entries', account: 'rounding' },
    });
    expect(readPlace('/story/01a2', '')).toEqual({ view: 'story', id: '01a2', params: {} });
    expect(readPlace('/', '?window=1h').view).toBeNull();
    expect(readPlace('/nothing/of/ours', '').view).toBeNull();
    expect(readPlace('/story/%E0%A4%A', '').id).toBe('%E0%A4%A');
  });

  it('is one for one state, whatever the order in which it came about', () => {
    const a = writePlace({ view: 'money', params: { tab: 'entries', account: 'rounding', kind: null } });
    const b = writePlace({ view: 'money', params: { kind: '', account: 'rounding', tab: 'entries' } });
    expect(a).toBe('/money?account=rounding&tab=entries');
    expect(b).toBe(a);
  });

  it('gives back what was put into it', () => {
    const place = fc.record({
      view: fc.constantFrom(...views.map(({ name }) => name)),
      id: fc.option(fc.string({ minLength: 1, unit: 'grapheme' }).filter((id) => id !== '.' && id !== '..')),
      params: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ minLength: 1 }), { noNullPrototype: true }),
    });
    fc.assert(
      fc.property(place, (given) => {
        const { pathname, search } = new URL(writePlace(given), 'http://console.test');
        expect(readPlace(pathname, search)).toEqual(given);
      }),
    );
  });
});

describe('The navigation', () => {
  it('offers a key what its role may ask for, and a bound key only what is its own', () => {
    const names = (role: string, isBound = false) => viewsOf(role, isBound).map(({ name }) => name);
    expect(names('admin')).toEqual(views.map(({ name }) => name));
    expect(names('finance')).toEqual(expect.arrayContaining(['overview', 'money', 'reconciliation', 'story']));
    expect(names('finance', true)).not.toContain('overview');
    expect(names('analyst')).not.toContain('money');
    expect(names('nobody')).toEqual([]);
  });

  it('has an address for each view and for one thing in it', () => {
    expect(viewPaths).toEqual(expect.arrayContaining(['/', '/overview', '/story/:id']));
  });
});
