import type { Entry } from '../../domain/records.ts';
import { isBefore, ledgerStream, readBatch } from '../../ledger/batch.ts';
import { EntryChain } from '../../ledger/chain.ts';
import { ledgerTruths } from '../../ports/ledger-index.ts';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';

/** What the streams of both ledgers hold, counted entry by entry. */
export interface EntryCount {
  streams: number;
  appends: number;
  entries: number;
  /** Entries at a source position (offset, ordinal) that the stream had booked, or passed, before. */
  repeated: number;
  /** Entries of a kind that comes once in the life of a selection, under a second record: the same money at two positions. */
  twice: number;
  /** Appends that do not go on where the one before ended. */
  gaps: number;
  /** Entries whose hash does not follow from the one before. */
  broken: number;
}

export interface CountOptions {
  readonly ledger: LedgerStore;
  readonly registry: SchemaRegistry;
  readonly shards: number;
}

const pageEvents = 64;
/** Whatever happens to a selection. (A draw may come twice, of two nodes that took one click; the second is released.) */
const onceKinds: ReadonlySet<string> = new Set(['incur', 'absorb', 'certify']);

/** Reads every ledger stream from its beginning and counts what must not be there. Errors: of the ledger store. */
export async function countDoubleEntries({ ledger, registry, shards }: CountOptions): Promise<EntryCount> {
  const count: EntryCount = { streams: 0, appends: 0, entries: 0, repeated: 0, twice: 0, gaps: 0, broken: 0 };
  for (const truth of ledgerTruths) {
    for (let shard = 0; shard < shards; shard += 1) {
      const stream = ledgerStream(truth, shard);
      const reading = new StreamReading(stream, count);
      count.streams += 1;
      for (let from = 0; ; from += pageEvents) {
        const page = await ledger.readForwards(stream, from, pageEvents);
        for (const event of page) reading.append(readBatch(event, registry));
        if (page.length < pageEvents) break;
      }
    }
  }
  return count;
}

class StreamReading {
  readonly #stream: string;
  readonly #count: EntryCount;
  /** Source offset of what came once, by selection and kind. */
  readonly #once = new Map<string, number>();
  #next = { offset: 0, ordinal: 0 };
  #booked = { offset: -1, ordinal: 0 };
  #chain: EntryChain;

  constructor(stream: string, count: EntryCount) {
    this.#stream = stream;
    this.#count = count;
    this.#chain = new EntryChain(stream);
  }

  append({ first, next, entries }: ReturnType<typeof readBatch>): void {
    this.#count.appends += 1;
    if (first.offset !== this.#next.offset || first.ordinal !== this.#next.ordinal) this.#count.gaps += 1;
    this.#next = next;
    for (const entry of entries) {
      this.#entry(entry);
      if (Buffer.compare(this.#chain.link(entry), entry.chain_hash) === 0) continue;
      this.#count.broken += 1;
      this.#chain = new EntryChain(this.#stream, entry.chain_hash);
    }
  }

  #entry({ source_offset: offset, ordinal, selection_id, kind }: Entry): void {
    this.#count.entries += 1;
    const position = { offset, ordinal };
    if (isBefore(this.#booked, position)) this.#booked = position;
    else this.#count.repeated += 1;
    if (!onceKinds.has(kind)) return;
    const life = `${selection_id}/${kind}`;
    if ((this.#once.get(life) ?? offset) !== offset) this.#count.twice += 1;
    this.#once.set(life, offset);
  }
}
