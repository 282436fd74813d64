import { AdtallyError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Disk } from '../ports/disk.ts';
import { Group } from './buffer-frames.ts';
import { DrainFeed } from './drain-feed.ts';
import type { BufferRecord, BufferUse, LocalBuffer } from './local-buffer.ts';
import { Segments } from './segments.ts';

export interface BufferLimits {
  /** Undrained bytes, on disk and on their way to it, at which beacons are refused. */
  readonly maxBytes: number;
  /** Share of it at which decisions are refused. */
  readonly decisionShare: number;
  /** Undrained bytes kept in memory as well; beyond it they are read back from their segments. */
  readonly memoryBytes: number;
  readonly segmentBytes: number;
  /** How long a group gathers entries before it is written and synced, ms. */
  readonly groupMs: number;
}

export interface SegmentBufferOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Folder of the node. */
  readonly folder: string;
  readonly node: string;
  readonly boot: string;
  /** The node's clock (never below its last mark), ms. */
  readonly now: () => number;
  readonly limits: BufferLimits;
  /** A group could not be written or synced. Nothing can be acknowledged any more: the process must end. */
  readonly onFailure: (error: unknown) => void;
}

/** How full the buffer is. */
export interface BufferDepth {
  readonly bytes: number;
  readonly maxBytes: number;
  readonly lastSequence: number;
  readonly drainedSequence: number;
}

/** Entries that will be synced together. */
interface OpenGroup {
  readonly first: number;
  last: number;
  readonly openedAt: number;
  readonly synced: PromiseWithResolvers<void>;
}

/** The private buffer in segment files, with group commit: one write and one fsync for all entries of a few ms. */
export class SegmentBuffer implements LocalBuffer {
  readonly node: string;
  readonly boot: string;
  /** Synced groups on their way to the log. */
  readonly feed: DrainFeed;
  readonly #options: SegmentBufferOptions;
  readonly #segments: Segments;
  readonly #group = new Group();
  #open: OpenGroup | null = null;
  /** Opening time and bytes of the group that is being written. */
  #writing: { readonly openedAt: number; readonly bytes: number; readonly done: Promise<void> } | null = null;
  #scheduled = false;
  #lastSequence = 0;
  #ended: AdtallyError | null = null;

  private constructor(options: SegmentBufferOptions, segments: Segments) {
    this.node = options.node;
    this.boot = options.boot;
    this.#options = options;
    this.#segments = segments;
    this.feed = new DrainFeed({ segments, clock: options.clock, memoryBytes: options.limits.memoryBytes });
  }

  /** The buffer of a new boot. */
  static async open(options: SegmentBufferOptions): Promise<SegmentBuffer> {
    const { disk, folder, boot, limits } = options;
    const segments = await Segments.create({ disk, folder, boot, segmentBytes: limits.segmentBytes });
    return new SegmentBuffer(options, segments);
  }

  nextSequence(): number {
    return this.#lastSequence + 1;
  }

  append(sequence: number, records: readonly BufferRecord[]): Promise<void> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    if (sequence <= this.#lastSequence) {
      const reason = `entry ${sequence} comes after entry ${this.#lastSequence}`;
      return Promise.reject(new AdtallyError('INVARIANT_BROKEN', reason));
    }
    if (!this.hasRoomFor('beacon'))
      return Promise.reject(new AdtallyError('BUFFER_FULL', 'the private buffer is full'));
    this.#group.add(sequence, records);
    this.#lastSequence = sequence;
    const open = this.#open ?? this.#openGroup(sequence);
    open.last = sequence;
    return open.synced.promise;
  }

  hasRoomFor(use: BufferUse): boolean {
    const { maxBytes, decisionShare } = this.#options.limits;
    return this.#bytes() < (use === 'decision' ? maxBytes * decisionShare : maxBytes);
  }

  depth(): BufferDepth {
    const { maxBytes } = this.#options.limits;
    const drainedSequence = this.feed.drainedThrough;
    return { bytes: this.#bytes(), maxBytes, lastSequence: this.#lastSequence, drainedSequence };
  }

  /** Time of the oldest entry that is not yet in the log, ms; null if all are. */
  oldestUndrainedAt(): number | null {
    return this.feed.oldestAt() ?? this.#writing?.openedAt ?? this.#open?.openedAt ?? null;
  }

  /** Resolves when everything appended so far is on disk. */
  async flush(): Promise<void> {
    const wanted = this.#lastSequence;
    while (this.#writing !== null || (this.#open !== null && this.#open.first <= wanted)) {
      if (this.#writing === null) this.#write();
      await this.#writing?.done;
    }
  }

  /** No further entries; what was appended is flushed, and the feed ends behind it. */
  async close(): Promise<void> {
    this.#ended ??= new AdtallyError('NOT_READY', 'the process is stopping');
    await this.flush();
    await this.#segments.close();
    this.feed.end();
  }

  #bytes(): number {
    return this.#group.size + (this.#writing?.bytes ?? 0) + this.feed.bytes;
  }

  #openGroup(first: number): OpenGroup {
    const synced = Promise.withResolvers<void>();
    // A failure ends the process by `onFailure`, also if nobody waits for this group.
    synced.promise.catch(() => undefined);
    this.#open = { first, last: first, openedAt: this.#options.now(), synced };
    if (this.#writing === null) this.#schedule();
    return this.#open;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.clock.after(this.#options.limits.groupMs, () => {
      this.#scheduled = false;
      this.#write();
    });
  }

  #write(): void {
    const group = this.#open;
    if (group === null || this.#writing !== null || this.#ended?.code === 'DISK_SYNC_FAILED') return;
    const bytes = this.#group.take();
    this.#open = null;
    const { first, last, openedAt, synced } = group;
    this.#writing = { openedAt, bytes: bytes.length, done: synced.promise };
    this.#segments.write(bytes, first, last).then(
      () => {
        this.#writing = null;
        this.feed.push({ bytes, size: bytes.length, first, last, openedAt });
        synced.resolve();
        if (this.#open !== null) this.#schedule();
      },
      (error: unknown) => this.#fail(error, synced),
    );
  }

  #fail(error: unknown, synced: PromiseWithResolvers<void>): void {
    this.#ended = new AdtallyError('DISK_SYNC_FAILED', 'the private buffer could not be written', { cause: error });
    synced.reject(this.#ended);
    this.#open?.synced.reject(this.#ended);
    this.#options.onFailure(this.#ended);
  }
}
