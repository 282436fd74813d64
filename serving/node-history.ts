import type { EventLog } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';

const pageRecords = 500;
/** At four marks a second, and as many times click rates, this looks back over more than an hour of one node. */
const mostPages = 80;

/**
 * The latest time that a node has marked, ms, found by reading `nodes` backwards; 0 if it did not do so lately. A clock that was set back
 * while the process was down must not fall below it.
 */
export async function latestMark(
  log: Pick<EventLog, 'read' | 'bounds'>,
  registry: SchemaRegistry,
  node: string,
): Promise<number> {
  const { first, next } = await log.bounds('nodes', 0);
  let end = next;
  for (let page = 0; page < mostPages && end > first; page += 1) {
    const from = Math.max(first, end - pageRecords);
    const records = await log.read('nodes', 0, from, end - from);
    for (const { key, value } of records.toReversed()) {
      if (key !== node) continue;
      const record = registry.decode(value);
      if (record.name === 'NodeMark') return record.value.marked_at;
      if (record.name === 'NodeStarted') return record.value.started_at;
    }
    end = from;
  }
  return 0;
}
