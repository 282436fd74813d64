import { join, resolve } from 'node:path';
import type { Settings } from '../config/settings.ts';
import {
  type Definitions,
  prepareWarehouse,
  readDefinitions,
  type TableOptions,
} from '../dashboards/warehouse/prepare.ts';
import { isAdtallyError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Disk } from '../ports/disk.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { Warehouse } from '../ports/warehouse.ts';
import type { Reporting } from '../reconcile/reporting-reading.ts';
import { noteFreshness } from '../streams/processors/warehouse-freshness.ts';
import { firstKept } from '../streams/processors/warehouse-kept.ts';
import { tablesOf } from '../streams/processors/warehouse-rows.ts';
import { createWarehouseSink, type WarehouseSink } from '../streams/processors/warehouse-sink.ts';
import { createTallies, type Tallies } from '../streams/processors/warehouse-tallies.ts';
import { openWarehouse } from './engines.ts';

export interface ReportingParts {
  readonly settings: Settings;
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  readonly disk: Disk;
  /** Something that can't pass; the process must end. */
  readonly onFailure: (error: unknown) => void;
}

/** The warehouse, and the sink that fills it. */
export interface ReportingEngine {
  readonly warehouse: Warehouse;
  readonly sink: WarehouseSink;
  /** For comparisons: once it holds what the log held, and while nothing is being added to it. */
  readonly reporting: Reporting;
  /** Sinks what the log holds, unless that takes too long, and stops. */
  close(): Promise<void>;
}

const house = resolve(import.meta.dirname, '..');
const lastSinkMs = 5_000;
const askAgainMs = 1_000;
/** Before any of its rows may be forgotten, whatever the clocks of those who appended them. */
const sealedBeforeMs = 86_400_000;
/** More inserts than are made while an answer is lost and the insert repeated. */
const rememberedInserts = 1_000;

/** How this installation keeps its tables. Only a server's answer can be lost. */
function tableOptions({ warehouseUrl, warehouseKeepMs }: Settings): TableOptions {
  const lives = [...warehouseKeepMs].flatMap(([topic, ms]) => tablesOf(topic).map((table) => [table, ms] as const));
  return { keepMs: new Map(lives), rememberedInserts: warehouseUrl === 'embedded' ? 0 : rememberedInserts };
}

/**
 * Opens the warehouse and starts its sink. In this process it is made before this resolves; a server may be away, and is waited for in the background,
 * since nothing but reporting needs it. Error: `WAREHOUSE_UNAVAILABLE` if the engine in this process can't be opened.
 */
export async function openReporting(parts: ReportingParts): Promise<ReportingEngine> {
  const { settings, log, registry, clock, onFailure } = parts;
  const isEmbedded = settings.warehouseUrl === 'embedded';
  const keepMs = settings.warehouseKeepMs;
  const warehouse = await openWarehouse(settings, clock);
  const definitions = await readDefinitions(parts.disk, join(house, 'dashboards/warehouse'));
  const options = tableOptions(settings);
  if (isEmbedded) await prepareWarehouse(warehouse, definitions, options);
  const sealAfterMs = keepMs.size === 0 ? null : Math.min(...keepMs.values()) - sealedBeforeMs;
  const tallies = createTallies({ warehouse, clock, onFailure, sealAfterMs });
  const { warehouse: sunkInto } = noteFreshness(tallies.warehouse, clock);
  const sink = createWarehouseSink({
    log,
    registry,
    warehouse: sunkInto,
    clock,
    onFailure,
    keepMs,
    checkParts: isEmbedded,
  });
  const closing = new AbortController();
  const sinking = startSink({ warehouse, sink, tallies, definitions, options, clock, closing: closing.signal });
  sinking.catch(onFailure);

  const reporting: Reporting = async (read) => {
    await sinking;
    await sink.catchUp();
    return sink.quietly(() => read(warehouse, firstKept({ log, clock, keepMs })));
  };
  const close = async (): Promise<void> => {
    closing.abort();
    if (await sinking) {
      const over = new AbortController();
      await Promise.race([sink.catchUp(), clock.sleep(lastSinkMs, over.signal)]);
      over.abort();
    }
    await sink.stop();
    await tallies.stop();
    await warehouse.close();
  };
  return { warehouse, sink, reporting, close };
}

interface SinkStart {
  readonly warehouse: Warehouse;
  readonly sink: WarehouseSink;
  readonly tallies: Tallies;
  readonly definitions: Definitions;
  readonly options: TableOptions;
  readonly clock: Clock;
  readonly closing: AbortSignal;
}

/** Makes the tables and starts the sink, which compares the two, and the counting, as soon as warehouse and log answer. @returns false if the process ends before */
async function startSink({
  warehouse,
  sink,
  tallies,
  definitions,
  options,
  clock,
  closing,
}: SinkStart): Promise<boolean> {
  for (;;) {
    try {
      await prepareWarehouse(warehouse, definitions, options);
      await sink.start();
      await tallies.start();
      return true;
    } catch (error) {
      if (!isAdtallyError(error) || !error.retriable) throw error;
    }
    if (closing.aborted) return false;
    await clock.sleep(askAgainMs, closing);
  }
}
