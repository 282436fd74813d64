import type { SimulatedClock } from '../../adapters/simulated/clock.ts';
import { createSimulatedDisk, type SimulatedDisk } from '../../adapters/simulated/disk.ts';
import { createSimulatedLog, type SimulatedLog } from '../../adapters/simulated/event-log.ts';
import { createSimulatedKeys, type SimulatedKeys } from '../../adapters/simulated/key-store.ts';
import { createSimulatedLedger, type SimulatedLedger } from '../../adapters/simulated/ledger-store.ts';
import { createSimulatedViews, type SimulatedViews } from '../../adapters/simulated/view-store.ts';
import type { Disk } from '../../ports/disk.ts';
import type { EventLog, LogRecord, NewRecord } from '../../ports/event-log.ts';
import type { KeyStore } from '../../ports/key-store.ts';
import type { LedgerEvent, LedgerStore } from '../../ports/ledger-store.ts';
import type { StateStore } from '../../ports/state-store.ts';
import type { ViewStore } from '../../ports/view-store.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { topicShards } from '../topic-shards.ts';
import type { Dice } from './dice.ts';
import { noteCall } from './hot-path.ts';
import type { Call, Engine, Life } from './life.ts';
import { SimulatedWarehouse } from './warehouse.ts';

/** Key of the hash of raw ids of persons. */
export const personSecret = Buffer.alloc(32, 7);

/** What all processes share. */
export interface Engines {
  readonly log: SimulatedLog;
  readonly ledger: SimulatedLedger;
  readonly views: SimulatedViews;
  readonly keys: SimulatedKeys;
  readonly warehouse: SimulatedWarehouse;
  /** Where all nodes find the keys of tokens. */
  readonly secrets: SimulatedDisk;
}

export interface EnginesOptions {
  readonly time: SimulatedClock;
  readonly shards: number;
  readonly dice: Dice;
  readonly onRecord: (record: LogRecord) => void;
  readonly onEntries: (event: LedgerEvent) => void;
}

export function createEngines({ time, shards, dice, onRecord, onEntries }: EnginesOptions): Engines {
  return {
    log: createSimulatedLog({ shards: topicShards(shards), onWritten: onRecord }),
    ledger: createSimulatedLedger({ onWritten: onEntries }),
    views: createSimulatedViews(time),
    keys: createSimulatedKeys(),
    warehouse: new SimulatedWarehouse(),
    secrets: createSimulatedDisk({ random: dice.for('secrets').random }),
  };
}

type Method = (...given: never[]) => Promise<unknown>;

/** The methods of a port, each as a call of a process. */
function through<P extends object>(
  life: Life,
  port: P,
  { engine, reads, writes }: { engine: Engine; reads: readonly (keyof P)[]; writes: readonly (keyof P)[] },
): P {
  const wrap = (name: keyof P, isWrite: boolean) => {
    const method = (port[name] as Method).bind(port);
    return (...given: never[]) =>
      life.call({ engine, method: String(name), writes: isWrite, run: () => method(...given) });
  };
  const methods = [
    ...reads.map((name) => [name, wrap(name, false)] as const),
    ...writes.map((name) => [name, wrap(name, true)] as const),
  ];
  return Object.fromEntries(methods) as unknown as P;
}

const groupTimes = { stepMs: 200, heartbeatMs: 500, sessionMs: 2_000, revokeMs: 1_500 };

/** The log as a process reaches it. Its memberships end without a word when it dies. */
export function logOf(engines: Engines, life: Life): { readonly log: EventLog; readonly abandon: () => void } {
  const handle = engines.log.open({
    clock: life.clock,
    name: life.name,
    groupTimes,
    onGroupFailure: (error) => life.die(`group: ${String(error)}`),
    isReachable: () => !life.cut.has('log'),
  });
  const port: EventLog = handle;
  const log: EventLog = {
    ...through(life, port, {
      engine: 'log',
      reads: ['read', 'bounds', 'committed', 'commits', 'note'],
      writes: ['commit', 'beginAt'],
    }),
    shards: (topic) => port.shards(topic),
    append: (topic, records) => {
      const call: Call<readonly number[]> = {
        engine: 'log',
        method: `append ${topic}`,
        writes: true,
        run: () => port.append(topic, records),
        part: (dice) => port.append(topic, someOf(records, dice)),
      };
      return life.call(call);
    },
    wait: async (from, timeoutMs) => {
      noteCall('log.wait');
      await life.going();
      const isThere = await port.wait(from, timeoutMs);
      await life.going();
      return isThere;
    },
    join: async (group, options) => {
      noteCall('log.join');
      await life.going();
      return port.join(group, options);
    },
    close: () => port.close(),
  };
  return { log, abandon: () => handle.crash() };
}

/** Of each shard's records the first few: within a shard the order holds, between shards there is none. */
function someOf(records: readonly NewRecord[], dice: Dice): readonly NewRecord[] {
  const left = new Map<number, number>();
  for (const { shard } of records) left.set(shard, (left.get(shard) ?? 0) + 1);
  for (const [shard, count] of left) left.set(shard, dice.between(0, count));
  return records.filter(({ shard }) => {
    const count = left.get(shard) ?? 0;
    left.set(shard, count - 1);
    return count > 0;
  });
}

export function ledgerOf(engines: Engines, life: Life): LedgerStore {
  const port = engines.ledger.open();
  const calls = through(life, port, {
    engine: 'ledger',
    reads: ['readForwards', 'readBackwards', 'tail', 'streams'],
    writes: ['append'],
  });
  return { ...port, ...calls, name: port.name, maxAppendBytes: port.maxAppendBytes };
}

export function viewsOf(engines: Engines, life: Life): ViewStore {
  const port = engines.views.open();
  return through(life, port, { engine: 'views', reads: ['getMany', 'close'], writes: ['putMany', 'delete'] });
}

export function keysOf(engines: Engines, life: Life): KeyStore {
  const port = engines.keys.open();
  const calls = through(life, port, { engine: 'keys', reads: ['getMany', 'close'], writes: ['putIfAbsent', 'delete'] });
  return { ...calls, pages: () => port.pages() };
}

export function warehouseOf(engines: Engines, life: Life): Warehouse {
  const port = engines.warehouse.open();
  const calls = through(life, port, {
    engine: 'warehouse',
    reads: ['query', 'syntaxTree', 'queryAsAnalyst', 'close'],
    writes: ['command'],
  });
  return {
    ...calls,
    insert: (table, columns, rows, name) =>
      life.call({
        engine: 'warehouse',
        method: 'insert',
        writes: true,
        run: () => port.insert(table, columns, rows, name),
        part: (dice) => port.insert(table, columns, rows.slice(0, dice.between(0, rows.length))),
      }),
  };
}

export function statesOf(port: StateStore, life: Life): StateStore {
  const calls = through(life, port, {
    engine: 'states',
    reads: ['position', 'close'],
    writes: ['commit', 'drop'],
  });
  return {
    ...calls,
    get: (fold, key) => port.get(fold, key),
    entries: (fold, from) => port.entries(fold, from),
  };
}

export function diskOf(port: Disk, life: Life): Disk {
  const calls = through(life, port, {
    engine: 'disk',
    reads: ['list', 'read', 'makeFolder'],
    writes: ['remove', 'syncFolder', 'replace'],
  });
  return {
    ...calls,
    openAppend: async (path) => {
      const file = await life.call({
        engine: 'disk',
        method: 'openAppend',
        writes: true,
        run: () => port.openAppend(path),
      });
      const on = (method: string, run: () => Promise<void>, part?: (dice: Dice) => Promise<unknown>) =>
        life.call({ engine: 'disk', method, writes: true, run, ...(part && { part }) });
      return {
        get size() {
          return file.size;
        },
        append: (bytes) =>
          on(
            'append',
            () => file.append(bytes),
            (dice) => file.append(bytes.subarray(0, dice.between(0, bytes.length))),
          ),
        sync: () => on('sync', () => file.sync()),
        close: () => on('close', () => file.close()),
      };
    },
  };
}
