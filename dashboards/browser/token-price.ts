/** Parts of a token before its price, in their order (domain/token.ts): so many bytes, a text after its length, or a number. */
const partsBeforePrice = [
  'version',
  'text',
  16,
  'number',
  'text',
  16,
  'number',
  'text',
  'text',
  'text',
  'text',
  'text',
  'text',
  'flags',
] as const;

/** Bits of the price that are turned over. */
const turned = 0b0000_0101;

/** What a price becomes by it, micros. */
export function otherPriceMicros(priceMicros: number): number {
  // No 32-bit arithmetic: only the lowest seven bits change, which have a byte of the token to themselves.
  return priceMicros - (priceMicros % 128) + ((priceMicros % 128) ^ turned);
}

/** The token with another price in it, its signature left as it was. That is all that a forger can do who does not have the key. */
export function withOtherPrice(token: string): string {
  const bytes = Uint8Array.from(atob(token.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  );
  const price = priceAt(bytes);
  bytes[price] = (bytes[price] ?? 0) ^ turned;
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function priceAt(bytes: Uint8Array): number {
  let at = 0;
  for (const part of partsBeforePrice) {
    if (part === 'number') at = afterNumber(bytes, at);
    else if (part === 'text') at += 1 + (bytes[at] ?? 0);
    else at += typeof part === 'number' ? part : 1;
  }
  return at;
}

/** Seven bits a byte, the lowest first; the highest bit says that there is more. */
function afterNumber(bytes: Uint8Array, from: number): number {
  let at = from;
  while ((bytes[at] ?? 0) >= 128) at += 1;
  return at + 1;
}
