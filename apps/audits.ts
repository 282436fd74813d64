import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { AuditRuns } from '../dashboards/audit/audit-runs.ts';
import type { Clock } from '../ports/clock.ts';
import type { Disk } from '../ports/disk.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import type { Random } from '../ports/random.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { Reporting } from '../reconcile/reporting-reading.ts';
import { reconcile } from '../reconcile/run.ts';
import { replayLedgers } from '../streams/replay.ts';

export interface AuditParts {
  readonly settings: Settings;
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly ledger: LedgerStore;
  /** Null: reporting is left out of reconciliations. */
  readonly reporting: Reporting | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
}

export interface Audits {
  readonly reconciliations: AuditRuns;
  readonly replays: AuditRuns;
}

/** What auditors can have run, on engines that are open. Reports are kept in the data directory. */
export function createAudits(parts: AuditParts): Audits {
  const { settings, clock, random, disk } = parts;
  const common = { clock, random, disk };
  return {
    reconciliations: new AuditRuns({
      ...common,
      folder: join(settings.dataDir, 'reconciliations'),
      listed: ['result', 'unexplained_micros', 'breaks_total', 'selections', 'closed_selections'],
      work: (id, progress) => reconcile(parts, { id, progress, now: () => clock.now() }),
    }),
    replays: new AuditRuns({
      ...common,
      folder: join(settings.dataDir, 'replays'),
      listed: ['result', 'differences_total', 'records', 'digest'],
      work: (_id, progress) => replayLedgers(parts, progress),
    }),
  };
}
