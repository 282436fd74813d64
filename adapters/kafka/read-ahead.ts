import type { LogRecord, TopicShard } from '../../ports/event-log.ts';

/**
 * Records that came with others and nobody has asked for yet: a broker sends whole batches. A shard has one run of them, without gaps,
 * given out once; what is not asked for is replaced by what came later.
 */
export class ReadAhead {
  readonly #runs = new Map<string, readonly LogRecord[]>();

  /** @param run records of one shard in order, without gaps */
  offer(run: readonly LogRecord[]): void {
    const [first] = run;
    if (first) this.#runs.set(nameOf(first), run);
  }

  /** The records from this offset on, at most `max`, as far as they are here; the rest stays. */
  take(place: TopicShard, from: number, max: number): readonly LogRecord[] {
    const name = nameOf(place);
    const run = this.#runs.get(name) ?? [];
    const skipped = from - (run[0]?.offset ?? Number.POSITIVE_INFINITY);
    if (skipped < 0 || skipped >= run.length) return [];
    const rest = run.slice(skipped + max);
    if (rest.length > 0) this.#runs.set(name, rest);
    else this.#runs.delete(name);
    return run.slice(skipped, skipped + max);
  }
}

function nameOf({ topic, shard }: TopicShard): string {
  return `${topic}/${shard}`;
}
