import { join } from 'node:path';
import { createSystemClock } from '../../adapters/system/clock.ts';
import type { WatchedGroup } from '../../adapters/kafka/group-state.ts';
import type { Settings } from '../../config/settings.ts';
import type { Check } from '../../simulate/run-report.ts';
import type { Stage, StageOptions } from '../demo-stage.ts';
import { openLedger, openSchemas } from '../engines.ts';
import type { Platform } from '../platform.ts';
import { countDoubleEntries } from './double-entries.ts';
import { endLeftEngines, openRunEngines } from './engines.ts';
import { type DistributedFaults, planFaults } from './faults.ts';
import { ShardOwners } from './shard-owners.ts';

const scale = { serve: 2, streams: 3 } as const;
const ledgerGroup = 'spend-lifecycle';

/** Where the engines of a run keep their data, below the run's data directory. */
function enginesFolder(dataDir: string): string {
  return join(dataDir, 'engines');
}

/** Before a data directory is emptied: ends the engines that an earlier run may have left in it. */
export function endLeftOver(dataDir: string): Promise<void> {
  return endLeftEngines(enginesFolder(dataDir));
}

/** Real engines, several processes of a kind, and the faults that only they can have. */
export async function openDistributedStage({ env, dataDir, kills, say }: StageOptions): Promise<Stage> {
  const prefix = `demo-${Date.now().toString(36)}`;
  say('starting or finding Kafka, the schema registry, Redis and the EventStoreDB double');
  const engines = await openRunEngines({ env, folder: enginesFolder(dataDir), prefix, say });
  const owners = new ShardOwners();
  let faults: DistributedFaults | null = null;
  const plan = (platform: Platform) => {
    const names = [...platform.supervisor.pids().keys()];
    faults = planFaults({
      dataDir: platform.dataDir,
      rounds: kills,
      serve: names.filter((name) => name.startsWith('serve')),
      streams: names.filter((name) => name.startsWith('streams')),
      group: ledgerGroupOf(platform.settings),
      engines,
    });
    return { faults: faults.planned, kills: faults.kills };
  };
  return {
    env: engines.urls,
    scale,
    plan,
    onLine: (name, line) => owners.read(name, line),
    onEnded: (name) => owners.ended(name),
    check: async ({ settings }) => [
      ownersCheck(owners, kills),
      rebalanceCheck(kills, faults?.duringRebalance() ?? 0),
      await doubleEntriesCheck(settings),
    ],
    close: () => engines.stop(),
  };
}

function ledgerGroupOf({
  logUrl,
  logSaslUsername: username,
  logSaslPassword: password,
}: Settings): WatchedGroup | null {
  if (logUrl === 'embedded') return null;
  const { sasl: mechanism, brokers, prefix, tls } = logUrl;
  return { brokers, prefix, tls, sasl: mechanism && { mechanism, username, password }, group: ledgerGroup };
}

function ownersCheck(owners: ShardOwners, kills: number): Check {
  const chains = [...owners.owners()].map(([shard, names]) => `${shard}: ${names.join(' → ')}`);
  const detail = `${owners.changes()} changes, ${owners.moves()} of them to another process (${chains.join('; ')})`;
  return { name: 'shards moved between owners', holds: owners.moves() > 0 || kills === 0, detail };
}

function rebalanceCheck(kills: number, duringRebalance: number): Check {
  const detail = `${duringRebalance} of ${kills}`;
  return { name: 'second owner killed during a rebalance', holds: duringRebalance === kills, detail };
}

/** Counted in the ledgers' own streams, from their beginning. */
async function doubleEntriesCheck(settings: Settings): Promise<Check> {
  const clock = createSystemClock();
  const [ledger, registry] = [await openLedger(settings, clock), await openSchemas(settings, clock)];
  try {
    const count = await countDoubleEntries({ ledger, registry, shards: settings.shards });
    const { streams, appends, entries, repeated, twice, gaps, broken } = count;
    const detail = `${repeated} at a position booked before, ${twice} of one selection under two records, ${gaps} gaps, ${broken} broken hashes in ${entries} entries of ${appends} appends to ${streams} streams`;
    return { name: 'double entries', holds: repeated + twice + gaps + broken === 0 && entries > 0, detail };
  } finally {
    await ledger.close();
  }
}
