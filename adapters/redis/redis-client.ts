import { Cluster, Redis, type DNSLookupFunction, type RedisOptions } from 'ioredis';
import type { RedisPlace } from './redis-url.ts';

/** A connection on which nothing comes back for so long, though something is awaited, is given up and made anew, ms. */
const silenceMs = 2_000;
const connectTimeoutMs = 2_000;
const longestRetryMs = 1_000;
/** A node that does not answer is asked this often, 100 ms apart, before the caller hears of it. */
const redirections = 5;

/**
 * What a command may cost while Redis is away is nothing: it is refused at once where there is no connection, and it is neither kept for
 * later nor sent again where its connection broke. Who asked decides whether to ask again.
 */
const impatient = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  socketTimeout: silenceMs,
  connectTimeout: connectTimeoutMs,
  connectionName: 'adtally',
  lazyConnect: true,
} satisfies RedisOptions;

function retryDelayMs(times: number): number {
  return Math.min(25 * 2 ** Math.min(times, 6), longestRetryMs);
}

/** A client that is not connected yet, and connects again for ever once it was told to connect. */
export function createRedisClient(place: RedisPlace): Redis | Cluster {
  return place.isCluster ? createCluster(place) : createSingle(place);
}

function createSingle(place: RedisPlace): Redis {
  const [{ host, port } = { host: '', port: 0 }] = place.hosts;
  return new Redis({
    ...impatient,
    ...credentials(place),
    host,
    port,
    db: place.database,
    retryStrategy: retryDelayMs,
  });
}

function createCluster(place: RedisPlace): Cluster {
  return new Cluster([...place.hosts], {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRedirections: redirections,
    clusterRetryStrategy: retryDelayMs,
    redisOptions: { ...impatient, ...credentials(place) },
    ...(place.isEncrypted ? { dnsLookup: keepName } : {}),
  });
}

/** A certificate is made out to a name, so that names must stay names. */
const keepName: DNSLookupFunction = (address, callback) => callback(null, address);

function credentials({ username, password, isEncrypted }: RedisPlace) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(isEncrypted ? { tls: {} } : {}),
  };
}
