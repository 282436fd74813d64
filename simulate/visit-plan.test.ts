import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { makePeople, robotAgents } from './people.ts';
import { defaultRates, planVisits, type Visit } from './visit-plan.ts';

function plan(seed: string, count: number): Visit[] {
  const random = createSeededRandom(`${seed}/people`);
  const people = makePeople(random, 50);
  const farmers = makePeople(random, 3);
  const visits = planVisits({
    people,
    farmers,
    robotAgents: robotAgents(),
    rates: defaultRates,
    perSecond: 100,
    randomOf: createSeededRandom,
    seed,
  });
  return visits.take(count).toArray();
}

const share = (visits: readonly Visit[], holds: (visit: Visit) => boolean) =>
  visits.filter(holds).length / visits.length;

describe('the plan of visits', () => {
  const visits = plan('a', 8_000);

  test('is the same for the same seed and another for another', () => {
    const shown = (list: readonly Visit[]) => JSON.stringify(list.map((visit) => ({ ...visit, random: null })));
    expect(shown(plan('a', 300))).toBe(shown(visits.slice(0, 300)));
    expect(shown(plan('b', 300))).not.toBe(shown(visits.slice(0, 300)));
  });

  test('begins visits in order, as many a second as it was told', () => {
    expect(visits.every(({ atMs }, index) => atMs >= (visits[index - 1]?.atMs ?? 0))).toBe(true);
    expect(visits.length / ((visits.at(-1) as Visit).atMs / 1000)).toBeGreaterThan(95);
    expect(visits.length / ((visits.at(-1) as Visit).atMs / 1000)).toBeLessThan(105);
  });

  test('misbehaves at the rates that were set', () => {
    expect(share(visits, ({ repeats }) => repeats > 0)).toBeCloseTo(defaultRates.duplicates, 1);
    expect(share(visits, ({ late }) => late)).toBeGreaterThan(0.01);
    expect(share(visits, ({ forgery }) => forgery !== null)).toBeGreaterThan(0.005);
    const robots = share(visits, ({ label }) => label === 'declared_robot' || label === 'prefetcher');
    expect(robots).toBeGreaterThan(0.08);
    expect(robots).toBeLessThan(0.1);
  });

  test("gives robots that say so a robot's user agent and all others a browser's", () => {
    for (const { label, askingAgent, person } of visits) {
      expect(askingAgent === person.userAgent).toBe(label !== 'declared_robot');
    }
  });

  test('puts the click farm into one network', () => {
    expect(visits.some(({ label }) => label === 'click_farm')).toBe(true);
  });
});

describe('people', () => {
  test('have networks of their own on this machine', () => {
    const people = makePeople(createSeededRandom('p'), 300);
    const networks = new Set(people.map(({ address }) => address.split('.').slice(0, 3).join('.')));
    expect(networks.size).toBe(300);
    expect(people.every(({ address }) => /^127\.\d+\.\d+\.\d+$/.test(address))).toBe(true);
  });
});
