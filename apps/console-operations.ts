import { deriveLimits } from '../config/limits.ts';
import type { ConsoleRoutes } from '../dashboards/console-app.ts';
import type { FleetWatch } from '../dashboards/operations/fleet-watch.ts';
import { NodeRoll } from '../dashboards/operations/node-roll.ts';
import { type EngineAnswer, readOperations } from '../dashboards/operations/operations-report.ts';
import { QuarantineDesk } from '../dashboards/operations/quarantine-desk.ts';
import { operationsRoutes } from '../dashboards/routes/operations.ts';
import { quarantineRoutes } from '../dashboards/routes/quarantine.ts';
import { type PacingView, pacingViewKey } from '../domain/pacing-view.ts';
import { ledgerStreams } from '../ledger/index/stream-name.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConsoleParts } from './console-parts.ts';
import { watch } from './console-watch.ts';
import { openFleet, sendBeacon } from './fleet.ts';
import { usualTargets } from './process-plan.ts';

/** The fleet of the settings, as this console watches it. @param own metrics of this process */
export function watchFleet({ settings, clock, onFailure }: ConsoleParts, own: () => Promise<string>): FleetWatch {
  return openFleet({ clock, onFailure, own, targets: usualTargets(settings) });
}

/** `GET /v1/operations` off the engines of this console. */
export function consoleOperations(parts: ConsoleParts, fleet: FleetWatch): ConsoleRoutes {
  const { settings, clock, log, index, ledgers, sink } = parts;
  const roll = new NodeRoll(parts);
  const { drawingMs } = deriveLimits(settings);
  const read = () =>
    readOperations({
      clock,
      log,
      index,
      fleet,
      roll,
      drawingMs,
      watch: () => watch(parts),
      ledgerStreams: ledgerStreams(log.shards('spend')),
      damaged: () => ledgers.failures(),
      sinkLag: () => sink.lag(),
      pacingViews: () => pacingViews(parts),
      engines: () => askEngines(parts),
    });
  return operationsRoutes({ clock, read, fleet });
}

/** Inspecting and replaying what was put aside. */
export function consoleQuarantine({ clock, log, registry }: ConsoleParts, fleet: FleetWatch): ConsoleRoutes {
  const send = (event: string, token: string) => sendBeacon(fleet, { event, token });
  return quarantineRoutes(new QuarantineDesk({ clock, log, registry, sendBeacon: send }));
}

async function pacingViews({ desks, views }: ConsoleParts): Promise<readonly PacingView[]> {
  const campaigns = [...(await desks.catalog.read()).campaigns.values()].filter(({ status }) => status === 'ACTIVE');
  if (campaigns.length === 0) return [];
  const found = await views.getMany(campaigns.map(({ campaign_id }) => pacingViewKey(campaign_id)));
  return found.flatMap((view) =>
    view === null ? [] : [JSON.parse(new TextDecoder().decode(view.value)) as PacingView],
  );
}

/** Every engine is asked the least there is to ask. */
function askEngines(parts: ConsoleParts): Promise<readonly EngineAnswer[]> {
  const { settings, clock, log, ledger, views, warehouse, registry, index } = parts;
  const engines: readonly [string, string, () => Promise<unknown>][] = [
    ['log', engineOf(settings.logUrl, 'Kafka'), () => log.bounds('catalog', 0)],
    ['ledger store', engineOf(settings.ledgerUrl, 'EventStoreDB'), () => ledger.tail('tentative-0')],
    ['ledger index', 'SQLite', () => index.indexedStreams()],
    ['views', engineOf(settings.viewsUrl, 'Redis'), () => views.getMany(['operations'])],
    [
      'warehouse',
      settings.warehouseUrl === 'embedded' ? 'chDB' : 'ClickHouse',
      () => warehouse.query('SELECT 1 AS one'),
    ],
    [
      'schema registry',
      settings.schemaRegistryUrl === 'embedded' ? 'files of the build' : 'Confluent',
      () => registry.refresh(),
    ],
  ];
  return Promise.all(engines.map(([name, engine, ask]) => timed(clock, { name, engine }, ask)));
}

/** @param url text or address of the setting; `embedded` stands for the engine of this process */
function engineOf(url: string | object, server: string): string {
  return url === 'embedded' ? 'SQLite' : server;
}

const answerWithinMs = 3_000;

async function timed(
  clock: Clock,
  about: Pick<EngineAnswer, 'name' | 'engine'>,
  ask: () => Promise<unknown>,
): Promise<EngineAnswer> {
  const begunUs = clock.monotonicUs();
  const over = new AbortController();
  const late = clock.sleep(answerWithinMs, over.signal).then(() => `no answer within ${answerWithinMs / 1_000} s`);
  const detail = await Promise.race([ask().then(() => '', sentenceOf), late]);
  over.abort();
  const answer_ms = Math.round((clock.monotonicUs() - begunUs) / 100) / 10;
  return { ...about, ok: detail === '', answer_ms, detail };
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
