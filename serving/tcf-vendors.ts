import { BitReader } from './bit-reader.ts';

/**
 * How many vendors a TCF string names, counted without naming them: ranges of 33 bits can each name 65,535, so that a string of 4,000 characters made a
 * decoder add to its sets for seconds. Layout: IAB Tech Lab, "Consent string and vendor list formats v2", core string and segments.
 */

/** What stands in the core string before its vendors. */
const coreBits = 213;
const version = 2;
/** Types of the segments after the core. */
const [vendorsDisclosed, vendorsAllowed, publisherPurposes] = [1, 2, 3];

/** Vendors named in the whole string, those named twice counted twice; null if it is no TCF string of version 2 in its form. */
export function namedVendors(tcf: string): number | null {
  try {
    const [core = '', ...segments] = tcf.split('.');
    return segments.reduce((sum, segment) => sum + inSegment(new BitReader(segment)), inCore(new BitReader(core)));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function inCore(bits: BitReader): number {
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

function inSegment(bits: BitReader): number {
  const type = bits.number(3);
  if (type === vendorsDisclosed || type === vendorsAllowed) return inSection(bits);
  if (type === publisherPurposes) return 0;
  throw new RangeError('a segment of an unknown type');
}

/** A bit for each vendor, or ranges. */
function inSection(bits: BitReader): number {
  const highest = bits.number(16);
  if (bits.number(1) === 1) return inRanges(bits);
  bits.skip(highest);
  return highest;
}

function inRanges(bits: BitReader): number {
  let named = 0;
  for (let left = bits.number(12); left > 0; left -= 1) {
    const isRange = bits.number(1) === 1;
    const first = bits.number(16);
    named += isRange ? Math.max(0, bits.number(16) - first + 1) : 1;
  }
  return named;
}
