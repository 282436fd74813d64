import { crc32 } from 'node:zlib';
import { AdtallyError } from '../domain/errors.ts';
import type { Topic } from '../domain/records.ts';
import { traceparentLength } from '../domain/trace-context.ts';
import type { BufferRecord } from './local-buffer.ts';

/** Topics by the number under which they lie in a segment: only ever extended. */
const topicNumbers: readonly Topic[] = [
  'spend',
  'selected',
  'impression',
  'engagement',
  'click',
  'pacing',
  'quarantine',
  'persons',
  'conversion',
  'nodes',
];

/** Largest key: longer ones are not ours. */
const maxKeyBytes = 0xffff;
/** length, CRC-32 of what follows */
const headerBytes = 8;
/** sequence (6), number of records (2) */
const entryBytes = 8;
/** topic (1), shard (2), length of the key (2), length of the value (4) */
const recordBytes = 9;
/** Set in the topic's number: a traceparent follows the value. Without tracing, frames are what they were before there was any. */
const tracedBit = 0x80;

/** One atomic entry as it lies in a segment. */
export interface Entry {
  readonly sequence: number;
  readonly records: readonly BufferRecord[];
}

/** Entries that are written and synced together. Grows as needed; emptied by `take`. */
export class Group {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #used = 0;

  get size(): number {
    return this.#used;
  }

  /** Frames an entry: length, CRC-32, sequence, records. Error: `INVARIANT_BROKEN` for a topic that is not buffered. */
  add(sequence: number, records: readonly BufferRecord[]): void {
    const start = this.#used;
    this.#reserve(headerBytes + entryBytes + sizeOf(records));
    const bytes = this.#bytes;
    let at = bytes.writeUIntBE(sequence, start + headerBytes, 6);
    at = bytes.writeUInt16BE(records.length, at);
    for (const record of records) at = writeRecord(bytes, at, record);
    bytes.writeUInt32BE(at - start - headerBytes, start);
    bytes.writeUInt32BE(crc32(bytes.subarray(start + headerBytes, at)), start + 4);
    this.#used = at;
  }

  /** A copy of everything so far, in memory that the writer thread can read as it is; the group is then empty. */
  take(): Uint8Array {
    const taken = new Uint8Array(new SharedArrayBuffer(this.#used));
    taken.set(this.#bytes.subarray(0, this.#used));
    this.#used = 0;
    return taken;
  }

  #reserve(more: number): void {
    if (this.#used + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#used + more, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
  }
}

/** Upper bound of the bytes of records, without encoding a key twice (3 bytes a UTF-16 unit at the most). */
function sizeOf(records: readonly BufferRecord[]): number {
  let size = 0;
  for (const { key, value, traceparent } of records) {
    size += recordBytes + 3 * key.length + value.length;
    if (traceparent !== undefined) size += traceparentLength;
  }
  return size;
}

function writeRecord(bytes: Buffer, start: number, { topic, shard, key, value, traceparent }: BufferRecord): number {
  const number = topicNumbers.indexOf(topic);
  if (number === -1) throw new AdtallyError('INVARIANT_BROKEN', `records of ${topic} do not go through the buffer`);
  let at = bytes.writeUInt8(traceparent === undefined ? number : number | tracedBit, start);
  at = bytes.writeUInt16BE(shard, at);
  const keyBytes = bytes.write(key, at + 6);
  if (keyBytes > maxKeyBytes) throw new AdtallyError('INVARIANT_BROKEN', `a key has ${keyBytes} bytes`);
  at = bytes.writeUInt16BE(keyBytes, at);
  at = bytes.writeUInt32BE(value.length, at) + keyBytes;
  bytes.set(value, at);
  at += value.length;
  if (traceparent === undefined) return at;
  const written = bytes.write(traceparent, at, traceparentLength, 'latin1');
  if (written !== traceparentLength || traceparent.length !== traceparentLength)
    throw new AdtallyError('INVARIANT_BROKEN', `a traceparent has ${traceparent.length} characters`);
  return at + written;
}

/** What `readEntries` found. */
export interface ReadResult {
  readonly entries: readonly Entry[];
  /** Bytes that hold whole entries; what is behind them is torn or damaged. */
  readonly goodBytes: number;
}

/** Reads entries up to the first frame that is cut off or whose checksum is wrong. */
export function readEntries(source: Uint8Array): ReadResult {
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.length);
  const entries: Entry[] = [];
  let at = 0;
  while (at + headerBytes + entryBytes <= bytes.length) {
    const end = at + headerBytes + bytes.readUInt32BE(at);
    if (end > bytes.length || end < at + headerBytes + entryBytes) break;
    const body = bytes.subarray(at + headerBytes, end);
    if (crc32(body) !== bytes.readUInt32BE(at + 4)) break;
    entries.push(readEntry(body));
    at = end;
  }
  return { entries, goodBytes: at };
}

/** Error: `UNREADABLE_RECORD` for a body whose records are not exactly what is in it, though its checksum is right. */
function readEntry(body: Buffer): Entry {
  const sequence = body.readUIntBE(0, 6);
  const records: BufferRecord[] = [];
  let at = entryBytes;
  for (let left = body.readUInt16BE(6); left > 0; left -= 1) {
    if (at + recordBytes > body.length) throw unlike(sequence);
    const number = body.readUInt8(at);
    const topic = topicNumbers[number & ~tracedBit];
    if (topic === undefined) throw new AdtallyError('UNREADABLE_RECORD', `no topic has number ${number}`);
    const keyEnd = at + recordBytes + body.readUInt16BE(at + 3);
    const valueEnd = keyEnd + body.readUInt32BE(at + 5);
    const end = valueEnd + ((number & tracedBit) === 0 ? 0 : traceparentLength);
    if (end > body.length) throw unlike(sequence);
    records.push({
      topic,
      shard: body.readUInt16BE(at + 1),
      key: body.toString('utf8', at + recordBytes, keyEnd),
      value: body.subarray(keyEnd, valueEnd),
      ...(end > valueEnd && { traceparent: body.toString('latin1', valueEnd, end) }),
    });
    at = end;
  }
  if (at !== body.length) throw unlike(sequence);
  return { sequence, records };
}

function unlike(sequence: number): AdtallyError {
  return new AdtallyError('UNREADABLE_RECORD', `the records of entry ${sequence} are not as long as the entry`);
}
