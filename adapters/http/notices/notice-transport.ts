import { Agent, request } from 'undici';
import type { Clock } from '../../../ports/clock.ts';
import { AddressRefused, guardedConnector } from '../bidders/guarded-connector.ts';
import { HostNames, type ResolveName } from '../bidders/host-names.ts';
import { ReachableAddresses } from '../bidders/reachable-addresses.ts';
import type { NoticeAnswer, NoticeTransport } from './notice-delivery.ts';

export interface NoticeTransportOptions {
  readonly clock: Clock;
  /** Networks in CIDR notation that may be reached though they are not public. */
  readonly allowedAddresses: readonly string[];
  readonly resolve?: ResolveName;
}

/** Of what a bidder says to a notice nothing is of interest; this much is read so that the connection can be kept. */
const readBytes = 4_096;
const mostHosts = 1_000;

/** GET over the connector that judges every address. Redirects are not followed. */
export function createNoticeTransport({ clock, allowedAddresses, resolve }: NoticeTransportOptions): NoticeTransport {
  const agent = new Agent({
    connect: guardedConnector({
      addresses: new ReachableAddresses(allowedAddresses),
      names: new HostNames(clock, resolve),
      http2: false,
      connectTimeoutMs: 2_000,
    }),
    connections: 4,
    pipelining: 1,
    allowH2: false,
    maxOrigins: mostHosts,
    keepAliveTimeout: 10_000,
    maxResponseSize: 1_000_000,
  });
  return { get: (url, timeoutMs) => get(agent, url, timeoutMs), close: () => agent.destroy() };
}

async function get(dispatcher: Agent, url: string, timeoutMs: number): Promise<NoticeAnswer> {
  if (!usable(url)) return { failure: 'address_refused', detail: 'the URL is not one of http or https' };
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { statusCode: status, body } = await request(url, { dispatcher, method: 'GET', signal });
    await body.dump({ limit: readBytes, signal });
    return { status };
  } catch (error) {
    const refused = error instanceof AddressRefused;
    return { failure: refused ? 'address_refused' : 'failed', detail: String(error) };
  }
}

function usable(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}
