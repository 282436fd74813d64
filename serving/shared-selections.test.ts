import { describe, expect, test } from 'vitest';
import { createSimulatedClock } from '../adapters/simulated/clock.ts';
import { createSimulatedViews } from '../adapters/simulated/view-store.ts';
import { AdtallyError } from '../domain/errors.ts';
import type { ViewStore } from '../ports/view-store.ts';
import { viewLagMs } from './frequency.ts';
import { SharedSelections } from './shared-selections.ts';
import { decodeSelections } from './shared-selections-view.ts';

function worldOf(wrap: (store: ViewStore) => ViewStore = (store) => store) {
  const clock = createSimulatedClock({ startMs: 1_000_000 });
  const store = wrap(createSimulatedViews(clock).open());
  const errors: Error[] = [];
  const node = () => new SharedSelections({ store, clock, onError: (error) => errors.push(error) });
  return { clock, node, errors };
}

describe('nodes', () => {
  test('learn from each other what was selected for a person a moment ago', async () => {
    const { clock, node } = worldOf();
    const [a, b] = [node(), node()];
    a.note('u', 'li_A', clock.now());
    a.note('u', 'li_A', clock.now() + 1);
    b.note('u', 'li_B', clock.now());
    b.note('v', 'li_A', clock.now());
    await clock.advance(10);
    expect(await b.read('u')).toEqual(
      new Map([
        ['li_A', [1_000_000, 1_000_001]],
        ['li_B', [1_000_000]],
      ]),
    );
    expect(await a.read('v')).toEqual(new Map([['li_A', [1_000_000]]]));
    expect(await a.read('w')).toEqual(new Map());
  });

  test('lose nothing when they write at the same time', async () => {
    const { clock, node } = worldOf();
    const nodes = Array.from({ length: 5 }, node);
    for (let round = 0; round < 20; round += 1) {
      for (const [number, one] of nodes.entries()) one.note('u', `li_${number}`, clock.now());
      await clock.advance(20);
    }
    const times = await node().read('u');
    expect([...times.values()].map((list) => list.length)).toEqual([20, 20, 20, 20, 20]);
    expect(nodes.map(({ lost }) => lost)).toEqual([0, 0, 0, 0, 0]);
  });

  test('forget what the views must show by now', async () => {
    const { clock, node } = worldOf();
    const one = node();
    one.note('u', 'li_A', clock.now());
    await clock.advance(10);
    await clock.advance(viewLagMs - 20);
    one.note('u', 'li_B', clock.now());
    await clock.advance(20);
    expect([...(await one.read('u')).keys()]).toEqual(['li_A', 'li_B']);
    one.note('u', 'li_B', clock.now());
    await clock.advance(20);
    expect([...(await one.read('u')).keys()]).toEqual(['li_B']);
    await clock.advance(viewLagMs);
    expect(await one.read('u')).toEqual(new Map());
  });

  test('count what they could not tell, and tell again once the store is back', async () => {
    let isAway = true;
    const { clock, node, errors } = worldOf((store) => ({
      ...store,
      getMany: (keys) =>
        isAway ? Promise.reject(new AdtallyError('VIEWS_UNAVAILABLE', 'it is away')) : store.getMany(keys),
      putMany: (writes) => store.putMany(writes),
    }));
    const one = node();
    one.note('u', 'li_A', clock.now());
    one.note('u', 'li_B', clock.now());
    await clock.advance(10);
    expect(one.lost).toBe(2);
    isAway = false;
    one.note('u', 'li_C', clock.now());
    await clock.advance(10);
    expect([...(await one.read('u')).keys()]).toEqual(['li_C']);
    expect(errors).toEqual([]);
  });
});

test.each(['', 'null', '[1]', '{"li_A":1}', '{"li_A":["1"]}', '{'])(
  'bytes that are no selections are none: %s',
  (text) => {
    expect(decodeSelections(Buffer.from(text)).size).toBe(0);
  },
);
