import { codecTargets } from './codec-targets.ts';
import { consoleTargets } from './console-targets.ts';
import { financeTargets } from './finance-targets.ts';
import { publicTargets } from './public-targets.ts';
import { serveTargets } from './serve-targets.ts';
import { settingTargets } from './setting-targets.ts';
import { socketTargets } from './socket-targets.ts';
import { sqlTargets } from './sql-targets.ts';
import { stateTargets } from './state-targets.ts';
import type { FuzzTarget } from './target.ts';
import { tokenTargets } from './token-targets.ts';

/** Targets that need nothing but memory. */
export const memoryTargets: readonly FuzzTarget[] = [
  ...codecTargets,
  ...stateTargets,
  ...tokenTargets,
  ...settingTargets,
  ...publicTargets,
];

/** Targets on SQLite, the ClickHouse engine or sockets. */
export const engineTargets: readonly FuzzTarget[] = [
  ...consoleTargets,
  ...financeTargets,
  ...sqlTargets,
  ...socketTargets,
  ...serveTargets,
];

export const allTargets: readonly FuzzTarget[] = [...memoryTargets, ...engineTargets];
