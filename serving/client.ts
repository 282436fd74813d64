import type { IncomingHttpHeaders } from 'node:http';
import { truncateAddress } from '../domain/network.ts';

/** What is recorded of the sender of a request. */
export interface Client {
  /** Truncated network; never a full address. */
  readonly network: string;
  readonly userAgent: string;
}

/** Addresses arrive again and again over one connection; the last few truncations are kept. */
const networks = new Map<string, string>();
const keptNetworks = 4096;

function networkOf(address: string): string {
  const known = networks.get(address);
  if (known !== undefined) return known;
  if (networks.size >= keptNetworks) networks.clear();
  const network = truncateAddress(address);
  networks.set(address, network);
  return network;
}

export function clientOf(address: string | undefined, headers: IncomingHttpHeaders): Client {
  return { network: address === undefined ? '' : networkOf(address), userAgent: headers['user-agent'] ?? '' };
}

/** True for a request that a browser makes ahead of any person: it counts nothing. */
export function isPrefetch(headers: IncomingHttpHeaders): boolean {
  const purpose = headers['sec-purpose'] ?? headers['purpose'] ?? headers['x-moz'];
  return purpose !== undefined && String(purpose).toLowerCase().includes('prefetch');
}
