import { AdtallyError } from '../../domain/errors.ts';
import type { Topic } from '../../domain/records.ts';
import type { BidderNotice, DurableNotices } from '../../ports/bidder-connection.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog, LogRecord, NewRecord } from '../../ports/event-log.ts';
import type { KeyStore } from '../../ports/key-store.ts';
import type { Random } from '../../ports/random.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { Tracer } from '../../ports/tracer.ts';
import type { ViewStore, ViewWrite } from '../../ports/view-store.ts';
import type { Outcome } from './processor.ts';
import { traceVerdict } from './output-trace.ts';
import { quarantined } from './quarantine.ts';

export interface OutputPorts {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly views: ViewStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly random: Random;
  /** For processors that tell bidders something. */
  readonly notices?: DurableNotices;
  /** Null: nothing is traced. */
  readonly tracer?: Tracer | null;
}

type LaneName = 'keys' | 'views' | 'notices' | Topic;
type Step = () => Promise<unknown>;

/**
 * Outcomes of one batch, gathered into lanes: one for keys, one for views, one for notices, one for each topic. Within a lane the order of the processor holds;
 * between lanes there is none to hold. `write` may be called again after a failure: what a lane has written it does not write
 * again, and what was written with an unknown outcome is written once more, which every output bears by identity or version.
 */
export class Outputs {
  readonly #ports: OutputPorts;
  readonly #processor: string;
  readonly #keys: Step[] = [];
  readonly #views: (Map<string, ViewWrite> | readonly string[])[] = [];
  readonly #notices: BidderNotice[] = [];
  readonly #topics = new Map<Topic, NewRecord[]>();
  readonly #done = new Map<LaneName, number>();

  constructor(ports: OutputPorts, processor: string) {
    this.#ports = ports;
    this.#processor = processor;
  }

  get isEmpty(): boolean {
    return [this.#keys, this.#views, this.#notices].every(({ length }) => length === 0) && this.#topics.size === 0;
  }

  /** Adds what a processor wants done because of `source`; null: of a flush, which can quarantine nothing. */
  add(outcomes: readonly Outcome[], source: LogRecord | null): void {
    for (const outcome of outcomes) this.#addOne(outcome, source);
  }

  quarantine(source: LogRecord, code: string, reason: string): void {
    const refused = { source, code, reason, processor: this.#processor, at: this.#ports.clock.now() };
    this.#lane('quarantine').push(quarantined(refused, this.#ports.registry));
  }

  async write(): Promise<void> {
    await this.#run('keys', this.#keys);
    await this.#run(
      'views',
      this.#views.map((step) => () => this.#writeViews(step)),
    );
    if (this.#notices.length > 0) await this.#run('notices', [() => this.#keepNotices()]);
    for (const [topic, records] of this.#topics) {
      await this.#run(topic, [() => this.#ports.log.append(topic, records)]);
    }
  }

  #addOne(outcome: Outcome, source: LogRecord | null): void {
    const { keys, random, registry, clock, tracer = null } = this.#ports;
    switch (outcome.to) {
      case 'log':
        this.#lane(outcome.topic).push({
          shard: outcome.shard,
          key: outcome.key,
          value: registry.encode(outcome.record.name, outcome.record.value),
          ...(tracer !== null && traceVerdict(outcome.record, { tracer, clock, processor: this.#processor })),
        });
        return;
      case 'view':
        this.#addView(outcome.write);
        return;
      case 'view-delete':
        this.#views.push(outcome.keys);
        return;
      case 'key-mint':
        this.#keys.push(() => keys.putIfAbsent(outcome.hash, mintUserKey(random)));
        return;
      case 'key-delete':
        this.#keys.push(() => keys.delete(outcome.hash));
        return;
      case 'notice':
        this.#notices.push(outcome.notice);
        return;
      case 'quarantine':
        if (source !== null) this.quarantine(source, outcome.code, outcome.reason);
        return;
      default:
        outcome satisfies never;
    }
  }

  /** Several writes of one key in one batch: only the highest version would last, so only that is sent. */
  #addView(write: ViewWrite): void {
    let last = this.#views.at(-1);
    if (!(last instanceof Map)) {
      last = new Map<string, ViewWrite>();
      this.#views.push(last);
    }
    const known = last.get(write.key);
    if (known === undefined || known.version < write.version) last.set(write.key, write);
  }

  #writeViews(step: Map<string, ViewWrite> | readonly string[]): Promise<unknown> {
    return step instanceof Map ? this.#ports.views.putMany([...step.values()]) : this.#ports.views.delete(step);
  }

  /** They are on the way once they are on the disk; whether a bidder takes them is its own affair. */
  #keepNotices(): Promise<void> {
    const { notices } = this.#ports;
    if (notices === undefined)
      throw new AdtallyError('INVARIANT_BROKEN', `${this.#processor} has a notice, and nobody sends notices here`);
    for (const notice of this.#notices) notices.send(notice);
    return notices.kept();
  }

  #lane(topic: Topic): NewRecord[] {
    let lane = this.#topics.get(topic);
    if (lane === undefined) {
      lane = [];
      this.#topics.set(topic, lane);
    }
    return lane;
  }

  async #run(name: LaneName, steps: readonly Step[]): Promise<void> {
    for (let index = this.#done.get(name) ?? 0; index < steps.length; index += 1) {
      await (steps[index] as Step)();
      this.#done.set(name, index + 1);
    }
  }
}

/** 128 random bits as hex. Says nothing about the person. */
function mintUserKey(random: Random): string {
  return Buffer.from(random.bytes(16)).toString('hex');
}
