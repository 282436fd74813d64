/**
 * How many vendors a TCF string names, counted without naming them: ranges of 33 bits can each name 65,535, so that a string of 4,000 characters made a
 * decoder add to its sets for seconds. Layout: IAB Tech Lab, "Consent string and vendor list formats v2", core string and segments.
 */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const sixBits = new Map(Array.from(alphabet, (character, value) => [character.charCodeAt(0), value]));

/** What stands in the core string before its vendors. */
const coreBits = 213;
const version = 2;
/** Types of the segments after the core. */
const [vendorsDisclosed, vendorsAllowed, publisherPurposes] = [1, 2, 3];

/** Reads numbers out of base64url. Throws a RangeError beyond the end and for a character that is none of it. */
class Bits {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  skip(count: number): void {
    this.#at += count;
    if (this.#at > this.#text.length * 6) throw new RangeError('the string ends too early');
  }

  number(width: number): number {
    let value = 0;
    for (let left = width; left > 0; left -= 1) {
      const six = sixBits.get(this.#text.charCodeAt(Math.floor(this.#at / 6)));
      if (six === undefined) throw new RangeError('the string ends too early, or is no base64url');
      value = value * 2 + ((six >> (5 - (this.#at % 6))) & 1);
      this.#at += 1;
    }
    return value;
  }
}

/** Vendors named in the whole string, those named twice counted twice; null if it is no TCF string of version 2 in its form. */
export function namedVendors(tcf: string): number | null {
  try {
    const [core = '', ...segments] = tcf.split('.');
    return segments.reduce((sum, segment) => sum + inSegment(new Bits(segment)), inCore(new Bits(core)));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function inCore(bits: Bits): number {
  if (bits.number(6) !== version) throw new RangeError('of another version');
  bits.skip(coreBits - 6);
  let named = inSection(bits) + inSection(bits);
  // Restrictions of the publisher: purpose and type, then the vendors that each is for.
  for (let left = bits.number(12); left > 0; left -= 1) {
    bits.skip(8);
    named += inRanges(bits);
  }
  return named;
}

function inSegment(bits: Bits): number {
  const type = bits.number(3);
  if (type === vendorsDisclosed || type === vendorsAllowed) return inSection(bits);
  if (type === publisherPurposes) return 0;
  throw new RangeError('a segment of an unknown type');
}

/** A bit for each vendor, or ranges. */
function inSection(bits: Bits): number {
  const highest = bits.number(16);
  if (bits.number(1) === 1) return inRanges(bits);
  bits.skip(highest);
  return highest;
}

function inRanges(bits: Bits): number {
  let named = 0;
  for (let left = bits.number(12); left > 0; left -= 1) {
    const isRange = bits.number(1) === 1;
    const first = bits.number(16);
    named += isRange ? Math.max(0, bits.number(16) - first + 1) : 1;
  }
  return named;
}
