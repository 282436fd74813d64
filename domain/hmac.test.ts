import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HmacSha256 } from './hmac.ts';

describe('HMAC-SHA-256', () => {
  it('is what node:crypto computes, for keys and messages of every length', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.array(fc.uint8Array({ maxLength: 1_100 }), { minLength: 1, maxLength: 4 }),
        (key, messages) => {
          const hmac = new HmacSha256(key);
          for (const message of messages) {
            const expected = createHmac('sha256', key).update(message).digest('hex');
            expect(Buffer.from(hmac.digest(message)).toString('hex')).toBe(expected);
          }
        },
      ),
    );
  });

  it('gives the codes of RFC 4231', () => {
    const hmac = new HmacSha256(Buffer.from('Jefe'));
    expect(Buffer.from(hmac.digest(Buffer.from('what do ya want for nothing?'))).toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  it('refuses a key that it would have to hash first', () => {
    expect(() => new HmacSha256(new Uint8Array(65))).toThrow('65');
  });
});
