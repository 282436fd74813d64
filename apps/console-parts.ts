import { join, resolve } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { type ConsoleDesks, openConsoleDesks } from '../dashboards/console-desks.ts';
import { FinanceDesk } from '../dashboards/finance/finance-desk.ts';
import { contentOf } from '../dashboards/finance/selection-content.ts';
import { loadReports, type Reports } from '../dashboards/reports/report-file.ts';
import { catchUpEvents, followEvents } from '../ledger/index/follow-events.ts';
import { followLedgers, type LedgerFollower } from '../ledger/index/follow-ledgers.ts';
import { createLedgerQueries } from '../ledger/queries/ledger-queries.ts';
import type { Clock } from '../ports/clock.ts';
import type { Disk } from '../ports/disk.ts';
import type { EventIndex } from '../ports/event-index.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { LedgerIndexStore } from '../ports/ledger-index.ts';
import type { LedgerQueries } from '../ports/ledger-queries.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import type { Random } from '../ports/random.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { ViewStore } from '../ports/view-store.ts';
import type { Warehouse } from '../ports/warehouse.ts';
import type { WarehouseSink } from '../streams/processors/warehouse-sink.ts';
import { type Audits, createAudits } from './audits.ts';
import { openLedger, openLedgerIndex, openLog, openStates, openViews } from './engines.ts';
import { openReporting } from './reporting.ts';

export interface ConsoleSurroundings {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly random: Random;
  readonly registry: SchemaRegistry;
  /** Something that can't pass; the process must end. */
  readonly onFailure: (error: unknown) => void;
}

/** Everything that the console's routes stand on. */
export interface ConsoleParts extends ConsoleSurroundings {
  readonly log: EventLog;
  readonly ledger: LedgerStore;
  readonly views: ViewStore;
  readonly warehouse: Warehouse;
  readonly sink: WarehouseSink;
  readonly desks: ConsoleDesks;
  readonly corrections: FinanceDesk;
  readonly audits: Audits;
  readonly events: EventIndex;
  readonly ledgers: LedgerFollower;
  readonly queries: LedgerQueries;
  readonly index: LedgerIndexStore;
  readonly reports: Reports;
  /** Brings the index of selections' records up to the end of the log. */
  readonly catchUp: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The house, wherever the process was started. */
const house = resolve(import.meta.dirname, '..');

/** Opens the engines and all that follows them: the ledger index, the index of selections' records, the warehouse and its sink. */
export async function openConsoleParts(surroundings: ConsoleSurroundings): Promise<ConsoleParts> {
  const { settings, clock, random, registry, onFailure } = surroundings;
  const log = await openLog(settings, clock);
  const [ledger, views, states] = [
    await openLedger(settings, clock),
    await openViews(settings, clock),
    await openStates(settings, clock, 'console'),
  ];
  const rules = { holdMs: settings.holdMs, horizonMs: settings.horizonMs };
  const desks = await openConsoleDesks({ log, registry, clock, random, states, rules });

  const { ledgers: index, events } = await openLedgerIndex(settings, clock);
  const shards = log.shards('spend');
  const ledgers = followLedgers({ store: ledger, registry, index, shards, clock });
  const eventFollower = followEvents({ log, events, clock });
  for (const { done } of [ledgers, eventFollower]) done.catch(onFailure);
  const advertiser = async (id: string) => (await desks.catalog.read()).advertisers.get(id) ?? null;
  const failures = () => ledgers.failures();
  const queries = createLedgerQueries({ index, shards, failures, advertiser, log, registry, events });
  const catchUp = () => catchUpEvents({ log, events });
  const content = (selectionId: string) => contentOf({ log, registry, events, catchUp }, selectionId);
  const corrections = new FinanceDesk({ log, registry, clock, random, facts: desks.facts, contentOf: content });

  const reports = await loadReports(surroundings.disk, join(house, 'dashboards/reports'));
  const { warehouse, sink, reporting, ...engine } = await openReporting({ ...surroundings, log });
  const audits = createAudits({ ...surroundings, log, ledger, reporting });

  const close = async () => {
    // What was written before the stop is in reporting after it.
    await engine.close();
    await Promise.all([ledgers.stop(), eventFollower.stop()]);
    await Promise.all([index.close(), states.close(), views.close(), ledger.close(), log.close()]);
  };
  const read = { events, ledgers, queries, index, reports, catchUp };
  return { ...surroundings, log, ledger, views, warehouse, sink, desks, corrections, audits, ...read, close };
}
