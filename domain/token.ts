import { timingSafeEqual } from 'node:crypto';
import { AdtallyError } from './errors.ts';
import { HmacSha256 } from './hmac.ts';
import { BeaconKind, type Billing, PricingModel, Rounding } from './records.ts';
import { TokenReader, TokenWriter } from './token-bytes.ts';

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

/**
 * What the token of an exchange's billing notice allows: the impression alone. Tokens of clients allow more, so it is known by that. A server calls it,
 * whose user agent says nothing of the person.
 */
export const noticeKinds: readonly BeaconKind[] = ['impression'];

/** True for the token of a billing notice. */
export function isNotice({ grants }: TokenClaims): boolean {
  return grants.length === 1 && grants[0]?.kinds.length === 1 && grants[0].kinds[0] === noticeKinds[0];
}

/** What a verified token says. */
export interface TokenClaims {
  readonly billing: Billing;
  readonly keyId: string;
  readonly grants: readonly Grant[];
}

const maxTokenLength = 300;
const version = 1;
const macLength = 32;
/** The last moment that a Date can name. */
const lastTimeMs = 8_640_000_000_000_000;

const codes = new WeakMap<Uint8Array, HmacSha256>();

/** The code of a body: a view that the next call makes void. */
function sign(key: TokenKey, body: Uint8Array): Uint8Array {
  let code = codes.get(key.secret);
  if (code === undefined) {
    code = new HmacSha256(key.secret);
    codes.set(key.secret, code);
  }
  return code.digest(body);
}

const kindBits = new Map<BeaconKind, number>(BeaconKind.map((kind, index) => [kind, 1 << index]));
/** Kinds of a mask; there are as many masks as serving issues kinds of grants. */
const kindsOfMask = new Map<number, readonly BeaconKind[]>();

function kindsOf(mask: number): readonly BeaconKind[] {
  let kinds = kindsOfMask.get(mask);
  if (kinds === undefined) {
    kinds = BeaconKind.filter((_, index) => (mask & (1 << index)) !== 0);
    kindsOfMask.set(mask, kinds);
  }
  return kinds;
}

function maskOf(kinds: readonly BeaconKind[]): number {
  let mask = 0;
  for (const kind of kinds) mask |= kindBits.get(kind) ?? 0;
  return mask;
}

const writer = new TokenWriter();
const reader = new TokenReader();

/**
 * Signs a token: base64url of (version, key id, billing facts, grants, HMAC-SHA-256). A lease drawn at selection is always one of the
 * selecting boot, so only its day is written. Error: `TOKEN_TOO_LONG` over 300 characters.
 */
export function signToken(billing: Billing, grants: readonly Grant[], key: TokenKey): string {
  writer.begin();
  writer.byte(version);
  writer.text(key.id);
  writeBilling(billing);
  writer.byte(grants.length);
  for (const grant of grants) {
    writer.varint(maskOf(grant.kinds));
    writer.varint(Math.max(0, grant.expiresAt - billing.selected_at));
  }
  writer.bytes(sign(key, writer.written()));
  const token = writer.base64url();
  if (token.length > maxTokenLength) {
    throw new AdtallyError(
      'TOKEN_TOO_LONG',
      `a token has at most ${maxTokenLength} characters, this one ${token.length}`,
    );
  }
  return token;
}

function writeBilling(billing: Billing): void {
  writer.uuid(billing.selection_id);
  writer.varint(billing.shard);
  writer.text(billing.node);
  writer.uuid(billing.boot);
  writer.varint(billing.sequence);
  writer.textAfter('adv_', billing.advertiser_id);
  writer.textAfter('cmp_', billing.campaign_id);
  writer.textAfter('li_', billing.line_item_id);
  writer.textAfter('cr_', billing.creative_id);
  writer.textAfter('pub_', billing.publisher_id);
  writer.textAfter('pl_', billing.placement_id);
  const model = PricingModel.indexOf(billing.pricing_model);
  const rounding = Rounding.indexOf(billing.share_rounding);
  writer.byte(model | (rounding << 3) | (billing.test ? 64 : 0));
  writer.varint(billing.price_micros);
  writer.text(billing.currency);
  writer.varint(billing.revenue_share_ppm);
  writer.varint(billing.calendar);
  writer.day(billing.draw_lease === null ? null : billing.draw_lease.day);
  writer.varint(billing.selected_at);
  writer.varint(billing.expires_at - billing.selected_at);
}

/**
 * Verifies a token and says what it carries. The signature is checked before anything else is believed. `now` decides only whether the key
 * still verifies; whether a kind has expired is the caller's question (`kindExpiry`).
 * Errors: `TOKEN_MALFORMED`, `TOKEN_UNKNOWN_KEY`, `TOKEN_FORGED`.
 */
export function verifyToken(token: string, keys: ReadonlyMap<string, TokenKey>, now: number): TokenClaims {
  if (token.length > maxTokenLength) {
    throw new AdtallyError('TOKEN_MALFORMED', `a token has at most ${maxTokenLength} characters`);
  }
  const length = reader.begin(token);
  if (length <= macLength + 2) throw new AdtallyError('TOKEN_MALFORMED', 'the token is too short');
  reader.end = length - macLength;
  if (reader.byte() !== version) throw new AdtallyError('TOKEN_MALFORMED', 'the token is of an unknown version');
  const keyId = reader.text();
  const key = keys.get(keyId);
  if (key === undefined || now > key.verifiesUntil) {
    throw new AdtallyError('TOKEN_UNKNOWN_KEY', 'the key of the token is not known or no longer verifies');
  }
  if (!timingSafeEqual(sign(key, reader.slice(0, reader.end)), reader.slice(reader.end, length))) {
    throw new AdtallyError('TOKEN_FORGED', 'the signature of the token does not match');
  }
  return readClaims(keyId);
}

function readClaims(keyId: string): TokenClaims {
  const billing = readBilling();
  const grants: Grant[] = [];
  for (let left = reader.byte(); left > 0; left -= 1) {
    const kinds = kindsOf(reader.varint());
    grants.push({ kinds, expiresAt: billing.selected_at + reader.varint() });
  }
  if (!reader.done) throw new AdtallyError('TOKEN_MALFORMED', 'the token has bytes left over');
  return { billing, keyId, grants };
}

function readBilling(): Billing {
  const selection_id = reader.uuid();
  const shard = reader.varint();
  const node = reader.text();
  const boot = reader.uuid();
  const sequence = reader.varint();
  const advertiser_id = reader.textAfter('adv_');
  const campaign_id = reader.textAfter('cmp_');
  const line_item_id = reader.textAfter('li_');
  const creative_id = reader.textAfter('cr_');
  const publisher_id = reader.textAfter('pub_');
  const placement_id = reader.textAfter('pl_');
  const flags = reader.byte();
  const pricing_model = PricingModel[flags & 7];
  const share_rounding = Rounding[(flags >> 3) & 7];
  if (pricing_model === undefined || share_rounding === undefined) {
    throw new AdtallyError('TOKEN_MALFORMED', 'the token names an unknown pricing model or rounding rule');
  }
  const price_micros = reader.varint();
  const currency = reader.text();
  const revenue_share_ppm = reader.varint();
  const calendar = reader.varint();
  const day = reader.day();
  const selected_at = reader.varint();
  const expires_at = selected_at + reader.varint();
  if (expires_at > lastTimeMs) throw new AdtallyError('TOKEN_MALFORMED', 'the token names a time that is none');
  return {
    selection_id,
    shard,
    node,
    boot,
    sequence,
    advertiser_id,
    campaign_id,
    line_item_id,
    creative_id,
    publisher_id,
    placement_id,
    pricing_model,
    price_micros,
    currency,
    revenue_share_ppm,
    share_rounding,
    calendar,
    draw_lease: day === null ? null : { node, boot, day },
    test: (flags & 64) !== 0,
    selected_at,
    expires_at,
  };
}

/** Until when the token allows a kind, ms; null if it never does. An impression token cannot click. */
export function kindExpiry(claims: TokenClaims, kind: BeaconKind): number | null {
  for (const grant of claims.grants) if (grant.kinds.includes(kind)) return grant.expiresAt;
  return null;
}
