import type { AdvertiserPublished, CreativePublished } from '../domain/records.ts';
import { SlotSet } from './bitmap.ts';
import { BitmapDimension } from './bitmap-dimension.ts';
import { categoryVerdict } from './brand-safety.ts';

/** An advertiser with its line items. */
interface Advertised {
  advertiser: AdvertiserPublished;
  readonly slots: SlotSet;
}

/** Categories that some creatives name, or the advertiser of those that name none. */
type Combination = readonly string[] | Advertised;

/**
 * Line items by what publishers block: the advertiser, its domains, and categories. What an advertiser says of itself is kept once, not by line item, so
 * that a change of it costs the same however many line items it has. There are few different combinations of categories, so what is blocked is judged by
 * combination; who has a creative of one that is left stays.
 */
export class BrandIndex {
  readonly #byId = new Map<string, Advertised>();
  readonly #byName = new Map<string, Set<Advertised>>();
  readonly #combinations = new Map<string, Combination>();
  /** By the names of combinations. */
  readonly categories = new BitmapDimension();

  /** Takes in an advertiser as it now stands. */
  setAdvertiser(advertiser: AdvertiserPublished): void {
    const known = this.#byId.get(advertiser.advertiser_id);
    const advertised = known ?? { advertiser, slots: new SlotSet() };
    if (known === undefined) this.#byId.set(advertiser.advertiser_id, advertised);
    else for (const name of namesOf(known.advertiser)) this.#byName.get(name)?.delete(known);
    advertised.advertiser = advertiser;
    for (const name of namesOf(advertiser)) {
      const named = this.#byName.get(name);
      if (named === undefined) this.#byName.set(name, new Set([advertised]));
      else named.add(advertised);
    }
  }

  /** Puts in a line item of an advertiser that is known. */
  add(slot: number, advertiserId: string, shown: readonly CreativePublished[], memberships: SlotSet[]): void {
    const advertised = this.#byId.get(advertiserId);
    if (advertised === undefined) return;
    advertised.slots.add(slot);
    memberships.push(advertised.slots);
    const own = shown.length === 0 ? [[]] : shown.map(({ categories }) => categories);
    const names = own.map((categories) => {
      const name = categories.length === 0 ? advertiserId : categories.toSorted().join();
      this.#combinations.set(name, categories.length === 0 ? advertised : categories);
      return name;
    });
    this.categories.restrict(slot, names, memberships);
  }

  /** Line items of an advertiser. */
  ofAdvertiser(advertiserId: string): SlotSet | undefined {
    return this.#byId.get(advertiserId)?.slots;
  }

  /** Sets of line items whose advertiser is called by one of these names: its id or a domain. */
  *named(names: readonly string[]): Generator<SlotSet> {
    for (const name of names) for (const { slots } of this.#byName.get(name) ?? []) yield slots;
  }

  /** Names of the combinations of which an ad may be shown; with `unknown`, those of ads without categories among them. */
  allowed(blocked: readonly string[], unknown: boolean): string[] {
    const names: string[] = [];
    for (const [name, combination] of this.#combinations) {
      const categories = 'slots' in combination ? combination.advertiser.categories : combination;
      const verdict = categoryVerdict(categories, blocked);
      if (verdict === 'safe' || (unknown && verdict === 'unknown')) names.push(name);
    }
    return names;
  }
}

/** By which a publisher may block an advertiser. */
function namesOf({ advertiser_id, domains }: AdvertiserPublished): string[] {
  return [advertiser_id, ...domains.map((domain) => domain.toLowerCase())];
}
