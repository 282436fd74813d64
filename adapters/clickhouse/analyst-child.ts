/**
 * The process in which analysts' queries run on the embedded engine: forked by `analyst-process.ts`, with the engine on a folder of its own. It reads the
 * files of the warehouse's tables, and can write nothing there. First comes a message with definitions, then questions; each is answered once.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { type ErrorCode, isAdtallyError } from '../../domain/errors.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { createSystemClock } from '../system/clock.ts';
import { type AnalystAnswer, type AnalystQuestion, type AnalystStart, startId } from './analyst-process.ts';
import { openClickhouseWarehouse } from './warehouse.ts';

/** Serving, ledgers and the sink go first. */
const niceness = 10;

setPriority(niceness);
try {
  // If memory runs out, the system ends this process before any other.
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {
  // Not everywhere is there such a file; the queries' own limits hold all the same.
}

let opened: Promise<Warehouse> | null = null;
process.on('message', (message: AnalystStart | AnalystQuestion) => {
  if ('definitions' in message) begin(message);
  else void answer(message).then((answered) => process.send?.(answered));
});

function begin(start: AnalystStart): void {
  opened = open(start);
  opened.then(
    () => process.send?.({ id: startId, tree: [] } satisfies AnalystAnswer),
    (error: unknown) => process.send?.({ id: startId, ...failed(error) } satisfies AnalystAnswer),
  );
  process.on('disconnect', () => {
    rmSync(start.path, { recursive: true, force: true });
    process.exit(0);
  });
}

async function open({ path, definitions }: AnalystStart): Promise<Warehouse> {
  const warehouse = await openClickhouseWarehouse({ path, clock: createSystemClock(), analysts: 'within' });
  await warehouse.command('CREATE DATABASE IF NOT EXISTS adtally ENGINE = Atomic');
  for (const definition of definitions) await warehouse.command(definition);
  return warehouse;
}

async function answer(question: AnalystQuestion): Promise<AnalystAnswer> {
  const { id } = question;
  try {
    const warehouse = await opened;
    if (!warehouse) return { id, code: 'WAREHOUSE_UNAVAILABLE', message: 'no definitions came' };
    if ('limits' in question) return { id, result: await warehouse.queryAsAnalyst(question.sql, question.limits) };
    return { id, tree: await warehouse.syntaxTree(question.sql) };
  } catch (error) {
    return { id, ...failed(error) };
  }
}

function failed(error: unknown): { code: ErrorCode; message: string } {
  if (isAdtallyError(error)) return { code: error.code, message: error.message };
  return { code: 'INVARIANT_BROKEN', message: String(error) };
}
