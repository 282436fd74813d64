import type { AdvertiserPublished, CreativePublished } from '../domain/records.ts';
import type { SlotSet } from './bitmap.ts';
import { BitmapDimension } from './bitmap-dimension.ts';

/** IAB categories of an ad: its own or, if it names none, those of its advertiser. Empty: unknown. */
export function categoriesOf(
  { categories }: Pick<CreativePublished, 'categories'>,
  advertiser: Pick<AdvertiserPublished, 'categories'>,
): readonly string[] {
  return categories.length > 0 ? categories : advertiser.categories;
}

/** Whether an ad of these categories may be shown where some are blocked. One that nobody has named a category for may not: policy fails safe. */
export function categoryVerdict(
  categories: readonly string[],
  blocked: readonly string[],
): 'safe' | 'blocked' | 'unknown' {
  if (blocked.length === 0) return 'safe';
  if (categories.length === 0) return 'unknown';
  return categories.some((category) => isBlocked(category, blocked)) ? 'blocked' : 'safe';
}

/** Who blocks `IAB7` blocks `IAB7-39`. */
export function isBlocked(category: string, blocked: readonly string[]): boolean {
  return blocked.includes(category) || blocked.includes(category.split('-', 1)[0] as string);
}

/** Whether an entry of a request's block list, where apps and domains stand as well, is a category: of IAB's first taxonomy, or a number of a later one. */
export function isCategory(entry: string): boolean {
  return /^(IAB[0-9]{1,3}(-[0-9]{1,3})?|[0-9]{1,5})$/.test(entry);
}

/**
 * Line items by the categories of their creatives. There are few different combinations, so what is blocked is judged by combination and not by line
 * item; who has a creative of a combination that is left stays.
 */
export class BitmapCategories {
  readonly dimension = new BitmapDimension();
  readonly #combinations = new Map<string, readonly string[]>();

  add(slot: number, combinations: readonly (readonly string[])[], memberships: SlotSet[]): void {
    const names = combinations.map((categories) => {
      const name = categories.toSorted().join();
      this.#combinations.set(name, categories);
      return name;
    });
    this.dimension.restrict(slot, names, memberships);
  }

  /** Names of the combinations of which an ad may be shown; with `unknown`, that of the ads without categories among them. */
  allowed(blocked: readonly string[], unknown: boolean): string[] {
    const names: string[] = [];
    for (const [name, categories] of this.#combinations) {
      const verdict = categoryVerdict(categories, blocked);
      if (verdict === 'safe' || (unknown && verdict === 'unknown')) names.push(name);
    }
    return names;
  }
}
