import { gzipSync } from 'node:zlib';
import { Pool } from 'undici';
import type { BidderCall, BidderConnections, BidderReply } from '../../../ports/bidder-connection.ts';
import type { Clock } from '../../../ports/clock.ts';
import { Exchange } from './exchange.ts';
import { guardedConnector } from './guarded-connector.ts';
import { HostNames, type ResolveName } from './host-names.ts';
import { ReachableAddresses } from './reachable-addresses.ts';

export interface BidderConnectionsOptions {
  readonly clock: Clock;
  /** Networks in CIDR notation that bidders may be reached at though they are not public. */
  readonly allowedAddresses: readonly string[];
  /** To one host. */
  readonly connections?: number;
  readonly resolve?: ResolveName;
  /** PEM of the authorities that are trusted; absent: those that Node knows. */
  readonly trusted?: string;
}

/** Connections to one host. */
interface Line {
  readonly pool: Pool;
  usedAt: number;
  underWay: number;
}

const connectTimeoutMs = 1_000;
/** An idle connection is kept this long unless the bidder says less. */
const idleMs = 30_000;
/** The addresses of a host are judged anew at least this often. */
const connectionLifeMs = 300_000;
const lineIdleMs = 600_000;
/** Requests on one HTTP/2 connection. */
const streams = 100;
const mostUrls = 2_000;

/** Calls to bidders over connections that are kept warm, a bounded number to each host. Redirects are not followed. */
export function createBidderConnections(options: BidderConnectionsOptions): BidderConnections {
  return new PooledConnections(options);
}

class PooledConnections implements BidderConnections {
  readonly #clock: Clock;
  readonly #connections: number;
  readonly #trusted: string | undefined;
  readonly #addresses: ReachableAddresses;
  readonly #names: HostNames;
  readonly #lines = new Map<string, Line>();
  readonly #urls = new Map<string, URL | null>();
  /** One body goes to many bidders. */
  readonly #packed = new WeakMap<Uint8Array, Uint8Array>();
  #closed = false;

  constructor({ clock, allowedAddresses, connections = 32, resolve, trusted }: BidderConnectionsOptions) {
    this.#clock = clock;
    this.#connections = connections;
    this.#trusted = trusted;
    this.#addresses = new ReachableAddresses(allowedAddresses);
    this.#names = new HostNames(clock, resolve);
  }

  send(call: BidderCall, signal: AbortSignal | null): Promise<BidderReply> {
    const url = this.#parsed(call.url);
    if (url === null) return refuse('address_refused', 'the URL is not one of http or https without a password');
    if (this.#closed || signal?.aborted === true) return refuse('aborted', 'not sent');
    const line = this.#line(url, call.http2);
    const most = 2 * this.#connections * (call.http2 ? streams : 1);
    if (line.underWay >= most) return refuse('connect_failed', `${most} calls to this host are under way`);
    return this.#exchange(line, { call, url, signal });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lines.values()].map(({ pool }) => pool.destroy()));
    this.#lines.clear();
  }

  #exchange(
    line: Line,
    { call, url, signal }: { readonly call: BidderCall; readonly url: URL; readonly signal: AbortSignal | null },
  ): Promise<BidderReply> {
    line.underWay += 1;
    return new Promise((settled) => {
      const over = () => {
        line.underWay -= 1;
      };
      const exchange = new Exchange({ call, clock: this.#clock, signal, settled, over });
      line.pool.dispatch(
        {
          path: `${url.pathname}${url.search}`,
          method: 'POST',
          headers: call.gzip ? packedHeaders : plainHeaders,
          body: call.gzip ? this.#pack(call.body) : call.body,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        exchange,
      );
    });
  }

  #pack(body: Uint8Array): Uint8Array {
    let packed = this.#packed.get(body);
    if (packed === undefined) {
      packed = gzipSync(body, { level: 1 });
      this.#packed.set(body, packed);
    }
    return packed;
  }

  #parsed(text: string): URL | null {
    const known = this.#urls.get(text);
    if (known !== undefined) return known;
    const parsed = URL.canParse(text) ? new URL(text) : null;
    const usable =
      parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === '';
    if (this.#urls.size >= mostUrls) this.#urls.clear();
    this.#urls.set(text, usable ? parsed : null);
    return usable ? parsed : null;
  }

  #line(url: URL, http2: boolean): Line {
    const name = `${url.origin} ${http2}`;
    const now = this.#clock.now();
    let line = this.#lines.get(name);
    if (line === undefined) {
      this.#forgetIdle(now);
      line = { pool: this.#open(url.origin, http2), usedAt: now, underWay: 0 };
      this.#lines.set(name, line);
    }
    line.usedAt = now;
    return line;
  }

  #open(origin: string, http2: boolean): Pool {
    const guard = { addresses: this.#addresses, names: this.#names, http2, connectTimeoutMs };
    return new Pool(origin, {
      connect: guardedConnector({ ...guard, ...(this.#trusted === undefined ? {} : { trusted: this.#trusted }) }),
      connections: this.#connections,
      pipelining: 1,
      allowH2: http2,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      clientTtl: connectionLifeMs,
      ...(http2 ? { h2Options: { maxConcurrentStreams: streams } } : {}),
    });
  }

  #forgetIdle(now: number): void {
    for (const [name, line] of this.#lines) {
      if (line.underWay > 0 || now - line.usedAt < lineIdleMs) continue;
      this.#lines.delete(name);
      void line.pool.destroy();
    }
  }
}

function refuse(outcome: 'address_refused' | 'aborted' | 'connect_failed', detail: string): Promise<BidderReply> {
  return Promise.resolve({ outcome, latencyUs: 0, detail });
}

const plainHeaders = {
  'content-type': 'application/json',
  accept: 'application/json',
  'accept-encoding': 'gzip',
  'x-openrtb-version': '2.6',
};
const packedHeaders = { ...plainHeaders, 'content-encoding': 'gzip' };
