import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { NetworkSet, parseAddress, truncateAddress } from '../domain/network.ts';

/** What is recorded of the sender of a request. */
export interface Client {
  /** Truncated network; never a full address. */
  readonly network: string;
  readonly userAgent: string;
}

/** Addresses arrive again and again over one connection; the last few truncations are kept. */
const networks = new Map<string, string>();
const keptNetworks = 4096;

/** The network that may be recorded of an address; empty for text that is none. */
export function networkOf(address: string): string {
  const known = networks.get(address);
  if (known !== undefined) return known;
  if (networks.size >= keptNetworks) networks.clear();
  const network = truncateAddress(address);
  networks.set(address, network);
  return network;
}

export function userAgentOf(headers: IncomingHttpHeaders): string {
  return headers['user-agent'] ?? '';
}

type Arrived = Pick<IncomingMessage, 'socket' | 'headers'>;

/** Tells who sent a request, through as many of our own proxies as it came. */
export class ClientReader {
  readonly #proxies: NetworkSet | null;

  /** @param trustedProxies networks in CIDR notation whose word on where a request came from is believed */
  constructor(trustedProxies: readonly string[] = []) {
    this.#proxies = trustedProxies.length === 0 ? null : new NetworkSet(trustedProxies);
  }

  /**
   * Address that a request came from. Anybody may write anything into X-Forwarded-For, and each proxy adds on the right whom it was asked by. So it is
   * read from the right for as long as a trusted proxy speaks: the first address that is none of them is the sender; what stands to its left, it wrote itself.
   */
  addressOf({ socket, headers }: Arrived): string {
    const peer = socket.remoteAddress ?? '';
    const forwarded = headers['x-forwarded-for'];
    if (this.#proxies === null || forwarded === undefined || !this.#proxies.has(peer)) return peer;
    let address = peer;
    for (const hop of String(forwarded).split(',').reverse()) {
      const named = withoutPort(hop.trim());
      if (parseAddress(named) === null) return address; // `unknown`: nobody knows more than the proxy's own address
      address = named;
      if (!this.#proxies.has(address)) return address;
    }
    return address;
  }

  clientOf(request: Arrived): Client {
    return { network: networkOf(this.addressOf(request)), userAgent: userAgentOf(request.headers) };
  }
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const [, bracketed, ipv4] = /^(?:\[([^\]]*)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5})$/.exec(hop) ?? [];
  return bracketed ?? ipv4 ?? hop;
}

/** True for a request that a browser makes ahead of any person: it counts nothing. */
export function isPrefetch(headers: IncomingHttpHeaders): boolean {
  const purpose = headers['sec-purpose'] ?? headers['purpose'] ?? headers['x-moz'];
  return purpose !== undefined && String(purpose).toLowerCase().includes('prefetch');
}
