import { readableRecord } from '../dashboards/readable.ts';
import type { EventIndex } from '../ports/event-index.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import { BoundedCache } from '../serving/bounded-cache.ts';
import { ClickRateHistory } from '../serving/click-rate-history.ts';
import type { ClickRates } from '../serving/click-rates.ts';

export interface RecordedClickRatesParts {
  readonly log: Pick<EventLog, 'read'>;
  readonly registry: SchemaRegistry;
  /** Indexed up to the end of `nodes`. */
  readonly events: EventIndex;
}

/** What was read of a boot so far. */
interface ReadBoot {
  readonly history: ClickRateHistory;
  /** Offset in `nodes` behind the last record that was read. */
  next: number;
}

const bootsKept = 16;
/** Records that lie so close are read at once, with the marks between them. */
const pageRecords = 500;

/**
 * The click rates that decisions were made with, from the log. Of a boot its own records are read, up to the revision in question and each once: marks, which are
 * most of `nodes`, are passed over by the index.
 */
export class RecordedClickRates {
  readonly #parts: RecordedClickRatesParts;
  readonly #boots = new BoundedCache<string, ReadBoot>(bootsKept);

  constructor(parts: RecordedClickRatesParts) {
    this.#parts = parts;
  }

  /** Null if the log does not hold all records of the boot up to that revision, as before there were any. */
  async at(boot: string, revision: number): Promise<ClickRates | null> {
    const read = this.#boots.get(boot) ?? { history: new ClickRateHistory(), next: 0 };
    this.#boots.set(boot, read);
    if (read.history.revision < revision) await this.#readOn(boot, read, revision);
    return read.history.at(revision);
  }

  async #readOn(boot: string, read: ReadBoot, revision: number): Promise<void> {
    const { log, registry, events } = this.#parts;
    const places = (await events.eventsOf(boot)).filter(({ topic }) => topic === 'nodes');
    const offsets = places.map(({ offset }) => offset).filter((offset) => offset >= read.next);
    for (let place = 0; read.history.revision < revision; ) {
      const from = offsets[place];
      if (from === undefined) return;
      const page = await log.read('nodes', 0, from, lengthOfRun(offsets, place));
      for (const { key, value } of page) {
        const record = key === boot ? readableRecord(registry, value) : null;
        if (record?.name === 'ClickRatesLearned') read.history.add(record.value);
      }
      const next = (page.at(-1)?.offset ?? from) + 1;
      read.next = Math.max(read.next, next);
      while ((offsets[place] ?? Number.POSITIVE_INFINITY) < next) place += 1;
    }
  }
}

/** Records from one offset to the last of those after it that lies on the same page. */
function lengthOfRun(offsets: readonly number[], place: number): number {
  const from = offsets[place] ?? 0;
  let last = from;
  for (let next = place + 1; (offsets[next] ?? Number.POSITIVE_INFINITY) < from + pageRecords; next += 1) {
    last = offsets[next] ?? last;
  }
  return last - from + 1;
}
