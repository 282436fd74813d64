import { expect, test } from 'vitest';
import { signToken, verifyToken } from '../../domain/token.ts';
import { billingOf } from '../../test/reporting/sample-log.ts';
import { otherPriceMicros, withOtherPrice } from './token-price.ts';

const key = { id: 'k1', secret: Buffer.alloc(32, 7), verifiesUntil: Number.MAX_SAFE_INTEGER };
const keys = new Map([[key.id, key]]);

/** What the token says, signature or not: signed anew by whoever has the key. */
function saidBy(token: string) {
  const bytes = Buffer.from(token, 'base64url');
  const body = bytes.subarray(0, bytes.length - 32);
  return { body, signature: bytes.subarray(bytes.length - 32) };
}

test('another price differs from the token in that one byte, and is refused as forged', () => {
  const billing = billingOf(1, 'CPM');
  const token = signToken(billing, [{ kinds: ['impression'], expiresAt: billing.selected_at + 1000 }], key);
  const forged = withOtherPrice(token);
  const other = signToken(
    { ...billing, price_micros: otherPriceMicros(billing.price_micros) },
    [{ kinds: ['impression'], expiresAt: billing.selected_at + 1000 }],
    key,
  );
  expect(saidBy(forged).body).toEqual(saidBy(other).body);
  expect(saidBy(forged).signature).toEqual(saidBy(token).signature);
  expect(() => verifyToken(forged, keys, 0)).toThrow(/signature/);
});
