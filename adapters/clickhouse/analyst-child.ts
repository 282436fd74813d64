/**
 * The process in which analysts' queries run on the embedded engine: forked by `analyst-process.ts`, with the engine on a folder of its own. It reads the
 * files of the warehouse's tables, and can write nothing there. First comes a message with definitions, then questions; each is answered once.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { isAdtallyError } from '../../domain/errors.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { createSystemClock } from '../system/clock.ts';
import type { AnalystAnswer, AnalystQuestion, AnalystStart } from './analyst-process.ts';
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
  opened.catch(() => {}); // each question hears of it
  process.on('disconnect', () => {
    rmSync(start.path, { recursive: true, force: true });
    process.exit(0);
  });
}

async function open({ path, definitions }: AnalystStart): Promise<Warehouse> {
  const warehouse = await openClickhouseWarehouse({ path, clock: createSystemClock(), analysts: 'within' });
  await warehouse.command('CREATE DATABASE IF NOT EXISTS adtally ENGINE = Atomic');
  // A view can be made once those that it stands on are there.
  for (let left = definitions; left.length > 0; ) {
    const failed: string[] = [];
    let failure: unknown;
    for (const definition of left) {
      try {
        await warehouse.command(definition);
      } catch (error) {
        failure = error;
        failed.push(definition);
      }
    }
    if (failed.length === left.length) throw failure;
    left = failed;
  }
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
    if (isAdtallyError(error)) return { id, code: error.code, message: error.message };
    return { id, code: 'INVARIANT_BROKEN', message: String(error) };
  }
}
