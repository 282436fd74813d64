import { hash } from 'node:crypto';
import type { Entry, Position } from '../domain/records.ts';

/** Head of the chain of a stream without entries. */
export const genesis: Uint8Array = new Uint8Array(32);

/** The fields of an entry that its hash covers: all but the hash. */
export type HashedEntry = Omit<Entry, 'chain_hash'>;

const hashBytes = 32;

/**
 * Canonical entries and their chain. An entry's hash is SHA-256 over its fields in the order below, each as its length in 4 bytes (big endian) and
 * its bytes (text in UTF-8, numbers in 8 bytes big endian), the hash before it last. Batches do not enter it: how many records a poll
 * returned must not show.
 */
export class EntryChain {
  readonly #stream: string;
  #bytes = Buffer.allocUnsafeSlow(4096);
  /** Views of the first n bytes, since making one costs as much as a short hash. */
  #views: (Uint8Array | undefined)[] = [];
  #end = 0;
  #head: Uint8Array;

  /** `stream` names truth and shard; `head` is the hash of its last entry, or `genesis`. */
  constructor(stream: string, head: Uint8Array = genesis) {
    this.#stream = stream;
    this.#head = head;
  }

  get head(): Uint8Array {
    return this.#head;
  }

  /** Hash of an entry that follows the head, which it becomes. */
  link(entry: HashedEntry): Uint8Array {
    this.#write(entry);
    const digest = hash('sha256', this.#written(), 'binary'); // a Buffer would cost twice the hash
    const linked = new Uint8Array(hashBytes);
    for (let index = 0; index < hashBytes; index += 1) linked[index] = digest.charCodeAt(index);
    this.#head = linked;
    return linked;
  }

  /** The bytes that `link` would hash. */
  canonical(entry: HashedEntry): Uint8Array {
    this.#write(entry);
    return Uint8Array.from(this.#written());
  }

  #written(): Uint8Array {
    return (this.#views[this.#end] ??= this.#bytes.subarray(0, this.#end));
  }

  #write(entry: HashedEntry): void {
    this.#end = 0;
    this.#text(this.#stream);
    this.#number(entry.source_offset);
    this.#number(entry.ordinal);
    this.#text(entry.kind);
    this.#text(entry.selection_id);
    this.#text(entry.advertiser_id);
    this.#text(entry.campaign_id);
    this.#text(entry.line_item_id);
    this.#text(entry.publisher_id);
    this.#text(entry.debit_account);
    this.#text(entry.credit_account);
    this.#text(entry.currency);
    this.#number(entry.amount_micros);
    this.#text(entry.service_period);
    this.#text(entry.posting_period);
    this.#number(entry.posted_at);
    this.#number(entry.selected_at);
    this.#text(entry.reference);
    this.#length(hashBytes);
    this.#bytes.set(this.#head, this.#end);
    this.#end += hashBytes;
  }

  #length(length: number): void {
    const bytes = this.#bytes;
    bytes[this.#end] = length >>> 24;
    bytes[this.#end + 1] = length >>> 16;
    bytes[this.#end + 2] = length >>> 8;
    bytes[this.#end + 3] = length;
    this.#end += 4;
  }

  #number(value: number): void {
    this.#length(8);
    const high = Math.floor(value / 0x1_0000_0000);
    this.#length(high);
    this.#length(value - high * 0x1_0000_0000);
  }

  /** Names and ids are short ASCII, for which a loop beats the engine's encoder; anything else takes the general way. */
  #text(text: string): void {
    const { length } = text;
    if (this.#end + length * 3 + 256 > this.#bytes.length) this.#grow(length * 3);
    const bytes = this.#bytes;
    const start = this.#end + 4;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 127) return this.#encoded(text);
      bytes[start + index] = code;
    }
    this.#length(length);
    this.#end = start + length;
  }

  #encoded(text: string): void {
    const written = this.#bytes.write(text, this.#end + 4, 'utf8');
    this.#length(written);
    this.#end += written;
  }

  #grow(more: number): void {
    const larger = Buffer.allocUnsafeSlow((this.#bytes.length + more) * 2);
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
    this.#views = [];
  }
}

/** A ledger stream at a cut: everything before `next` is in. */
export interface StreamCut {
  readonly stream: string;
  readonly next: Position;
  readonly chainHead: Uint8Array;
}

/** SHA-256, in hex, over the streams of a cut sorted by name: name, source position and chain head, in the form of the chain. */
export function digestOfCut(cuts: readonly StreamCut[]): string {
  const sorted = [...cuts].sort((a, b) => (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : 0));
  const parts = sorted.flatMap(({ stream, next, chainHead }) => {
    const position = Buffer.alloc(16);
    position.writeBigInt64BE(BigInt(next.offset), 0);
    position.writeBigInt64BE(BigInt(next.ordinal), 8);
    return [Buffer.from(stream), position, Buffer.from(chainHead)].flatMap((bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    });
  });
  return hash('sha256', Buffer.concat(parts), 'hex');
}
