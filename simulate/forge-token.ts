import { createHmac } from 'node:crypto';
import type { Random } from '../ports/random.ts';

/** How a token is falsified: a bit of it changed, the whole signed with a key of one's own, or its end cut off. */
export const forgeries = ['bit_flip', 'other_key', 'cut'] as const;
export type Forgery = (typeof forgeries)[number];

/** Length of the signature at the end of a token, bytes. */
const signatureBytes = 32;

/** A token that differs from the given one and was not signed by the platform. */
export function forgeToken(token: string, how: Forgery, random: Random): string {
  if (how === 'cut') return token.slice(0, 1 + Math.floor(random.fraction() * (token.length - 2)));
  const bytes = Buffer.from(token, 'base64url');
  if (how === 'bit_flip') {
    const at = Math.floor(random.fraction() * bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random.fraction() * 8));
    return bytes.toString('base64url');
  }
  const body = bytes.subarray(0, bytes.length - signatureBytes);
  const signature = createHmac('sha256', random.bytes(32)).update(body).digest();
  return Buffer.concat([body, signature]).toString('base64url');
}
