/**
 * Regret of the choice of creatives: clicks lost against always showing the best one, by Thompson sampling as it is served (prior, share for all alike, counts
 * that are taken over in steps), by turns, and by the best mean so far; with outcomes known at once, and with clicks that come late. Prints `name: value`
 * lines. Options: --places 60000 --items 40.
 */
import { parseArgs } from 'node:util';
import { hashText, tieBreak } from '../serving/auction.ts';
import { type CreativeCounts, SmoothedClickRates } from '../serving/click-rates.ts';
import { chooseCreative, lowestTurn } from '../serving/prediction/creative-choice.ts';
import { uniform } from '../test/prediction-traffic.ts';

const { values } = parseArgs({
  options: { places: { type: 'string', default: '60000' }, items: { type: 'string', default: '40' } },
});
const places = Number(values.places);
const items = Number(values.items);
/** What is counted is taken over by serving so often, in impressions of the line item. */
const refreshEvery = 50;

interface Creative {
  readonly id: string;
  readonly hash: number;
  readonly rate: number;
  /** Joins in at this place. */
  readonly from: number;
}
type Choose = (
  fitting: readonly Creative[],
  place: number,
  countsOf: (creative: Creative) => CreativeCounts,
) => Creative;

const policies: Readonly<Record<string, Choose>> = {
  thompson: (fitting, place, countsOf) => chooseCreative(fitting, place, countsOf)?.creative as Creative,
  uniform: (fitting, place) => lowestTurn(fitting, place),
  greedy: (fitting, place, countsOf) => {
    const mean = (creative: Creative) => (countsOf(creative).clicks + 2) / (countsOf(creative).impressions + 1000);
    const best = Math.max(...fitting.map(mean));
    return lowestTurn(
      fitting.filter((creative) => mean(creative) === best),
      place,
    );
  },
};

/** Two to six creatives, about one click in a hundred, apart by a third; the last one joins in later. */
function lineItem(number: number): Creative[] {
  const next = uniform(number + 1);
  const count = 2 + Math.floor(5 * next());
  return Array.from({ length: count }, (_, nth) => {
    const id = `cr_${number}_${nth}`;
    const rate = 0.01 * Math.exp(0.35 * Math.sqrt(12) * (next() - 0.5));
    return { id, hash: hashText(id), rate, from: nth === count - 1 ? places / 4 : 0 };
  });
}

/** Clicks that were expected of the best creative, less those of the chosen ones, by thousand impressions. */
function regretOf(choose: Choose, number: number, delay: number): number {
  const creatives = lineItem(number);
  const seen = new SmoothedClickRates();
  const counts = new Map<string, { impressions: number; clicks: number }>();
  const due: { readonly at: number; readonly id: string }[] = [];
  let regret = 0;
  for (let place = 0; place < places; place += 1) {
    const fitting = creatives.filter(({ from }) => from <= place);
    const hash = hashText(`${number}/${place}`);
    const chosen = choose(fitting, hash, ({ id }) => seen.countsOf(id));
    const counted = counts.get(chosen.id) ?? { impressions: 0, clicks: 0 };
    counts.set(chosen.id, counted);
    counted.impressions += 1;
    if (tieBreak(hash, chosen.hash) / 2 ** 32 < chosen.rate) due.push({ at: place + delay, id: chosen.id });
    while ((due[0]?.at ?? Infinity) <= place) {
      const clicked = counts.get(due.shift()?.id ?? '');
      if (clicked !== undefined) clicked.clicks += 1;
    }
    if (place % refreshEvery === 0) refresh(seen, counts);
    regret += Math.max(...fitting.map(({ rate }) => rate)) - chosen.rate;
  }
  return (regret * 1000) / places;
}

function refresh(seen: SmoothedClickRates, counts: ReadonlyMap<string, CreativeCounts>): void {
  const changed = [...counts].flatMap(([id, counted]) => seen.proposeCount(id, counted) ?? []);
  if (changed.length > 0) seen.learn([], changed);
}

const numbers = Array.from({ length: items }, (_, number) => number);
console.log(`line_items: ${items}`);
console.log(`impressions_each: ${places}`);
for (const delay of [0, places / 60, places / 6]) {
  for (const [name, choose] of Object.entries(policies)) {
    const regrets = numbers.map((number) => regretOf(choose, number, delay));
    const mean = regrets.reduce((sum, regret) => sum + regret, 0) / items;
    const suffix = delay === 0 ? 'at_once' : `clicks_late_by_${delay}`;
    console.log(`regret_clicks_per_thousand_${name}_${suffix}: ${mean.toFixed(3)}`);
    console.log(`regret_worst_${name}_${suffix}: ${Math.max(...regrets).toFixed(3)}`);
  }
}
