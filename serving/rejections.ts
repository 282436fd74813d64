import type { ErrorCode } from '../domain/errors.ts';
import type { Quarantined, Transport } from '../domain/records.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { LocalBuffer } from './local-buffer.ts';
import type { NodeClock } from './node-clock.ts';

/** A beacon that was not believed. */
export interface Rejection {
  readonly route: Transport;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly token: string;
  /** Name of the event, with which it may be judged again; empty if it is none that there is. */
  readonly event: string;
}

export interface RejectionsOptions {
  readonly buffer: LocalBuffer;
  readonly clock: NodeClock;
  readonly registry: SchemaRegistry;
}

/** Each kind of rejection is written down singly so often in a period; the rest of the period becomes one record with their number. */
const singlyEachPeriod = 20;
const periodMs = 10_000;
const tokenBytes = 512;

interface Tally {
  readonly rejection: Rejection;
  count: number;
}

/** Writes rejected beacons to `quarantine`, so that a flood of forged ones fills neither the disk nor the log. */
export class Rejections {
  readonly #options: RejectionsOptions;
  readonly #tallies = new Map<string, Tally>();
  #periodEndsAt = 0;

  constructor(options: RejectionsOptions) {
    this.#options = options;
  }

  note(rejection: Rejection): void {
    this.flush(false);
    const key = `${rejection.code}/${rejection.route}`;
    const tally = this.#tallies.get(key) ?? { rejection, count: 0 };
    tally.count += 1;
    this.#tallies.set(key, tally);
    if (tally.count <= singlyEachPeriod) this.#write(rejection, rejection.reason);
  }

  /** Writes what was only counted, if the period is over or `now` is asked for. */
  flush(now: boolean): void {
    const time = this.#options.clock.now();
    if (!now && time < this.#periodEndsAt) return;
    this.#periodEndsAt = time + periodMs;
    for (const { rejection, count } of this.#tallies.values()) {
      const more = count - singlyEachPeriod;
      if (more > 0) this.#write({ ...rejection, token: '' }, `${more} more of: ${rejection.reason}`);
    }
    this.#tallies.clear();
  }

  #write({ route, code, token, event }: Rejection, reason: string): void {
    const { buffer, clock, registry } = this.#options;
    // A full buffer keeps its room for what is believed.
    if (!buffer.hasRoomFor('decision')) return;
    const sequence = buffer.nextSequence();
    const value: Quarantined = {
      source_topic: `serve/${route}`,
      source_shard: -1,
      source_offset: -1,
      source_key: token === '' ? '' : event,
      code,
      reason,
      processor: 'serving',
      bytes: Buffer.from(token.slice(0, tokenBytes)),
      origin: { node: buffer.node, boot: buffer.boot, sequence },
      quarantined_at: clock.now(),
    };
    const bytes = registry.encode('Quarantined', value);
    // Nobody waits for it: a buffer that fails ends the process by itself, one that is closed has nothing more to say.
    buffer.append(sequence, [{ topic: 'quarantine', shard: 0, key: code, value: bytes }]).catch(() => undefined);
  }
}
