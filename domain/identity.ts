import { hash } from 'node:crypto';

/** Namespace of every deterministic id of Adtally. */
const namespace = Buffer.from('6f1d2c1e7a4b5c0d9e8f0a1b2c3d4e5f', 'hex');

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function h(bytes: Uint8Array, index: number): string {
  return hex[bytes[index] as number] as string;
}

/** Canonical lower-case text of 16 bytes. */
export function formatUuid(b: Uint8Array): string {
  return `${h(b, 0)}${h(b, 1)}${h(b, 2)}${h(b, 3)}-${h(b, 4)}${h(b, 5)}-${h(b, 6)}${h(b, 7)}-${h(b, 8)}${h(b, 9)}-${h(b, 10)}${h(b, 11)}${h(b, 12)}${h(b, 13)}${h(b, 14)}${h(b, 15)}`;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** True for a canonical lower-case UUID (RFC 9562). */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/** The 16 bytes of a canonical UUID. */
export function parseUuid(text: string): Uint8Array {
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

/** The first half of the ids of one millisecond: many are minted in each. */
let half = { timeMs: -1, text: '' };

function timeHalf(timeMs: number): string {
  if (timeMs !== half.timeMs) {
    const digits = timeMs.toString(16).padStart(12, '0');
    half = { timeMs, text: `${digits.slice(0, 8)}-${digits.slice(8)}` };
  }
  return half.text;
}

/** A UUIDv7 (RFC 9562 §5.7) of a Unix time in ms and 10 random bytes. */
export function uuidV7(timeMs: number, random: Uint8Array): string {
  const r = random;
  const version = hex[0x70 | ((r[0] as number) & 0x0f)] as string;
  const variant = hex[0x80 | ((r[2] as number) & 0x3f)] as string;
  return `${timeHalf(timeMs)}-${version}${h(r, 1)}-${variant}${h(r, 3)}-${h(r, 4)}${h(r, 5)}${h(r, 6)}${h(r, 7)}${h(r, 8)}${h(r, 9)}`;
}

/** The Unix time in ms inside a UUIDv7. */
export function timeOfUuidV7(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** The namespace, then room for a name. */
const named = Buffer.concat([namespace, Buffer.alloc(1024)]);
const variants = '89ab89ab89ab89ab';

/** A UUIDv5 (RFC 9562 §5.5) of a name in Adtally's namespace. */
export function uuidV5(name: string): string {
  const isShort = 3 * name.length <= named.length - namespace.length;
  const bytes = isShort
    ? named.subarray(0, namespace.length + named.write(name, namespace.length))
    : Buffer.concat([namespace, Buffer.from(name)]);
  // As hex, because making a Buffer of a digest costs more than the digest.
  const digest = hash('sha1', bytes);
  const variant = variants[Number.parseInt(digest[16] as string, 16)];
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

/**
 * The id of an event of a selection: the same for a retry, a duplicate, a replay and a recovery. Kinds: a beacon kind, `selected`,
 * `returned`, `reserved`, `incurred`, `click_id`, `invalidated:<rule>`. The ordinal of a billable kind is always 0.
 */
export function eventId(selectionId: string, kind: string, ordinal: number): string {
  return uuidV5(`${selectionId}/${kind}/${ordinal}`);
}

/** The shard of a key: FNV-1a of its text, reduced. Computed once for a selection, then carried. */
export function shardOf(key: string, shards: number): number {
  let mixed = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    mixed = Math.imul(mixed ^ key.charCodeAt(index), 0x01000193) >>> 0;
  }
  return ((mixed ^ (mixed >>> 15)) >>> 0) % shards;
}

/** Prefixes of catalogue ids. */
export const entityPrefixes = {
  advertiser: 'adv',
  campaign: 'cmp',
  line_item: 'li',
  creative: 'cr',
  publisher: 'pub',
  placement: 'pl',
  deadline_policy: 'dp',
  bidder: 'bd',
} as const;
export type EntityKind = keyof typeof entityPrefixes;

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A new catalogue id: prefix and 12 characters of Crockford's base 32 (60 random bits). */
export function mintEntityId(kind: EntityKind, random: Uint8Array): string {
  let text = '';
  for (let index = 0; index < 12; index += 1) text += alphabet[(random[index] as number) & 31];
  return `${entityPrefixes[kind]}_${text}`;
}

const idForms: Readonly<Record<EntityKind, RegExp>> = {
  advertiser: /^adv_[0-9A-Za-z]{1,12}$/,
  campaign: /^cmp_[0-9A-Za-z]{1,12}$/,
  line_item: /^li_[0-9A-Za-z]{1,12}$/,
  creative: /^cr_[0-9A-Za-z]{1,12}$/,
  publisher: /^pub_[0-9A-Za-z]{1,12}$/,
  placement: /^pl_[0-9A-Za-z]{1,12}$/,
  deadline_policy: /^dp_[0-9A-Za-z]{1,12}$/,
  bidder: /^bd_[0-9A-Za-z]{1,12}$/,
};

/** True for an id of that kind: its prefix, then 1 to 12 of [0-9A-Za-z] (short, because tokens carry six of them). */
export function isEntityId(kind: EntityKind, text: string): boolean {
  return idForms[kind].test(text);
}
