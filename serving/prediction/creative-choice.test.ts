import { describe, expect, test } from 'vitest';
import { hashText } from '../auction.ts';
import type { CreativeCounts } from '../click-rates.ts';
import { chooseCreative } from './creative-choice.ts';

interface Shown {
  readonly name: string;
  readonly hash: number;
}

function creative(name: string): Shown {
  return { name, hash: hashText(name) };
}

const places = 20_000;

/** How often each was chosen over many places. */
function shares(counts: Readonly<Record<string, CreativeCounts>>) {
  const creatives = Object.keys(counts).map(creative);
  const chosen = new Map<string, number>();
  let explored = 0;
  for (let place = 0; place < places; place += 1) {
    const made = chooseCreative(creatives, hashText(`place-${place}`), ({ name }) => counts[name] as CreativeCounts);
    chosen.set(made?.creative.name ?? '', (chosen.get(made?.creative.name ?? '') ?? 0) + 1);
    if (made?.choice === 'explored') explored += 1;
  }
  return { share: (name: string) => (chosen.get(name) ?? 0) / places, explored: explored / places };
}

describe('the choice of a creative', () => {
  test('is none where none fits, and no choice where one does', () => {
    const [one] = [creative('cr_1')];
    expect(chooseCreative<Shown>([], 1, () => ({ impressions: 0, clicks: 0 }))).toBeNull();
    expect(chooseCreative([one], 1, () => ({ impressions: 0, clicks: 0 }))).toEqual({ creative: one, choice: 'only' });
  });

  test('is even among creatives of which nothing is known', () => {
    const nothing = { impressions: 0, clicks: 0 };
    const { share } = shares({ cr_1: nothing, cr_2: nothing, cr_3: nothing });
    for (const name of ['cr_1', 'cr_2', 'cr_3']) expect(Math.abs(share(name) - 1 / 3)).toBeLessThan(0.02);
  });

  test('goes to the better one once that is plain, but for the share that all have alike', () => {
    const { share, explored } = shares({
      cr_1: { impressions: 100_000, clicks: 1_000 },
      cr_2: { impressions: 100_000, clicks: 500 },
    });
    expect(Math.abs(explored - 0.05)).toBeLessThan(0.005);
    expect(Math.abs(share('cr_2') - 0.025)).toBeLessThan(0.005);
  });

  test('takes a new creative for an average one: it is tried often, and neither always nor never', () => {
    const { share } = shares({
      cr_1: { impressions: 50_000, clicks: 600 },
      cr_2: { impressions: 50_000, clicks: 500 },
      cr_3: { impressions: 0, clicks: 0 },
    });
    expect(share('cr_3')).toBeGreaterThan(0.2);
    expect(share('cr_3')).toBeLessThan(0.6);
    expect(share('cr_1')).toBeGreaterThan(share('cr_2'));
  });

  test('draws from the beta distribution: means and deviations of the winning share agree with it', () => {
    // P(Beta(22, 980) > Beta(12, 990)) is about 0.96.
    const { share } = shares({ cr_1: { impressions: 1000, clicks: 20 }, cr_2: { impressions: 1000, clicks: 10 } });
    expect(share('cr_1')).toBeGreaterThan(0.9);
    expect(share('cr_1')).toBeLessThan(0.96);
  });

  test('is the same for the same place', () => {
    const all = ['cr_1', 'cr_2', 'cr_3'].map(creative);
    const counts = ({ name }: Shown) => ({ impressions: name.length * 100, clicks: 3 });
    for (let place = 0; place < 50; place += 1) {
      expect(chooseCreative(all, place, counts)).toEqual(chooseCreative(all, place, counts));
    }
  });
});
