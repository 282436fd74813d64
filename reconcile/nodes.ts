import type { AnyRecord, Origin } from '../domain/records.ts';
import type { Placed, RecordRef } from './log-reading.ts';

interface Boot {
  drainedSequence: number;
  /** Last sequence that was on disk when the boot's buffer was drained for good; null while it lives. */
  endedAt: number | null;
  ended: RecordRef | null;
}

/** How far the buffer of each boot has reached the log, from the `nodes` topic. */
export class BufferProgress {
  private readonly boots = new Map<string, Boot>();

  private boot(node: string, boot: string): Boot {
    const key = `${node}/${boot}`;
    const known = this.boots.get(key) ?? { drainedSequence: 0, endedAt: null, ended: null };
    this.boots.set(key, known);
    return known;
  }

  add(placed: Placed<AnyRecord>): void {
    const { name, value } = placed.value;
    if (name === 'NodeMark') {
      const boot = this.boot(value.node, value.boot);
      boot.drainedSequence = Math.max(boot.drainedSequence, value.drained_sequence);
    } else if (name === 'BufferDrained') {
      const boot = this.boot(value.node, value.boot);
      boot.endedAt = value.last_sequence;
      boot.ended = { topic: placed.topic, shard: placed.shard, offset: placed.offset };
    }
  }

  /** True if the rest of that entry may still be on its way: its boot has not ended, and its marks do not reach it. */
  isDraining(origin: Origin): boolean {
    const boot = this.boots.get(`${origin.node}/${origin.boot}`);
    return boot === undefined || (boot.endedAt === null && boot.drainedSequence < origin.sequence);
  }

  /** The record which proves that an entry never reached its disk: the boot's buffer ended before it. Null if it did not. */
  lostProof(node: string, boot: string, sequence: number): RecordRef | null {
    const known = this.boots.get(`${node}/${boot}`);
    return known !== undefined && known.endedAt !== null && sequence > known.endedAt ? known.ended : null;
  }
}
