import { AdtallyError } from '../../domain/errors.ts';

/** A bid request that the specification forbids. */
export class BidRequestRefused extends AdtallyError {
  /** Where the rule stands, e.g. `OpenRTB 2.6 §3.2.6`. */
  readonly rule: string;

  constructor(path: string, expectation: string, rule: string) {
    super('VALIDATION_FAILED', `${path === '' ? 'the bid request' : path} ${expectation} (${rule})`, { path });
    this.rule = rule;
  }
}

/** Error: `BidRequestRefused`. @param section of OpenRTB 2.6 */
export function refuse(path: string, expectation: string, section: string): never {
  throw new BidRequestRefused(path, expectation, `OpenRTB 2.6 §${section}`);
}
