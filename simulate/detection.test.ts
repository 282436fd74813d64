import { describe, expect, test } from 'vitest';
import type { Verdict } from './books.ts';
import { detect } from './detection.ts';
import type { Label } from './visit-plan.ts';

const labels = new Map<string, Label>([
  ['p1', 'person'],
  ['p2', 'person'],
  ['b1', 'prefetcher'],
  ['f1', 'click_farm'],
  ['f2', 'click_farm'],
  ['f3', 'click_farm'],
]);
const charged = new Set(['p1', 'p2', 'b1', 'f1', 'f2']);

function verdictOn(selectionId: string, rule = 'declared_bot'): Verdict {
  return { selection_id: selectionId, category: 'SIVT', rule };
}

describe('detection', () => {
  test('tells the recall over what was charged from the recall over all that was labelled', () => {
    const found = detect(charged, labels, [verdictOn('b1'), verdictOn('f1')]);
    expect(found).toMatchObject({ precision: 1, recallOfCharged: 2 / 3, recallOfLabelled: 2 / 4 });
    expect(found.invalid).toEqual({ selections: 4, charged: 3, judged: 2 });
  });

  test('counts a verdict on a person against precision, and a robot that went unnoticed against both recalls', () => {
    const found = detect(charged, labels, [verdictOn('p1')]);
    expect(found).toMatchObject({ precision: 0, recallOfCharged: 0, recallOfLabelled: 0 });
    expect(found.byLabel.get('person')).toEqual({ selections: 2, charged: 2, judged: 1 });
  });

  test('counts a selection once, however many rules found against it, and one that was not charged not at all', () => {
    const found = detect(charged, labels, [verdictOn('b1'), verdictOn('b1', 'token_replay'), verdictOn('f3')]);
    expect(found).toMatchObject({ precision: 1, invalid: { selections: 4, charged: 3, judged: 1 } });
  });
});
