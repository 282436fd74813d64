import type { FastifyInstance, InjectOptions, RouteOptions } from 'fastify';
import { createSeededRandom } from '../../adapters/simulated/random.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { createSystemDisk } from '../../adapters/system/disk.ts';
import { openConsoleParts } from '../../apps/console-parts.ts';
import { consoleRoutes } from '../../apps/console-routes.ts';
import { readSettings } from '../../config/settings.ts';
import { parseKeys, type Role } from '../../dashboards/auth.ts';
import { buildConsole } from '../../dashboards/console-app.ts';
import type { AdSelected, SpendReserved } from '../../domain/records.ts';
import { createSampleCatalog, keyOf, roleKeys, type SampleCatalog } from '../console-world.ts';
import { billingOf, lifeOf } from '../reporting/sample-log.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { registry } from './golden-records.ts';

/** A route of the console as it was registered. */
export interface ConsoleRoute {
  readonly method: string;
  readonly url: string;
  readonly roles: readonly Role[] | undefined;
  readonly scoped: boolean;
}

/** Keys bound to an advertiser that owns nothing of the sample catalogue. */
export const strangerKeys = {
  trafficker: 'stranger-trafficker-0123',
  finance: 'stranger-finance-0123',
  analyst: 'stranger-analyst-0123',
  auditor: 'stranger-auditor-0123',
} as const;

/** The whole console as a process runs it, on embedded engines in a folder of its own, with one of everything in it. */
export interface ConsoleUnderTest {
  readonly app: FastifyInstance;
  readonly routes: readonly ConsoleRoute[];
  readonly ids: SampleCatalog;
  /** A selection that is in the log, and its advertiser. */
  readonly selection: { readonly id: string; readonly advertiserId: string };
  readonly errors: Error[];
  readonly folder: string;
  readonly ask: (request: InjectOptions & { readonly key?: string | null }) => Promise<{
    readonly status: number;
    readonly type: string;
    readonly text: string;
  }>;
  readonly close: () => Promise<void>;
}

export async function openConsoleUnderTest(): Promise<ConsoleUnderTest> {
  const folder = makeTemporaryFolder();
  const settings = readSettings({ DATA_DIR: folder.path, SHARDS: '2' });
  const errors: Error[] = [];
  const clock = createSystemClock();
  const parts = await openConsoleParts({
    settings,
    clock,
    registry,
    disk: createSystemDisk(),
    random: createSeededRandom('console'),
    onFailure: (error) => void errors.push(error as Error),
  });
  const routes: ConsoleRoute[] = [];
  const note = ({ method, url, config }: RouteOptions) => {
    for (const one of [method].flat())
      routes.push({ method: one, url, roles: config?.roles, scoped: config?.scoped ?? false });
  };
  const strangers = Object.entries(strangerKeys).map(([role, key]) => `${role}:adv_STRANGER=${key}`);
  const app = await buildConsole({
    keys: parseKeys([roleKeys, ...strangers].join(',')),
    routes: [
      (scope) => void scope.addHook('onRoute', note),
      ...consoleRoutes({ ...parts, truths: { truths: new Map() } }),
    ],
    onError: (error) => errors.push(error),
  });
  const ask: ConsoleUnderTest['ask'] = async ({ key = keyOf.admin, headers, ...request }) => {
    const all = { ...(key !== null && { authorization: `Bearer ${key}` }), ...headers };
    const { statusCode: status, headers: given, body: text } = await app.inject({ ...request, headers: all });
    return { status, type: String(given['content-type'] ?? ''), text };
  };
  const ids = await createSampleCatalog({
    ask: async (method: string, url: string, asking: { body?: unknown } = {}) => {
      const payload = JSON.stringify(asking.body);
      const { status, text } = await ask({
        method: method as 'POST',
        url,
        payload,
        headers: { 'content-type': 'application/json' },
      });
      return { status, text, headers: {}, json: JSON.parse(text) as never };
    },
  } as never);
  const billing = { ...billingOf(5, 'CPM'), shard: 0, advertiser_id: ids.advertiser, campaign_id: ids.campaign };
  const life = lifeOf(billing, {
    impression: 'accepted',
    viewable: false,
    click: false,
    spend: 'pending',
    verdict: 'none',
  });
  for (const { topic, name, value } of life) {
    if (topic === 'journal') continue;
    const bytes = registry.encode(name, value as AdSelected & SpendReserved);
    await parts.log.append(topic, [{ shard: 0, key: billing.selection_id, value: bytes }]);
  }
  const close = async () => {
    await app.close();
    await parts.close();
    folder.remove();
  };
  const selection = { id: billing.selection_id, advertiserId: ids.advertiser };
  return { app, routes, ids, selection, errors, folder: folder.path, ask, close };
}
