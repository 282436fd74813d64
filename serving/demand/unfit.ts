import type { BidFault } from './external-bid.ts';

class Unfit extends Error {
  readonly fault: BidFault;
  constructor(fault: BidFault) {
    super(fault);
    this.fault = fault;
  }
}

/** Ends the reading of a bidder's document. */
export function refuse(fault: BidFault): never {
  throw new Unfit(fault);
}

/** What was read, or what `refuse` was told. */
export function readOrFault<T>(read: () => T): T | BidFault {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unfit) return error.fault;
    throw error;
  }
}
