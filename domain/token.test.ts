import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAdtallyError } from './errors.ts';
import { maxAmountMicros } from './money.ts';
import { BeaconKind, type Billing, PricingModel, Rounding } from './records.ts';
import { type Grant, kindExpiry, signToken, type TokenKey, verifyToken } from './token.ts';

const now = 1_790_000_000_000;
const boot = '018f0000-0000-7000-8000-00000000abcd';
const key: TokenKey = { id: 'k1', secret: Buffer.alloc(32, 7), verifiesUntil: now + 86_400_000 };
const keys = new Map([[key.id, key]]);
const grants: readonly Grant[] = [
  { kinds: BeaconKind.filter((kind) => kind !== 'click'), expiresAt: now + 1_800_000 },
  { kinds: ['click'], expiresAt: now + 86_400_000 },
];

function hexUuid(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const uuid = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(hexUuid);
const suffix = fc.stringMatching(/^[0-9A-Za-z]{1,12}$/);
const entity = (prefix: string) => suffix.map((text) => prefix + text);
const day = fc
  .integer({ min: 10_000, max: 40_000 })
  .map((number) => new Date(number * 86_400_000).toISOString().slice(0, 10));

const billings: fc.Arbitrary<Billing> = fc
  .record({
    selection_id: uuid,
    shard: fc.integer({ min: 0, max: 255 }),
    node: fc.stringMatching(/^[a-z0-9-]{1,12}$/),
    boot: uuid,
    sequence: fc.maxSafeNat(),
    advertiser_id: entity('adv_'),
    campaign_id: entity('cmp_'),
    line_item_id: entity('li_'),
    creative_id: entity('cr_'),
    publisher_id: entity('pub_'),
    placement_id: entity('pl_'),
    pricing_model: fc.constantFrom(...PricingModel),
    price_micros: fc.nat({ max: maxAmountMicros }),
    currency: fc.constantFrom('EUR', 'USD', 'JPY'),
    revenue_share_ppm: fc.integer({ min: 0, max: 1_000_000 }),
    share_rounding: fc.constantFrom(...Rounding),
    calendar: fc.integer({ min: 0, max: 100_000 }),
    leaseDay: fc.option(day),
    test: fc.boolean(),
    selected_at: fc.integer({ min: 0, max: 2 ** 42 }),
    life: fc.integer({ min: 0, max: 40 * 86_400_000 }),
  })
  .map(({ leaseDay, life, ...rest }) => ({
    ...rest,
    expires_at: rest.selected_at + life,
    draw_lease: leaseDay === null ? null : { node: rest.node, boot: rest.boot, day: leaseDay },
  }));

const longest: Billing = {
  selection_id: boot,
  shard: 255,
  node: 'twelve-chars',
  boot,
  sequence: Number.MAX_SAFE_INTEGER,
  advertiser_id: 'adv_ABCDEFGHJKMN',
  campaign_id: 'cmp_ABCDEFGHJKMN',
  line_item_id: 'li_ABCDEFGHJKMN',
  creative_id: 'cr_ABCDEFGHJKMN',
  publisher_id: 'pub_ABCDEFGHJKMN',
  placement_id: 'pl_ABCDEFGHJKMN',
  pricing_model: 'CPC',
  price_micros: maxAmountMicros,
  currency: 'EUR',
  revenue_share_ppm: 1_000_000,
  share_rounding: 'HALF_EVEN',
  calendar: 100_000,
  draw_lease: { node: 'twelve-chars', boot, day: '2099-12-31' },
  test: true,
  selected_at: now,
  expires_at: now + 40 * 86_400_000,
};

function refusal(token: string, known: ReadonlyMap<string, TokenKey> = keys, at = now): string {
  try {
    verifyToken(token, known, at);
    return 'verified';
  } catch (error) {
    if (isAdtallyError(error)) return error.code;
    throw error;
  }
}

describe('A token', () => {
  it('says after verification exactly what was signed', () => {
    fc.assert(
      fc.property(billings, (billing) => {
        const given = grants.map(({ kinds }, index) => ({ kinds, expiresAt: billing.selected_at + index * 1_000_000 }));
        expect(verifyToken(signToken(billing, given, key), keys, now)).toEqual({ billing, keyId: 'k1', grants: given });
      }),
    );
  });

  it('has at most 300 characters in the worst case', () => {
    const longKey = { ...key, id: 'eightchr' };
    const lasting = grants.map(({ kinds }) => ({ kinds, expiresAt: now + 40 * 86_400_000 }));
    const token = signToken(longest, lasting, longKey);
    expect(token.length).toBeLessThanOrEqual(300);
    expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(verifyToken(token, new Map([['eightchr', longKey]]), now).billing).toEqual(longest);
  });

  it('is refused if it would be longer, or an id has the wrong prefix', () => {
    const many = Array.from({ length: 12 }, () => ({ kinds: ['click'] as const, expiresAt: now + 40 * 86_400_000 }));
    expect(() => signToken(longest, many, key)).toThrowError(expect.objectContaining({ code: 'TOKEN_TOO_LONG' }));
    expect(() => signToken({ ...longest, campaign_id: 'adv_1' }, grants, key)).toThrowError(/cmp_/);
  });

  it('is refused with any single bit flipped', () => {
    const token = signToken(longest, grants, key);
    const bytes = Buffer.from(token, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(refusal(changed.toString('base64url'))).toMatch(/^TOKEN_/);
    }
  });

  it('has one spelling: no character can be exchanged, added or left out', () => {
    for (const billing of [longest, { ...longest, node: 'a' }, { ...longest, node: 'ab' }]) {
      const token = signToken(billing, grants, key);
      for (const other of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
        if (!token.endsWith(other)) expect(refusal(token.slice(0, -1) + other)).not.toBe('verified');
      }
      const spellings = [`${token}=`, `${token}A`, `${token}\n`, ` ${token}`, token.slice(1), token.slice(0, -1)];
      expect(spellings.filter((spelling) => refusal(spelling) === 'verified')).toEqual([]);
      const otherAlphabet = token.replace('-', '+').replace('_', '/');
      if (otherAlphabet !== token) expect(refusal(otherAlphabet)).toBe('TOKEN_MALFORMED');
    }
  });

  it('is refused without an error of another kind, whatever the text', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[A-Za-z0-9_-]{0,320}$/));
    fc.assert(
      fc.property(text, (token) => refusal(token).startsWith('TOKEN_')),
      { numRuns: 500 },
    );
  });

  it('is refused if what was signed makes no sense, even by a genuine signature', () => {
    const body = Buffer.from(signToken(longest, grants, key), 'base64url').subarray(0, -32);
    for (let length = 4; length < body.length; length += 1) {
      const cut = body.subarray(0, length);
      const mac = createHmac('sha256', key.secret).update(cut).digest();
      expect(refusal(Buffer.concat([cut, mac]).toString('base64url'))).toBe('TOKEN_MALFORMED');
    }
  });

  it('is signed with HMAC-SHA-256 over everything before the signature', () => {
    const bytes = Buffer.from(signToken(longest, grants, key), 'base64url');
    expect(bytes.subarray(-32)).toEqual(createHmac('sha256', key.secret).update(bytes.subarray(0, -32)).digest());
  });
});

describe('Keys of tokens', () => {
  const token = signToken(longest, grants, key);

  it('verify until their last moment, beside newer ones', () => {
    const rotated = new Map([
      ['k2', { ...key, id: 'k2', secret: Buffer.alloc(32, 8) }],
      ['k1', key],
    ]);
    expect(refusal(token, rotated, key.verifiesUntil)).toBe('verified');
    expect(refusal(token, rotated, key.verifiesUntil + 1)).toBe('TOKEN_UNKNOWN_KEY');
  });

  it('that are not known refuse, and so does another secret under the same id', () => {
    expect(refusal(token, new Map())).toBe('TOKEN_UNKNOWN_KEY');
    expect(refusal(token, new Map([['k1', { ...key, secret: Buffer.alloc(32, 8) }]]))).toBe('TOKEN_FORGED');
  });
});

describe('The kinds of a token', () => {
  const all = fc.subarray([...BeaconKind]);

  it('are those granted, each until its own moment', () => {
    fc.assert(
      fc.property(all, (kinds) => {
        const claims = verifyToken(signToken(longest, [{ kinds, expiresAt: now + 5 }], key), keys, now);
        expect(BeaconKind.map((kind) => kindExpiry(claims, kind))).toEqual(
          BeaconKind.map((kind) => (kinds.includes(kind) ? now + 5 : null)),
        );
      }),
    );
  });

  it('of an impression token do not include the click', () => {
    const impressionOnly = verifyToken(signToken(longest, grants.slice(0, 1), key), keys, now);
    expect(kindExpiry(impressionOnly, 'click')).toBeNull();
    expect(kindExpiry(impressionOnly, 'impression')).toBe(now + 1_800_000);
  });
});
