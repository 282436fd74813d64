import type { AdvertiserPublished, CreativePublished } from '../domain/records.ts';

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
function isBlocked(category: string, blocked: readonly string[]): boolean {
  return blocked.includes(category) || blocked.includes(category.split('-', 1)[0] as string);
}

/** Whether an entry of a request's block list, where apps and domains stand as well, is a category: of IAB's first taxonomy, or a number of a later one. */
export function isCategory(entry: string): boolean {
  return /^(IAB[0-9]{1,3}(-[0-9]{1,3})?|[0-9]{1,5})$/.test(entry);
}
