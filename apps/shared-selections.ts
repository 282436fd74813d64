import { join } from 'node:path';
import { openEmbeddedViewStore } from '../adapters/embedded/view-store.ts';
import { openRedisViewStore } from '../adapters/redis/view-store.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { ViewStore } from '../ports/view-store.ts';
import { SharedSelections } from '../serving/shared-selections.ts';

export interface OpenShared {
  /** Null: this process is the only one that selects, or is not to tell others. */
  readonly shared: SharedSelections | null;
  close(): Promise<void>;
}

const alone: OpenShared = { shared: null, close: async () => undefined };

/** What serving processes tell each other of a person's last minute: in Redis where the views are there, else in a file of this machine. */
export async function openSharedSelections(
  settings: Settings,
  clock: Clock,
  onError: (error: Error) => void,
): Promise<OpenShared> {
  if (!isShared(settings)) return alone;
  const store = await openStore(settings, clock);
  return { shared: new SharedSelections({ store, clock, onError }), close: () => store.close() };
}

function isShared({ shareSelections, viewsUrl, serveWorkers }: Settings): boolean {
  if (shareSelections !== 'auto') return shareSelections === 'on';
  return viewsUrl !== 'embedded' || serveWorkers > 1;
}

/** Without a cache. What is lost with the power counts for a minute and no longer. */
function openStore({ viewsUrl: url, dataDir }: Settings, clock: Clock): Promise<ViewStore> {
  if (url !== 'embedded') return openRedisViewStore({ url, clock, cacheTtlMs: 0 });
  return openEmbeddedViewStore({ folder: join(dataDir, 'recent'), clock, cacheTtlMs: 0, durability: 'process_kill' });
}
