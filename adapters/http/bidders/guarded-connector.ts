import { isIP, type LookupFunction, type Socket } from 'node:net';
import { callbackify } from 'node:util';
import { buildConnector } from 'undici';
import type { HostAddress, HostNames } from './host-names.ts';
import type { ReachableAddresses } from './reachable-addresses.ts';

/** The URL leads to an address that may not be connected to. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  constructor(address: string) {
    super(`${address} is not a public address, and BIDDER_ADDRESSES_ALLOWED does not name it`);
  }
}

export interface GuardOptions {
  readonly addresses: ReachableAddresses;
  readonly names: HostNames;
  readonly http2: boolean;
  readonly connectTimeoutMs: number;
  /** PEM of the authorities that are trusted; absent: those that Node knows. */
  readonly trusted?: string;
}

/**
 * Connects only to addresses that may be reached. What is judged is the address that the socket goes to, not the name: a name that has another
 * address the second time (DNS rebinding) is judged by that one.
 */
export function guardedConnector(options: GuardOptions): buildConnector.connector {
  const { addresses, http2, connectTimeoutMs: timeout, trusted } = options;
  const connect = buildConnector({
    allowH2: http2,
    preferH2: http2,
    timeout,
    lookup: guardedLookup(options),
    ...(trusted === undefined ? {} : { ca: trusted }),
  } as buildConnector.BuildOptions);
  return (target, callback) => {
    const literal = target.hostname.replace(/^\[|\]$/g, '');
    // An address in the URL is never looked up.
    if (isIP(literal) !== 0 && !addresses.permits(literal)) return callback(new AddressRefused(literal), null);
    connect(target, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const remote = (socket as Socket).remoteAddress;
      if (remote !== undefined && addresses.permits(remote)) return callback(null, socket as Socket);
      (socket as Socket).destroy();
      callback(new AddressRefused(remote ?? 'an address that is not known'), null);
    });
  };
}

function guardedLookup({ addresses, names }: GuardOptions): LookupFunction {
  const reachable = callbackify(async (name: string): Promise<readonly HostAddress[]> => {
    const found = await names.addressesOf(name);
    const some = found.filter(({ address }) => addresses.permits(address));
    if (some.length === 0) throw new AddressRefused(found[0]?.address ?? name);
    return some;
  });
  return (name, { all }, callback) => {
    reachable(name, (error, some) => {
      if (error !== null) return callback(error, '', 0);
      if (all === true) return callback(null, [...some]);
      const [{ address, family }] = some as readonly [HostAddress];
      callback(null, address, family);
    });
  };
}
