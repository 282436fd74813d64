import { describe, expect, test } from 'vitest';
import { placement } from '../test/decision-world.ts';
import { placementsNamed } from './admission.ts';
import { PlacementYields } from './placement-yields.ts';

const [one, two, yen] = [placement(1), placement(2), placement(3, { floor_currency: 'JPY' })];
const full = { person: true, full: true };
const without = { person: true, full: false };

function times(count: number, run: () => void): void {
  for (let number = 0; number < count; number += 1) run();
}

describe('What a placement has earned', () => {
  test('is what one more ad is expected to earn, in its currency', () => {
    const yields = new PlacementYields();
    expect(yields.expected('pl_1')).toBeNull();
    yields.note(one, full, 2_000_000);
    yields.note(one, full, 0);
    expect(yields.expected('pl_1')).toEqual({ micros: 1000, currency: 'EUR' });
  });

  test('follows what it earns now', () => {
    const yields = new PlacementYields();
    times(1000, () => yields.note(one, full, 1_000_000));
    times(300, () => yields.note(one, full, 5_000_000));
    expect(yields.expected('pl_1')?.micros).toBeGreaterThan(4_900);
  });

  test('makes it worth more than others of its currency, by tier, whatever the currencies are worth', () => {
    const yields = new PlacementYields();
    times(50, () => yields.note(one, full, 3_000_000));
    times(50, () => yields.note(two, full, 1_000_000));
    times(50, () => yields.note(yen, full, 400_000_000));
    expect(yields.worth('pl_1', 'standard')).toBeGreaterThan(yields.worth('pl_2', 'standard') * 2.9);
    expect(yields.worth('pl_3', 'standard')).toBeCloseTo(1, 5);
    expect(yields.worth('pl_9', 'standard')).toBe(1);
    expect(yields.worth('pl_1', 'premium')).toBeGreaterThan(yields.worth('pl_1', 'standard'));
  });
});

describe('What a plan costs', () => {
  test('is by how much full decisions of the same kind earn more, for one impression', () => {
    const yields = new PlacementYields();
    times(30, () => yields.note(one, full, 3_000_000));
    expect(yields.lossMicros('pl_1', true)).toBe(0);
    times(30, () => yields.note(one, without, 1_000_000));
    expect(yields.lossMicros('pl_1', true)).toBe(2000);
    expect(yields.lossMicros('pl_1', false)).toBe(0);
    expect(yields.lossMicros('pl_2', true)).toBe(0);
  });

  test('is nothing where less was earned with everything', () => {
    const yields = new PlacementYields();
    times(30, () => yields.note(one, full, 1_000_000));
    times(30, () => yields.note(one, without, 3_000_000));
    expect(yields.lossMicros('pl_1', true)).toBe(0);
  });
});

test('Placements are found in the text of a request without parsing it', () => {
  const body = JSON.stringify({ slots: [{ id: 'a', placement_id: 'pl_1' }, { placement_id: 'pl_abc' }] }, null, 1);
  expect(placementsNamed(body)).toEqual(['pl_1', 'pl_abc']);
  expect(placementsNamed('{"placement_id":"nonsense"}')).toEqual([]);
});
