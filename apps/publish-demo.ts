import { demoCatalog } from '../simulate/demo-catalog.ts';
import { publishCatalog } from '../simulate/publish-catalog.ts';
import type { Platform } from './platform.ts';

/** Publishes the catalogue of the playground into an empty one. False if there was something in it. */
export async function publishDemo({ client, serveUrl }: Pick<Platform, 'client' | 'serveUrl'>): Promise<boolean> {
  const { items } = await client.get<{ items: readonly unknown[] }>('/v1/advertisers?limit=1');
  if (items.length > 0) return false;
  await publishCatalog(client, demoCatalog(Date.now(), serveUrl));
  return true;
}
