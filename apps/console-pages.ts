import { stripTypeScriptTypes } from 'node:module';
import { join, resolve } from 'node:path';
import { findPrincipal } from '../dashboards/auth.ts';
import type { ConsoleRoutes } from '../dashboards/console-app.ts';
import { loadAssets } from '../dashboards/pages/assets.ts';
import { demoRoutes } from '../dashboards/routes/demo.ts';
import { liveRoutes } from '../dashboards/routes/live.ts';
import { pageRoutes } from '../dashboards/routes/pages.ts';
import { sessionRoutes } from '../dashboards/routes/session.ts';
import { AdtallyError } from '../domain/errors.ts';
import { watch } from './console-watch.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { FleetWatch } from '../dashboards/operations/fleet-watch.ts';
import { runKeys, runKeyVariable } from './run-key.ts';
import { readPids } from './supervisor.ts';

const dashboards = resolve(import.meta.dirname, '../dashboards');

/** The pages, what they ask for every few seconds, and the playground's own routes if a supervisor started this process. */
export function consolePages(
  parts: ConsoleParts & { readonly fleet: FleetWatch },
  env: NodeJS.ProcessEnv,
): ConsoleRoutes[] {
  const { settings, disk, fleet, queries, reports, warehouse, clock, log, registry } = parts;
  const serveUrl = settings.publicUrl ?? `http://${settings.serveHost}:${settings.servePort}`;
  const pages: ConsoleRoutes = async (app) => {
    const folders = { pages: join(dashboards, 'pages'), browser: join(dashboards, 'browser') };
    const built = join(dashboards, 'web/dist');
    const assets = await loadAssets({ disk, ...folders, built, stripTypes: stripTypeScriptTypes });
    await pageRoutes({ assets, serveUrl })(app);
  };
  return [
    pages,
    sessionRoutes,
    liveRoutes({
      queries,
      reports,
      warehouse,
      clock,
      log,
      registry,
      fleet,
      sunk: () => parts.sink.positions(),
      watch: () => watch(parts),
    }),
    ...playground(parts, serveUrl, env),
  ];
}

function playground(parts: ConsoleParts, serveUrl: string, env: NodeJS.ProcessEnv): ConsoleRoutes[] {
  const principal = findPrincipal(runKeys(env), env[runKeyVariable] ?? '');
  if (principal === null) return [];
  const { settings, queries, index, log, corrections, clock, desks } = parts;
  const { holdMs, impressionTokenMs, dataDir } = settings;
  const servePid = () => {
    const serving = Object.entries(readPids(dataDir)).find(([name]) => name.startsWith('serve'));
    return serving?.[1] ?? null;
  };
  const killServe = () => {
    const pid = servePid();
    if (pid === null) throw new AdtallyError('NOT_READY', 'serve does not run at the moment');
    process.kill(pid, 'SIGKILL');
    return pid;
  };
  return [
    demoRoutes({
      queries,
      index,
      log,
      catalog: desks.catalog,
      corrections,
      clock,
      principal: principal.name,
      settings: { serveUrl, holdMs, impressionTokenMs },
      servePid,
      killServe,
    }),
  ];
}
