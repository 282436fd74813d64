import { createHmac, timingSafeEqual } from 'node:crypto';
import { AdtallyError } from './errors.ts';
import { formatUuid, parseUuid } from './identity.ts';
import { BeaconKind, type Billing, PricingModel, Rounding } from './records.ts';

/** A signing key. It verifies until `verifiesUntil` (ms): the longest token of its time has expired, plus the buffer bound. */
export interface TokenKey {
  /** 1 to 8 of [0-9a-z]. */
  readonly id: string;
  readonly secret: Uint8Array;
  readonly verifiesUntil: number;
}

/** Kinds that a token allows until a moment. */
export interface Grant {
  readonly kinds: readonly BeaconKind[];
  readonly expiresAt: number;
}

/** What a verified token says. */
export interface TokenClaims {
  readonly billing: Billing;
  readonly keyId: string;
  readonly grants: readonly Grant[];
}

export const maxTokenLength = 300;
const version = 1;
const macLength = 32;
const msPerDay = 86_400_000;
const prefixes = ['adv_', 'cmp_', 'li_', 'cr_', 'pub_', 'pl_'] as const;

class Writer {
  private readonly bytes = Buffer.allocUnsafe(320);
  private at = 0;

  byte(value: number): void {
    this.at = this.bytes.writeUInt8(value, this.at);
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  text(value: string): void {
    this.byte(value.length);
    this.at += this.bytes.write(value, this.at, 'latin1');
  }

  uuid(value: string): void {
    this.bytes.set(parseUuid(value), this.at);
    this.at += 16;
  }

  finish(): Buffer {
    return this.bytes.subarray(0, this.at);
  }
}

class Reader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw new AdtallyError('TOKEN_MALFORMED', 'the token ends too early');
    this.at += 1;
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 8; index += 1) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw new AdtallyError('TOKEN_MALFORMED', 'a number in the token is too long');
  }

  text(): string {
    const length = this.byte();
    return this.take(length).toString('latin1');
  }

  uuid(): string {
    return formatUuid(this.take(16));
  }

  private take(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw new AdtallyError('TOKEN_MALFORMED', 'the token ends too early');
    const part = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  get done(): boolean {
    return this.at === this.bytes.length;
  }
}

function sign(key: TokenKey, body: Uint8Array): Buffer {
  return createHmac('sha256', key.secret).update(body).digest();
}

function dayNumber(day: string): number {
  return Math.round(Date.parse(`${day}T00:00:00Z`) / msPerDay);
}

function writeLease(writer: Writer, billing: Billing): void {
  const lease = billing.draw_lease;
  writer.varint(lease === null ? 0 : dayNumber(lease.day));
}

/**
 * Signs a token: base64url of (version, key id, billing facts, grants, HMAC-SHA-256). A lease drawn at selection is always one of the
 * selecting boot, so only its day is written. Error: `TOKEN_TOO_LONG` over 300 characters.
 */
export function signToken(billing: Billing, grants: readonly Grant[], key: TokenKey): string {
  const writer = new Writer();
  writer.byte(version);
  writer.text(key.id);
  writer.uuid(billing.selection_id);
  writer.varint(billing.shard);
  writer.text(billing.node);
  writer.uuid(billing.boot);
  writer.varint(billing.sequence);
  const ids = [
    billing.advertiser_id,
    billing.campaign_id,
    billing.line_item_id,
    billing.creative_id,
    billing.publisher_id,
    billing.placement_id,
  ];
  for (const [index, id] of ids.entries()) writer.text(id.slice((prefixes[index] as string).length));
  writer.byte(
    PricingModel.indexOf(billing.pricing_model) |
      (Rounding.indexOf(billing.share_rounding) << 3) |
      (billing.test ? 64 : 0),
  );
  writer.varint(billing.price_micros);
  writer.text(billing.currency);
  writer.varint(billing.revenue_share_ppm);
  writer.varint(billing.calendar);
  writeLease(writer, billing);
  writer.varint(billing.selected_at);
  writer.varint(billing.expires_at - billing.selected_at);
  writer.byte(grants.length);
  for (const grant of grants) {
    writer.varint(grant.kinds.reduce((mask, kind) => mask | (1 << BeaconKind.indexOf(kind)), 0));
    writer.varint(Math.max(0, grant.expiresAt - billing.selected_at));
  }
  const body = writer.finish();
  const token = Buffer.concat([body, sign(key, body)]).toString('base64url');
  if (token.length > maxTokenLength) {
    throw new AdtallyError(
      'TOKEN_TOO_LONG',
      `a token has at most ${maxTokenLength} characters, this one ${token.length}`,
    );
  }
  return token;
}

/**
 * Verifies a token and says what it carries. The signature is checked before anything else is believed. `now` decides only whether the key
 * still verifies; whether a kind has expired is the caller's question (`kindExpiry`).
 * Errors: `TOKEN_MALFORMED`, `TOKEN_UNKNOWN_KEY`, `TOKEN_FORGED`.
 */
export function verifyToken(token: string, keys: ReadonlyMap<string, TokenKey>, now: number): TokenClaims {
  if (token.length > maxTokenLength || !/^[A-Za-z0-9_-]+$/.test(token)) {
    throw new AdtallyError('TOKEN_MALFORMED', 'a token is at most 300 characters of base64url');
  }
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length <= macLength + 2) throw new AdtallyError('TOKEN_MALFORMED', 'the token is too short');
  const body = bytes.subarray(0, bytes.length - macLength);
  const reader = new Reader(body);
  if (reader.byte() !== version) throw new AdtallyError('TOKEN_MALFORMED', 'the token is of an unknown version');
  const keyId = reader.text();
  const key = keys.get(keyId);
  if (key === undefined || now > key.verifiesUntil) {
    throw new AdtallyError('TOKEN_UNKNOWN_KEY', 'the key of the token is not known or no longer verifies');
  }
  // The canonical text only: base64url has spare bits in its last character, and one token must have one spelling.
  if (!timingSafeEqual(sign(key, body), bytes.subarray(body.length)) || bytes.toString('base64url') !== token) {
    throw new AdtallyError('TOKEN_FORGED', 'the signature of the token does not match');
  }
  return readClaims(reader, keyId);
}

function readClaims(reader: Reader, keyId: string): TokenClaims {
  const selection_id = reader.uuid();
  const shard = reader.varint();
  const node = reader.text();
  const boot = reader.uuid();
  const sequence = reader.varint();
  const ids = prefixes.map((prefix) => prefix + reader.text());
  const flags = reader.byte();
  const price_micros = reader.varint();
  const currency = reader.text();
  const revenue_share_ppm = reader.varint();
  const calendar = reader.varint();
  const leaseDay = reader.varint();
  const selected_at = reader.varint();
  const expires_at = selected_at + reader.varint();
  const billing: Billing = {
    selection_id,
    shard,
    node,
    boot,
    sequence,
    advertiser_id: ids[0] as string,
    campaign_id: ids[1] as string,
    line_item_id: ids[2] as string,
    creative_id: ids[3] as string,
    publisher_id: ids[4] as string,
    placement_id: ids[5] as string,
    pricing_model: PricingModel[flags & 7] as PricingModel,
    price_micros,
    currency,
    revenue_share_ppm,
    share_rounding: Rounding[(flags >> 3) & 7] as Rounding,
    calendar,
    draw_lease: leaseDay === 0 ? null : { node, boot, day: new Date(leaseDay * msPerDay).toISOString().slice(0, 10) },
    test: (flags & 64) !== 0,
    selected_at,
    expires_at,
  };
  const grants = Array.from({ length: reader.byte() }, () => {
    const mask = reader.varint();
    return {
      kinds: BeaconKind.filter((_, index) => (mask & (1 << index)) !== 0),
      expiresAt: selected_at + reader.varint(),
    };
  });
  if (!reader.done) throw new AdtallyError('TOKEN_MALFORMED', 'the token has bytes left over');
  return { billing, keyId, grants };
}

/** Until when the token allows a kind, ms; null if it never does. An impression token cannot click. */
export function kindExpiry(claims: TokenClaims, kind: BeaconKind): number | null {
  for (const grant of claims.grants) if (grant.kinds.includes(kind)) return grant.expiresAt;
  return null;
}
