import { timeOfUuidV7 } from '../../domain/identity.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { readableRecord } from '../readable.ts';

/** The newest boot of a serving node, as the topic `nodes` has it. */
export interface NodeBoot {
  readonly node: string;
  readonly boot: string;
  /** From the id of the boot, ms. */
  readonly bootedAtMs: number;
  readonly url: string | null;
  /** Its last mark, ms: it lives, and its clock has come so far. */
  readonly markedAtMs: number | null;
  /** Entries of its buffer that were not in the log at that mark. */
  readonly entries: number | null;
  readonly decisions: number | null;
  /** How the boot ended: stopped, succeeded or timed out; null while it goes on. */
  readonly ended: { readonly reason: string; readonly by: string; readonly atMs: number } | null;
}

const pageRecords = 500;
/** A node marks four times a second: who was silent for longer than this reaches back is not shown. */
const backRecords = 20_000;

/** Follows `nodes`: which serving nodes there are, whatever process and address they have. */
export class NodeRoll {
  readonly #log: Pick<EventLog, 'bounds' | 'read'>;
  readonly #registry: SchemaRegistry;
  readonly #boots = new Map<string, NodeBoot>();
  #next: number | null = null;
  #reading: Promise<void> = Promise.resolve();

  constructor(parts: { readonly log: Pick<EventLog, 'bounds' | 'read'>; readonly registry: SchemaRegistry }) {
    this.#log = parts.log;
    this.#registry = parts.registry;
  }

  /** As the log has them now, in the order of their names. */
  async read(): Promise<readonly NodeBoot[]> {
    // One reader at a time, whoever asks meanwhile.
    const go = () => this.#catchUp();
    const reading = this.#reading.then(go, go);
    this.#reading = reading;
    await reading;
    return [...this.#boots.values()].toSorted((a, b) => (a.node < b.node ? -1 : 1));
  }

  async #catchUp(): Promise<void> {
    const { first, next } = await this.#log.bounds('nodes', 0);
    for (let at = this.#next ?? Math.max(first, next - backRecords); at < next; ) {
      const records = await this.#log.read('nodes', 0, at, pageRecords);
      if (records.length === 0) return;
      for (const { value } of records) this.#apply(readableRecord(this.#registry, value));
      at += records.length;
      this.#next = at;
    }
  }

  #apply(record: ReturnType<typeof readableRecord>): void {
    if (record?.name === 'NodeStarted') {
      const { node, boot, url } = record.value;
      this.#set(node, boot, { url });
    } else if (record?.name === 'NodeMark') {
      const { node, boot, marked_at: markedAtMs, last_sequence, drained_sequence, decisions } = record.value;
      this.#set(node, boot, { markedAtMs, entries: Math.max(0, last_sequence - drained_sequence), decisions });
    } else if (record?.name === 'NodeFenceDecided') {
      const { node, boot, reason, decided_by: by, decided_at: atMs } = record.value;
      // The first decision holds.
      const known = this.#boots.get(node);
      if (known?.boot !== boot || known.ended === null) this.#set(node, boot, { ended: { reason, by, atMs } });
    }
  }

  /** A later boot takes the place of an earlier one; ids of boots are in the order of time. */
  #set(node: string, boot: string, figures: Partial<NodeBoot>): void {
    const known = this.#boots.get(node);
    if (known !== undefined && boot < known.boot) return;
    const unknown = { url: null, markedAtMs: null, entries: null, decisions: null, ended: null };
    const before = known?.boot === boot ? known : { ...unknown, node, boot, bootedAtMs: timeOfUuidV7(boot) };
    this.#boots.set(node, { ...before, ...figures });
  }
}
