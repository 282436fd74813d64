import { isAdtallyError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { LeaseFold } from './lease-book.ts';
import type { LogWriter } from './log-writer.ts';
import type { NodeClock } from './node-clock.ts';
import type { SegmentBuffer } from './segment-buffer.ts';

export interface NodeMarksOptions {
  readonly node: string;
  readonly boot: string;
  readonly clock: Clock;
  readonly nodeClock: NodeClock;
  readonly buffer: SegmentBuffer;
  readonly leases: LeaseFold;
  readonly registry: SchemaRegistry;
  readonly writer: LogWriter;
  readonly markMs: number;
  readonly drawingMs: number;
  readonly decisions: () => number;
  readonly everyMark: () => void;
  readonly onTrouble: (sentence: string) => void;
}

/**
 * Says every so often that the boot lives and up to where its records are in the log. A boot whose marks do not arrive stops drawing on its
 * leases long before others may fence it (config/limits.ts); it goes on taking beacons and serving what costs nothing.
 */
export class NodeMarks {
  readonly #options: NodeMarksOptions;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #inTime = true;
  /** When the latest mark that arrived was sent, by the monotonic clock. */
  #markedAtUs: number;
  #sending = false;

  constructor(options: NodeMarksOptions) {
    this.#options = options;
    this.#markedAtUs = options.clock.monotonicUs();
  }

  /** Marks until `stop`. Errors: what can't pass. */
  run(): Promise<void> {
    this.#loop = this.#run();
    return this.#loop;
  }

  /** No mark follows; resolves when the last one is out. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  health(): { readonly ok: boolean; readonly detail: string } {
    const agoMs = Math.round((this.#options.clock.monotonicUs() - this.#markedAtUs) / 1000);
    return { ok: this.#inTime, detail: `last mark ${agoMs} ms ago` };
  }

  async #run(): Promise<void> {
    const { clock, markMs, everyMark } = this.#options;
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    while (!this.#stop.signal.aborted) {
      this.#judge();
      everyMark();
      if (!this.#sending) this.#send().catch(failed.reject);
      await Promise.race([clock.sleep(markMs, this.#stop.signal), failed.promise]);
    }
  }

  /** Not awaited by the loop: while the log hangs, time goes on and drawing must stop. */
  async #send(): Promise<void> {
    const { writer, clock, onTrouble, node } = this.#options;
    const sentAtUs = clock.monotonicUs();
    this.#sending = true;
    try {
      await writer.append('nodes', [{ shard: 0, key: node, value: this.#mark() }]);
      this.#markedAtUs = sentAtUs;
      this.#judge();
    } catch (error) {
      if (!isAdtallyError(error) || !error.retriable) throw error;
      onTrouble(`a mark did not arrive: ${error.message}`);
    } finally {
      this.#sending = false;
    }
  }

  #judge(): void {
    const { clock, drawingMs, leases, onTrouble } = this.#options;
    const inTime = clock.monotonicUs() - this.#markedAtUs < drawingMs * 1000;
    if (inTime !== this.#inTime)
      onTrouble(inTime ? 'marks arrive again: drawing goes on' : 'no mark arrived: drawing stops');
    this.#inTime = inTime;
    if (inTime) leases.resumeDrawing();
    else leases.stopDrawing();
  }

  #mark(): Uint8Array {
    const { node, boot, nodeClock, buffer, leases, registry, decisions } = this.#options;
    const { lastSequence, drainedSequence } = buffer.depth();
    return registry.encode('NodeMark', {
      node,
      boot,
      marked_at: nodeClock.mark(buffer.oldestUndrainedAt()),
      drained_sequence: drainedSequence,
      last_sequence: lastSequence,
      decisions: decisions(),
      pacing_read: Object.fromEntries(leases.views().map(({ revision }, shard) => [String(shard), revision])),
    });
  }
}
