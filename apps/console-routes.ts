import { createSystemDisk } from '../adapters/system/disk.ts';
import type { ConsoleRoutes } from '../dashboards/console-app.ts';
import { auditRoutes } from '../dashboards/routes/audit.ts';
import { catalogRoutes } from '../dashboards/routes/catalog.ts';
import { financeRoutes } from '../dashboards/routes/finance.ts';
import { type Dependency, healthRoutes } from '../dashboards/routes/health.ts';
import { ledgerRoutes } from '../dashboards/routes/ledger.ts';
import { marketRoutes } from '../dashboards/routes/market.ts';
import { pacingRoutes } from '../dashboards/routes/pacing.ts';
import { personRoutes } from '../dashboards/routes/persons.ts';
import { explainRoutes } from '../dashboards/routes/explain.ts';
import { whyNotRoutes } from '../dashboards/routes/why-not.ts';
import { auditRunRoutes } from '../dashboards/routes/reconciliations.ts';
import { reportRoutes } from '../dashboards/routes/reports.ts';
import { ModelKeys } from '../serving/prediction/model-keys.ts';
import { traceLinks } from '../dashboards/trace-link.ts';
import { modelKeysFolder } from './click-model.ts';
import { consoleMetrics, type MetricsParts } from './console-metrics.ts';
import { consoleOperations, consoleQuarantine, watchFleet } from './console-operations.ts';
import { consolePages } from './console-pages.ts';
import type { ConsoleParts } from './console-parts.ts';
import { askDryRun } from './dry-run.ts';
import { readPersonSecret } from './person-secret.ts';
import { askExplanation, askWhyNot } from './why-not.ts';

/** Every route of the console, in one place. */
export function consoleRoutes(parts: ConsoleParts & Pick<MetricsParts, 'truths'>): ConsoleRoutes[] {
  const { log, registry, clock, settings, desks, corrections, events, queries, catchUp, views, warehouse, reports } =
    parts;
  const campaignOwner = async (campaignId: string) =>
    (await desks.catalog.read()).campaigns.get(campaignId)?.advertiser_id ?? null;
  const campaignIds = async (advertiserId: string | null) => {
    const campaigns = [...(await desks.catalog.read()).campaigns.values()].filter(({ change }) => !change.archived);
    return campaigns
      .filter(({ advertiser_id }) => advertiserId === null || advertiser_id === advertiserId)
      .map(({ campaign_id }) => campaign_id);
  };
  const keys = new ModelKeys({ disk: createSystemDisk(), folder: modelKeysFolder(settings) });
  const metrics = consoleMetrics(parts);
  const fleet = watchFleet(parts, metrics);
  return [
    healthRoutes(() => dependencies(parts), metrics),
    consoleOperations(parts, fleet),
    consoleQuarantine(parts, fleet),
    catalogRoutes(desks.catalog),
    financeRoutes(corrections, desks.facts),
    auditRoutes({ log, registry, events, catchUp }),
    whyNotRoutes(
      askWhyNot({ log, registry, events, keys, catchUp }),
      askDryRun({ log, registry, clock, blockedNetworks: settings.blockedNetworks }),
    ),
    explainRoutes(askExplanation({ log, registry, events, keys, catchUp })),
    auditRunRoutes(parts.audits),
    ledgerRoutes({ queries, campaignOwner, traceOf: traceLinks(settings.traceSampling, settings.traceViewUrl) }),
    pacingRoutes({ views, campaignOwner, campaignIds }),
    marketRoutes({ clock, processes: () => fleet.processes() }),
    reportRoutes({ reports, warehouse, clock, sinkLag: () => parts.sink.lag() }),
    personRoutes({ log, registry, clock, hashSecret: readPersonSecret(settings.dataDir) }),
    ...consolePages({ ...parts, fleet }, process.env),
  ];
}

async function dependencies({ log, ledgers, warehouse }: ConsoleParts): Promise<Record<string, Dependency>> {
  const damaged = [...ledgers.failures()].map(([stream, { message }]) => `${stream}: ${message}`);
  return {
    log: await check(() => log.bounds('catalog', 0)),
    ledgers: { ok: damaged.length === 0, detail: damaged.join('; ') || 'every stream was read to its end' },
    warehouse: await check(() => warehouse.query('SELECT 1')),
  };
}

async function check(ask: () => Promise<unknown>): Promise<Dependency> {
  try {
    await ask();
    return { ok: true, detail: 'answers' };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
