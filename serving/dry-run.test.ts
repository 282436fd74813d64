import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSimulatedClock } from '../adapters/simulated/clock.ts';
import type { AnyRecord, LineItemPublished } from '../domain/records.ts';
import {
  advertiser,
  everywhere,
  excluding,
  firstChange,
  including,
  indexOf,
  inputOf,
  inventory,
  lineItem,
  noon,
  supply,
  worldOf,
} from '../test/decision-world.ts';
import { BotGate } from './bot-gate.ts';
import type { CatalogIndex } from './catalog-index.ts';
import { ConsentGate } from './consent.ts';
import { DryRun } from './dry-run.ts';

function dryRunOn(index: CatalogIndex): DryRun {
  const clock = createSimulatedClock({ startMs: noon });
  return new DryRun({ index, clock, bots: new BotGate([]), consent: new ConsentGate() });
}

const body = { slots: [{ id: 's', placement_id: 'pl_1' }], geo: { country: 'DE' }, device: { type: 'desktop' } };

function judged(records: readonly AnyRecord[], asked: object = body, id = 'li_1') {
  return dryRunOn(indexOf(records)).whyNot(asked, id).slots[0];
}

const oneTargeting = fc.constantFrom(
  {},
  {},
  { countries: including('DE') },
  { countries: excluding('DE') },
  { expression: 'country in (DE, AT) and not device = tv' },
  { expression: 'device = phone or hour = 12 and country = FR' },
);

test('exactly one line item wins, the one that a decision shows, and nothing is drawn', () => {
  const items = fc.array(
    fc.record({
      bid_micros: fc.constantFrom(1_000_000, 2_000_000, 3_000_000),
      priority: fc.constantFrom(8, 8, 1),
      targeting: oneTargeting,
      pricing_model: fc.constantFrom('CPM' as const, 'CPC' as const),
    }),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(items, (given) => {
      const supplies = given.flatMap(({ targeting, ...changes }, number) =>
        supply(number, { lineItem: { ...changes, targeting: { ...everywhere, ...targeting } } }),
      );
      const index = indexOf([...inventory(1), ...supplies]);
      const world = worldOf(index);
      const input = inputOf(world, { body, requestId: '00000000-0000-7000-8000-000000000000' });
      const shown = world.decider.choose(input).ads[0]?.offer.item.lineItem.line_item_id ?? null;
      const dryRun = dryRunOn(index);
      const verdicts = given.map((_, number) => dryRun.whyNot(body, `li_${number}`).slots[0]);
      expect(verdicts.filter((one) => one?.step === 'won').map((one) => one?.line_item_id)).toEqual(
        shown === null ? [] : [shown],
      );
      for (const one of verdicts) expect(one?.winner_line_item_id).toBe(shown);
      for (const [number, one] of verdicts.entries()) {
        const expression = given[number]?.targeting.expression ?? '';
        expect(one?.detail === null).toBe(one?.reason !== 'expression');
        if (one?.reason === 'expression') expect(expression).not.toBe('');
      }
    }),
    { numRuns: 100 },
  );
});

describe('a dry run', () => {
  const meant = (targeting: Partial<LineItemPublished['targeting']>) => [
    ...inventory(1),
    ...supply(1, { lineItem: { targeting: { ...everywhere, ...targeting } } }),
  ];

  test('names the part of an expression that failed, and what the request has instead', () => {
    expect(judged(meant({ expression: 'country in (AT, CH) and not device = tv' }))).toMatchObject({
      step: 'targeting',
      reason: 'expression',
      detail: 'country in (AT, CH) (the request has country: DE)',
    });
    expect(judged(meant({ expression: 'not (city = berlin or hour in (11..13))' }))?.detail).toBe(
      'not hour in (11, 12, 13) (the request has hour: 12)',
    );
  });

  test('tells hours in the zone of the advertiser', () => {
    const value = advertiser(1, { time_zone: 'Asia/Tokyo' });
    const [, ...rest] = supply(1, { lineItem: { targeting: { ...everywhere, expression: 'hour = 12' } } });
    const records: AnyRecord[] = [...inventory(1), { name: 'AdvertiserPublished', value }, ...rest];
    expect(judged(records)?.detail).toBe('hour = 12 (the request has hour: 21)');
  });

  test('tells of a slot that takes no ad at all', () => {
    const asked = { ...body, slots: [{ id: 's', placement_id: 'pl_9' }] };
    expect(judged(meant({}), asked)).toMatchObject({ step: 'slot', reason: 'unknown_placement' });
    const robot = { ...body, device: { ua: 'Googlebot/2.1 (+http://www.google.com/bot.html)' } };
    expect(judged(meant({}), robot)).toMatchObject({ step: 'slot', reason: 'blocked_traffic' });
  });

  test('tells of a line item that is archived, and refuses one that does not exist', () => {
    const value = lineItem(1, { change: firstChange({ revision: 2, archived: true }) });
    const records: AnyRecord[] = [...meant({}), { name: 'LineItemPublished', value }];
    expect(judged(records)).toMatchObject({ step: 'status', reason: 'archived', winner_line_item_id: null });
    expect(() => judged(records, body, 'li_2')).toThrow('there is no line item li_2');
  });

  test('refuses what no decision would take', () => {
    expect(() => judged(meant({}), { slots: [] })).toThrow('slots');
  });
});
