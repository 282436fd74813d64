import { NetworkSet, parseAddress } from '../../../domain/network.ts';

/**
 * IPv4 that does not lead to a host of the public internet: the IANA registry of special-purpose addresses (RFC 6890), multicast and what is reserved.
 * 169.254.0.0/16 holds the metadata services of clouds.
 */
const special4 = new NetworkSet([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);

/** Of IPv6 only global unicast leads anywhere that is public, without what carries an IPv4 address inside (6to4, Teredo) or is for documents. */
const global6 = new NetworkSet(['2000::/3']);
const special6 = new NetworkSet(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

/** Which addresses may be connected to on somebody else's word: public ones, and those that the settings name. */
export class ReachableAddresses {
  readonly #allowed: NetworkSet;

  /** `allowed`: networks in CIDR notation, for bidders on this machine or in one's own network. */
  constructor(allowed: readonly string[]) {
    this.#allowed = new NetworkSet(allowed);
  }

  permits(address: string): boolean {
    if (this.#allowed.has(address)) return true;
    const bytes = parseAddress(address);
    if (bytes === null) return false;
    return bytes.length === 4 ? !special4.has(address) : global6.has(address) && !special6.has(address);
  }
}
