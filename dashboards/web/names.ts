import { signal } from '@preact/signals';
import { ask, sentenceOf } from './session.ts';

export interface Named {
  readonly id: string;
  readonly name: string;
  /** Of a campaign. */
  readonly advertiser_id: string | null;
  readonly currency: string | null;
  /** Of an advertiser. */
  readonly time_zone: string | null;
}

/** Advertisers and campaigns by id, archived ones as well; empty until they have come. */
export const names = signal<ReadonlyMap<string, Named>>(new Map());

/** Why the names are not known, or are as they were before; null if they are. */
export const namesProblem = signal<string | null>(null);

const mostPages = 20;

/** Reads the names of what figures are about. Without them ids are shown. */
export async function loadNames(): Promise<void> {
  const found = new Map<string, Named>();
  for (const [path, idField] of [
    ['advertisers', 'advertiser_id'],
    ['campaigns', 'campaign_id'],
  ] as const) {
    for await (const item of pages(path)) {
      const id = String(item[idField]);
      const owner = idField === 'campaign_id' ? String(item['advertiser_id']) : null;
      const { name, currency, time_zone: zone } = item;
      found.set(id, {
        id,
        name: String(name),
        advertiser_id: owner,
        currency: String(currency),
        time_zone: typeof zone === 'string' ? zone : null,
      });
    }
  }
  names.value = found;
}

/** Reads the names, and shows it if that fails: figures then stand beside ids. */
export async function refreshNames(): Promise<void> {
  try {
    await loadNames();
    namesProblem.value = null;
  } catch (error) {
    namesProblem.value = sentenceOf(error);
  }
}

async function* pages(path: string): AsyncGenerator<Readonly<Record<string, unknown>>> {
  let cursor = '';
  for (let page = 0; page < mostPages; page += 1) {
    const { items, next_cursor } = await ask<{
      items: readonly Readonly<Record<string, unknown>>[];
      next_cursor: string | null;
    }>(`/v1/${path}?limit=500&archived=any${cursor}`);
    yield* items;
    if (next_cursor === null) return;
    cursor = `&cursor=${encodeURIComponent(next_cursor)}`;
  }
}

export function nameOf(id: string | null): string {
  if (id === null || id === '') return '';
  return names.value.get(id)?.name ?? id;
}
