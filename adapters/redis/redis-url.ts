import { AdtallyError } from '../../domain/errors.ts';

/** Where a Redis is, and who asks. */
export interface RedisPlace {
  readonly hosts: readonly RedisHost[];
  readonly isCluster: boolean;
  readonly isEncrypted: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Number of the database; a cluster has only 0. */
  readonly database: number;
  /** The hosts, safe to show. */
  readonly shown: string;
}

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

const form = /^redis(s?)(-cluster)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@/?#]+)(?:\/([0-9]{0,4}))?$/;
const hostForm = /^(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::([0-9]{1,5}))?$/;
const defaultPort = 6379;

/**
 * Reads `redis://[user:password@]host[:port][/database]`; `rediss://` is encrypted; `redis-cluster://` and `rediss-cluster://`, or several hosts
 * joined by commas, are a cluster. User and password are percent-encoded.
 * Error: `BAD_SETTING`, which shows neither of them.
 *
 * @param setting name of the setting that holds the URL
 */
export function parseRedisUrl(setting: string, url: string): RedisPlace {
  const refuse = (sentence: string) => new AdtallyError('BAD_SETTING', `${setting} ${sentence}`);
  const [matched, encrypted, named, username, password, list = '', database] = form.exec(url) ?? [];
  if (matched === undefined) throw refuse('must look like redis://[user:password@]host[:port][/database]');
  const hosts = list.split(',').map((text) => {
    const host = parseHost(text);
    if (host === null) throw refuse('names a host that is not host or host:port');
    return host;
  });
  const isCluster = named !== undefined || hosts.length > 1;
  if (isCluster && Number(database) > 0) throw refuse('names a database, but a cluster has only one');
  return {
    hosts,
    isCluster,
    isEncrypted: encrypted === 's',
    username: decoded(username, refuse),
    password: decoded(password, refuse),
    database: Number(database ?? 0),
    shown: hosts.map(({ host, port }) => `${host}:${port}`).join(','),
  };
}

function parseHost(text: string): RedisHost | null {
  const [matched, host = '', port = String(defaultPort)] = hostForm.exec(text) ?? [];
  if (matched === undefined || Number(port) < 1 || Number(port) > 65_535) return null;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

function decoded(text: string | undefined, refuse: (sentence: string) => AdtallyError): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw refuse('has a user or password that is not percent-encoded');
  }
}
