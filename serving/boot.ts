import { AdtallyError } from '../domain/errors.ts';
import { shardOf, uuidV7 } from '../domain/identity.ts';
import type { AnyRecord } from '../domain/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { Disk } from '../ports/disk.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { Random } from '../ports/random.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import { type CatalogFold, followCatalog } from './catalog-tail.ts';
import { DrainPump, persist } from './drain-pump.ts';
import { LeaseFold } from './lease-book.ts';
import type { BufferRecord } from './local-buffer.ts';
import { LogTail } from './log-tail.ts';
import type { LogWriter } from './log-writer.ts';
import { NodeClock } from './node-clock.ts';
import { latestMark } from './node-history.ts';
import { NodeMarks } from './node-marks.ts';
import { followPacing } from './pacing-tail.ts';
import { endBoot, recoverBuffers } from './recovery.ts';
import { type BufferLimits, SegmentBuffer } from './segment-buffer.ts';
import { removeBuffer } from './segments.ts';

export interface BootOptions {
  readonly node: string;
  /** Where the public side is reached. */
  readonly url: string;
  /** Folder of the node's private buffer; the caller holds its lock. */
  readonly folder: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly registry: SchemaRegistry;
  /** Read from the serving thread. */
  readonly log: EventLog;
  /** Written to from a thread of its own. */
  readonly writer: LogWriter;
  readonly catalog: CatalogFold;
  readonly limits: BufferLimits & BootTimes;
  /** The boot has ended or can't go on: fenced, the disk failed, or something unknown. The process must end. */
  readonly onFatal: (error: unknown) => void;
  /** Something went wrong that is tried again or was put right, in a sentence. */
  readonly onTrouble: (sentence: string) => void;
}

export interface BootTimes {
  /** Between two batches to the log, ms. */
  readonly drainMs: number;
  readonly markMs: number;
  /** A boot that could not write a mark for so long stops drawing on its leases, ms. */
  readonly drawingMs: number;
  /** A lease that was not drawn on for so long is given back by halves, ms. */
  readonly leaseIdleMs: number;
}

const restlessBytes = 1024 * 1024;

/** One life of a serving process: from the draining of what its predecessors left to its own fence. */
export class Boot {
  readonly node: string;
  /** UUIDv7. */
  readonly boot: string;
  readonly buffer: SegmentBuffer;
  readonly clock: NodeClock;
  readonly leases: LeaseFold;
  /** Called at every mark: for what has to happen every so often. */
  readonly everyMark: (() => void)[] = [];
  /** Decisions so far. */
  decisions = 0;
  readonly #options: BootOptions;
  readonly #pump: DrainPump;
  readonly #marks: NodeMarks;
  readonly #tails: { readonly catalog: LogTail; readonly pacing: LogTail; readonly nodes: LogTail };
  #drained: Promise<void> = Promise.resolve();
  #fenced = false;
  #stopping = false;

  private constructor(
    options: BootOptions,
    boot: string,
    parts: { buffer: SegmentBuffer; clock: NodeClock; nodesEnd: number },
  ) {
    this.#options = options;
    this.node = options.node;
    this.boot = boot;
    this.buffer = parts.buffer;
    this.clock = parts.clock;
    const { log, limits, node, writer, clock } = options;
    this.leases = new LeaseFold({ node, boot, shards: log.shards('pacing'), idleMs: limits.leaseIdleMs });
    const onRetry = (error: unknown) => options.onTrouble(`the log is out of reach: ${String(error)}`);
    const { drainMs: intervalMs } = limits;
    this.#pump = new DrainPump({ feed: parts.buffer.feed, writer, clock, intervalMs, restlessBytes, onRetry });
    this.#marks = new NodeMarks({
      ...options,
      ...limits,
      boot,
      nodeClock: parts.clock,
      buffer: parts.buffer,
      leases: this.leases,
      decisions: () => this.decisions,
      everyMark: () => this.#everyMark(),
    });
    this.#tails = this.#makeTails(parts.nodesEnd);
  }

  /**
   * Drains and fences earlier boots of the node, makes the buffer, and says `NodeStarted`. When this resolves the boot may serve.
   * While the log is out of reach it waits.
   */
  static async start(options: BootOptions): Promise<Boot> {
    const { disk, folder, clock, random, registry, log, writer, node, url, limits, onFatal } = options;
    const boot = uuidV7(clock.now(), random.bytes(10));
    const onRetry = (error: unknown) => options.onTrouble(`the log is out of reach: ${String(error)}`);
    await disk.makeFolder(folder);
    const previous = await recoverBuffers({ ...options, boot, onRetry, onDamage: options.onTrouble });
    const retry = { clock, onRetry };
    const nodeClock = new NodeClock(clock, await persist(() => latestMark(log, registry, node), retry));
    const now = () => nodeClock.now();
    const buffer = await SegmentBuffer.open({ disk, clock, folder, node, boot, now, limits, onFailure: onFatal });
    const { next: nodesEnd } = await persist(() => log.bounds('nodes', 0), retry);
    const value = registry.encode('NodeStarted', { node, boot, started_at: now(), previous_boot: previous, url });
    await persist(() => writer.append('nodes', [{ shard: 0, key: node, value }]), retry);
    const started = new Boot(options, boot, { buffer, clock: nodeClock, nodesEnd });
    started.#run();
    return started;
  }

  get fenced(): boolean {
    return this.#fenced;
  }

  /** What serving waits for, by name; `ok` once it does no longer. */
  dependencies(): Record<'catalog' | 'pacing' | 'log' | 'buffer' | 'boot', { ok: boolean; detail: string }> {
    const { bytes, maxBytes, lastSequence, drainedSequence } = this.buffer.depth();
    const { catalog, pacing } = this.#tails;
    const reading = (tail: LogTail) => ({ ok: tail.caughtUp, detail: tail.caughtUp ? 'read' : 'being read' });
    const state = this.#fenced ? 'fenced' : this.#stopping ? 'stopping' : 'serving';
    return {
      catalog: reading(catalog),
      pacing: reading(pacing),
      log: this.#marks.health(),
      buffer: {
        ok: this.buffer.hasRoomFor('decision'),
        detail: `${bytes} of ${maxBytes} bytes, ${lastSequence - drainedSequence} entries`,
      },
      boot: { ok: state === 'serving', detail: `${this.node}/${this.boot} ${state}` },
    };
  }

  /** Resolves when catalogue and leases are as the log had them at the start. */
  async caughtUp(): Promise<void> {
    await Promise.all([this.#tails.catalog.whenCaughtUp(), this.#tails.pacing.whenCaughtUp()]);
  }

  /** Appends what nobody waits for. Resolves true when it is on disk, false if there was no room. */
  async note(records: readonly BufferRecord[]): Promise<boolean> {
    if (!this.buffer.hasRoomFor('beacon')) return false;
    await this.buffer.append(this.buffer.nextSequence(), records);
    return true;
  }

  /**
   * Ends the boot in order, once requests are no longer accepted: leases go back, the buffer is drained, the end is written down. Waits for the
   * log; a process that can't wait so long may be killed: its successor does the rest.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.leases.recallAll();
    this.leases.close();
    await this.#returnLeases();
    await this.buffer.close();
    this.#pump.hurry();
    await this.#drained;
    await this.#marks.stop();
    const onRetry = (error: unknown) => this.#options.onTrouble(`the log is out of reach: ${String(error)}`);
    const lastSequence = this.buffer.depth().lastSequence;
    for (const tail of Object.values(this.#tails)) tail.stop();
    await endBoot({ ...this.#options, boot: this.boot, onRetry }, { boot: this.boot, lastSequence, reason: 'stopped' });
    await removeBuffer(this.#options.disk, this.#options.folder, this.boot);
  }

  #run(): void {
    const { onFatal } = this.#options;
    this.#drained = this.#pump.run();
    this.#drained.catch(onFatal);
    this.#marks.run().catch(onFatal);
    for (const tail of Object.values(this.#tails)) tail.run().catch(onFatal);
  }

  #makeTails(nodesEnd: number) {
    const { log, registry, clock, catalog } = this.#options;
    const onTrouble = (error: unknown) => this.#options.onTrouble(String(error));
    const common = { log, registry, clock, onTrouble };
    const apply = (record: AnyRecord | null) => this.#watchFence(record);
    return {
      catalog: followCatalog(catalog, common),
      pacing: followPacing(this.leases, common),
      nodes: new LogTail({ ...common, topic: 'nodes', from: [nodesEnd], apply }),
    };
  }

  /** Others have decided that this boot has ended: its leases cover nothing any more. */
  #watchFence(record: AnyRecord | null): void {
    if (record?.name !== 'NodeFenceDecided' || this.#stopping) return;
    const { node, boot, reason, decided_by } = record.value;
    if (node !== this.node || boot !== this.boot) return;
    this.#fenced = true;
    this.leases.close();
    this.#options.onFatal(new AdtallyError('NODE_FENCED', `this boot was fenced (${reason}) by ${decided_by}`));
  }

  #everyMark(): void {
    this.#returnLeases().catch(this.#options.onFatal);
    for (const run of this.everyMark) run();
  }

  /** What is not written now, for want of room, is offered again at the next mark. */
  async #returnLeases(): Promise<void> {
    const returns = this.leases.takeReturns(this.clock.now());
    if (returns.length === 0 || this.#fenced) return;
    const { registry, log } = this.#options;
    const shards = log.shards('pacing');
    const records = returns.map((value) => ({
      topic: 'pacing' as const,
      shard: shardOf(value.campaign_id, shards),
      key: value.campaign_id,
      value: registry.encode('LeaseReturned', value),
    }));
    if (await this.note(records)) this.leases.returnsSent(returns);
  }
}
