import { describe, expect, test } from 'vitest';
import { Account } from './account.ts';
import type { Comparison } from './comparison.ts';
import { detect } from './detection.ts';
import { demandChecks, tables } from './run-report.ts';
import type { SimulationResult } from './simulation.ts';
import { Tallies } from './tallies.ts';
import { type Effect, effects, type Taken } from './verdict-effects.ts';

function taken(counts: Partial<Record<Effect, number>>): Record<Effect, Taken> {
  const of = (effect: Effect): Taken => {
    const selections = counts[effect] ?? 0;
    return { selections, micros: new Map(selections === 0 ? [] : [['EUR', BigInt(selections) * 1_500n]]) };
  };
  return Object.fromEntries(effects.map((effect) => [effect, of(effect)])) as Record<Effect, Taken>;
}

function comparison(counts: Partial<Record<Effect, number>>): Comparison {
  const none = { unequal: [], missing: [], unexpected: [], doubleCharged: [], lostBeacons: [] };
  return {
    ...none,
    lines: [],
    doubtful: [],
    doubtfulCharged: [],
    detection: detect(new Set(['a']), new Map([['a', 'click_farm']]), []),
    effects: { byRule: [{ rule: 'click_farm', verdicts: 5, taken: taken(counts) }], total: taken(counts), wrong: [] },
  };
}

function result(ownAddresses = true): SimulationResult {
  const nothing = { labels: new Map(), asks: new Map(), kills: [], visits: 0, startedAt: 0, endedAt: 0 };
  return { ...nothing, ownAddresses, account: new Account([]), tallies: new Tallies() };
}

const rates = {
  duplicates: 0,
  late: 0,
  forged: 0,
  wrongKind: 0,
  bots: 0,
  impossible: 0,
  farm: 0,
  replays: 0,
  overtaking: 0,
};

function failed(of: SimulationResult, counts: Partial<Record<Effect, number>>): readonly string[] {
  const demands = { selections: 0, rates, kills: 0, voided: 1, reversed: 1 };
  const checks = demandChecks(of, comparison(counts), demands);
  return checks.filter(({ holds }) => !holds).map(({ name }) => name);
}

describe('what a whole demo has to show', () => {
  test('is a charge that was voided and one that was reversed: without either it fails', () => {
    expect(failed(result(), { voided: 3, reversed: 1 })).toEqual([]);
    expect(failed(result(), { voided: 3 })).toEqual(['reversed after certification']);
    expect(failed(result(), { reversed: 3 })).toEqual(['voided before certification']);
  });

  test('is no reversal where networks can not be told apart, for then no farm can be seen', () => {
    expect(failed(result(false), { voided: 3 })).toEqual([]);
  });
});

test('The tables say what verdicts did in selections and money, and name both recalls', () => {
  const text = tables(comparison({ voided: 2, reversed: 3 })).join('\n');
  expect(text).toMatch(/click_farm +5 +2 +3000 EUR +3 +4500 EUR +0 +0/);
  expect(text).toContain('recall over charged selections 0.000 (0 of 1)');
  expect(text).toContain('recall over all labels 0.000 (0 of 1;');
});
