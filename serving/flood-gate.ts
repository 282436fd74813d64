import { NetworkSet } from '../domain/network.ts';
import { BoundedCache } from './bounded-cache.ts';

export interface FloodLimits {
  /** Requests a second of one address without a key; 0: no limit. */
  readonly addressPerSecond: number;
  /** Requests a second of one key; 0: no limit. */
  readonly keyPerSecond: number;
  /** Open connections of one address; 0: no limit. */
  readonly connectionsPerAddress: number;
}

export interface FloodGateOptions {
  readonly limits: FloodLimits;
  /** Networks that speak for many: our own proxies. Their connections are not bounded; whom they speak for is, by its own address. */
  readonly trustedProxies: readonly string[];
  /** A key that is ours: only those have a bucket of their own, or whoever invents keys would have as many. */
  readonly knownKey: (key: string) => boolean;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
}

/** A bucket holds what comes in so many seconds. */
const burstSeconds = 2;
const keptBuckets = 100_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Token buckets by key. */
export class TokenBuckets {
  readonly #perSecond: number;
  readonly #buckets = new BoundedCache<string, Bucket>(keptBuckets);

  /** @param perSecond 0: everything is let through */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Takes a token; false if there is none. @param overdraft tokens that may be owed */
  take(key: string, nowMs: number, overdraft = 0): boolean {
    if (this.#perSecond === 0) return true;
    const most = this.#perSecond * burstSeconds;
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = { tokens: most, atMs: nowMs };
      this.#buckets.set(key, bucket);
    }
    bucket.tokens = Math.min(most, bucket.tokens + ((nowMs - bucket.atMs) * this.#perSecond) / 1000);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1 - overdraft) return false;
    bucket.tokens -= 1;
    return true;
  }
}

/** What a flood may take: connections by address, requests by address or by key. This machine itself is not bounded. */
export class FloodGate {
  readonly counts = { connections: 0, requests: 0 };
  readonly #options: FloodGateOptions;
  readonly #proxies: NetworkSet;
  readonly #byAddress: TokenBuckets;
  readonly #byKey: TokenBuckets;
  readonly #connections = new Map<string, number>();
  readonly #overdraft: number;

  constructor(options: FloodGateOptions) {
    this.#options = options;
    const { limits, trustedProxies } = options;
    this.#proxies = new NetworkSet(trustedProxies);
    this.#byAddress = new TokenBuckets(limits.addressPerSecond);
    this.#byKey = new TokenBuckets(limits.keyPerSecond);
    this.#overdraft = limits.addressPerSecond * burstSeconds;
  }

  /** Counts a connection in; null if its address has too many. Call what it gives once the connection has ended. */
  connect(address: string): (() => void) | null {
    const { connectionsPerAddress: most } = this.#options.limits;
    if (most === 0 || isOwnMachine(address) || this.#proxies.has(address)) return () => undefined;
    const open = this.#connections.get(address) ?? 0;
    if (open >= most) {
      this.counts.connections += 1;
      return null;
    }
    this.#connections.set(address, open + 1);
    return () => this.#disconnect(address);
  }

  #disconnect(address: string): void {
    const left = (this.#connections.get(address) ?? 1) - 1;
    if (left === 0) this.#connections.delete(address);
    else this.#connections.set(address, left);
  }

  /**
   * Whether a request is let in. A beacon may overdraw the bucket of its address by a whole burst: it is evidence, so that decisions are refused before it.
   * @param authorization the header
   */
  takes(address: string, authorization: string | undefined, kind: 'beacon' | 'other'): boolean {
    const { nowMs, knownKey } = this.#options;
    const key = authorization?.startsWith('Bearer ') === true ? authorization.slice(7) : '';
    const taken =
      key !== '' && knownKey(key)
        ? this.#byKey.take(key, nowMs())
        : isOwnMachine(address) || this.#byAddress.take(address, nowMs(), kind === 'beacon' ? this.#overdraft : 0);
    if (!taken) this.counts.requests += 1;
    return taken;
  }
}

function isOwnMachine(address: string): boolean {
  return address === '127.0.0.1' || address === '::1' || address === '::ffff:127.0.0.1';
}
