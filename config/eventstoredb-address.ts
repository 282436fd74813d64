import { AdtallyError } from '../domain/errors.ts';

/** What an `esdb://` URL says. */
export interface EventStoreDbAddress {
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
  readonly isDiscovered: boolean;
  readonly tls: boolean;
  readonly caFile: string | null;
  readonly credentials: { readonly username: string; readonly password: string } | null;
  readonly streamPrefix: string;
  readonly deadlineMs: number;
  readonly keepAliveIntervalMs: number;
  readonly keepAliveTimeoutMs: number;
}

/** Options by name: those of EventStoreDB's connection strings that change something here, and the prefix of stream names, which is ours. */
const defaults = {
  tls: 'true',
  tlsCAFile: '',
  defaultDeadline: '10000',
  keepAliveInterval: '10000',
  keepAliveTimeout: '10000',
  nodePreference: 'leader',
  streamPrefix: 'adtally-',
};
type Options = typeof defaults;

const defaultPort = 2113;
const form = /^(esdb|esdb\+discover):\/\/(?:([^:@/?]+):([^@/?]+)@)?([^@/?]+)\/?(?:\?(.*))?$/;
const hostForm = /^([0-9A-Za-z._-]{1,253})(?::([0-9]{1,5}))?$/;
const prefixForm = /^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$/;

/**
 * Reads `esdb://[user:password@]host[:port][,…][?option=value&…]`, or `esdb+discover://` for a DNS name that stands for a cluster; user and password
 * are percent-encoded. Error: `BAD_SETTING`, a sentence that completes "LEDGER_URL …" and repeats neither.
 */
export function readEventStoreDbAddress(text: string): EventStoreDbAddress {
  const [, scheme, username, password, hosts = '', query = ''] = form.exec(text) ?? [];
  if (scheme === undefined) return refuse('must look like esdb://[user:password@]host[:port][,…][?option=value&…]');
  // A password with a bare ? would be taken for options, and be quoted.
  if (query.includes('@'))
    return refuse('has an @ behind its ?: what is special in a user or password is written as %XX');
  const options = readOptions(query);
  const endpoints = hosts.split(',').map(readEndpoint);
  const tls = readFlag('tls', options.tls);
  if (tls && username === undefined) return refuse('needs user:password@ with TLS, or tls=false without');
  if (options.nodePreference !== 'leader') return refuse('can have no other nodePreference than leader');
  if (!prefixForm.test(options.streamPrefix))
    return refuse(`has a streamPrefix that does not match ${prefixForm.source}`);
  return {
    endpoints,
    isDiscovered: scheme === 'esdb+discover',
    tls,
    caFile: options.tlsCAFile || null,
    credentials: username === undefined ? null : readCredentials(username, password ?? ''),
    streamPrefix: options.streamPrefix,
    deadlineMs: readMs('defaultDeadline', options.defaultDeadline, 100),
    keepAliveIntervalMs: readMs('keepAliveInterval', options.keepAliveInterval, 10_000),
    keepAliveTimeoutMs: readMs('keepAliveTimeout', options.keepAliveTimeout, 1_000),
  };
}

function refuse(sentence: string): never {
  throw new AdtallyError('BAD_SETTING', sentence);
}

function readOptions(query: string): Options {
  const options: Record<string, string> = { ...defaults };
  for (const [name, value] of new URLSearchParams(query)) {
    const known = Object.keys(defaults).find((option) => option.toLowerCase() === name.toLowerCase());
    if (known === undefined)
      refuse(`has the option ${JSON.stringify(name.slice(0, 40))}; there are ${Object.keys(defaults).join(', ')}`);
    else options[known] = value;
  }
  return options as Options;
}

function readEndpoint(host: string): { address: string; port: number } {
  const [, address, port = String(defaultPort)] = hostForm.exec(host) ?? [];
  const number = Number(port);
  if (address === undefined || number < 1 || number > 65_535)
    return refuse('names a host that is not host or host:port');
  return { address, port: number };
}

/** The password can be read, and shows neither in JSON nor in what is logged. */
function readCredentials(username: string, password: string): { username: string; password: string } {
  try {
    const shown = { username: decodeURIComponent(username) };
    const hidden = { value: decodeURIComponent(password), enumerable: false };
    return Object.defineProperty(shown, 'password', hidden) as typeof shown & { password: string };
  } catch {
    return refuse('has a user or password that is not percent-encoded');
  }
}

function readFlag(name: string, value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  return refuse(`must have true or false for ${name}`);
}

function readMs(name: string, value: string, least: number): number {
  const ms = Number(value);
  if (/^[0-9]{1,9}$/.test(value) && ms >= least) return ms;
  return refuse(`must have a number of milliseconds, at least ${least}, for ${name}`);
}
