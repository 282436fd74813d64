import type { Clock } from '../ports/clock.ts';
import type { Segments } from './segments.ts';

/** A group of entries that is on disk and not yet known to be in the log. */
export interface SyncedGroup {
  /** Frames; null where memory was short and the segment must be read. */
  readonly bytes: Uint8Array | null;
  readonly size: number;
  readonly first: number;
  readonly last: number;
  /** Time of its first entry, ms. */
  readonly openedAt: number;
}

/** Entries to be appended to the log: those from `from` through `through` in the chunks; what lies before is there already. */
export interface DrainBatch {
  readonly chunks: readonly Uint8Array[];
  readonly from: number;
  readonly through: number;
}

export interface DrainFeedOptions {
  readonly segments: Segments;
  readonly clock: Clock;
  readonly memoryBytes: number;
}

/** Most bytes of one batch that is taken from memory. */
const batchBytes = 2 * 1024 * 1024;
/** A boot that is killed has at most so much drained twice by its successor. */
const checkpointEveryUs = 500_000;

/** What is synced and not yet drained, in order. One reader takes a batch, appends it to the log, and says so. */
export class DrainFeed {
  readonly #options: DrainFeedOptions;
  readonly #groups: SyncedGroup[] = [];
  #head = 0;
  #bytes = 0;
  #memoryBytes = 0;
  #drainedThrough = 0;
  #checkpointedAtUs = Number.NEGATIVE_INFINITY;
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(options: DrainFeedOptions) {
    this.#options = options;
  }

  /** Undrained bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  get drainedThrough(): number {
    return this.#drainedThrough;
  }

  oldestAt(): number | null {
    return this.#groups[this.#head]?.openedAt ?? null;
  }

  push(group: SyncedGroup): void {
    const fits = this.#memoryBytes + group.size <= this.#options.memoryBytes;
    this.#groups.push(fits ? group : { ...group, bytes: null });
    if (fits) this.#memoryBytes += group.size;
    this.#bytes += group.size;
    this.#wake?.();
  }

  /** No group follows. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** The next batch, waiting for one; null at the end. Without `drained` it is the same again. */
  async take(): Promise<DrainBatch | null> {
    while (this.#groups[this.#head] === undefined) {
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const head = this.#groups[this.#head] as SyncedGroup;
    return head.bytes === null ? this.#fromDisk(head) : this.#fromMemory();
  }

  /** Everything through that entry is in the log. */
  async drained(through: number): Promise<void> {
    for (let group = this.#groups[this.#head]; group !== undefined && group.last <= through; ) {
      this.#bytes -= group.size;
      if (group.bytes !== null) this.#memoryBytes -= group.size;
      this.#head += 1;
      group = this.#groups[this.#head];
    }
    if (this.#head > 1024 || this.#head === this.#groups.length) {
      this.#groups.splice(0, this.#head);
      this.#head = 0;
    }
    this.#drainedThrough = through;
    await this.#options.segments.trim(through);
    await this.#checkpoint(through);
  }

  #fromMemory(): DrainBatch {
    const from = (this.#groups[this.#head] as SyncedGroup).first;
    const chunks: Uint8Array[] = [];
    let through = from;
    let bytes = 0;
    for (let index = this.#head; index < this.#groups.length && bytes < batchBytes; index += 1) {
      const group = this.#groups[index] as SyncedGroup;
      if (group.bytes === null) break;
      chunks.push(group.bytes);
      bytes += group.size;
      through = group.last;
    }
    return { chunks, from, through };
  }

  async #fromDisk(head: SyncedGroup): Promise<DrainBatch> {
    const { bytes, last } = await this.#options.segments.read(head.first);
    return { chunks: [bytes], from: head.first, through: last };
  }

  async #checkpoint(through: number): Promise<void> {
    const nowUs = this.#options.clock.monotonicUs();
    if (nowUs - this.#checkpointedAtUs < checkpointEveryUs) return;
    this.#checkpointedAtUs = nowUs;
    await this.#options.segments.checkpoint(through);
  }
}
