import { AdtallyError } from '../domain/errors.ts';

/** What a `kafka://` URL says. */
export interface KafkaAddress {
  /** `host:port`. */
  readonly brokers: readonly string[];
  /** Prefix of the names of all topics and groups. */
  readonly prefix: string;
  /** Copies of every shard. */
  readonly replication: number;
  readonly compression: 'none' | 'gzip';
  /** PEM files; null: no TLS. */
  readonly tls: {
    readonly caFile: string | null;
    readonly certFile: string | null;
    readonly keyFile: string | null;
  } | null;
  readonly sasl: SaslMechanism | null;
}

type SaslMechanism = (typeof mechanisms)[number];

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const defaults = {
  replication: '3',
  compression: 'gzip',
  ssl: 'false',
  caFile: '',
  certFile: '',
  keyFile: '',
  sasl: '',
};
type Options = typeof defaults;

const form = /^kafka:\/\/([^@/?#]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/;
const hostForm = /^(\[[0-9A-Fa-f:]+\]|[0-9A-Za-z._-]{1,253}):([0-9]{1,5})$/;
const prefixForm = /^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$/;

/**
 * Reads `kafka://host:port[,host:port…][/prefix][?option=value&…]`; credentials are settings of their own. Error: `BAD_SETTING`, a sentence
 * that completes "LOG_URL …".
 */
export function readKafkaAddress(text: string): KafkaAddress {
  // First, since what follows may quote a part of the text.
  if (text.includes('@')) return refuse('must name no user: LOG_SASL_USERNAME and LOG_SASL_PASSWORD do');
  const [, hosts = '', prefix, query = ''] = form.exec(text) ?? [];
  if (hosts === '') return refuse('must look like kafka://host:port[,host:port][/prefix][?option=value&…]');
  const options = readOptions(query);
  const named = prefix || 'adtally';
  if (!prefixForm.test(named)) return refuse(`has a prefix that does not match ${prefixForm.source}`);
  return {
    brokers: hosts.split(',').map(readBroker),
    prefix: named,
    replication: readReplication(options.replication),
    compression: oneOf('compression', options.compression, ['gzip', 'none']),
    tls: readTls(options),
    sasl: options.sasl === '' ? null : oneOf('sasl', options.sasl, mechanisms),
  };
}

function refuse(sentence: string): never {
  throw new AdtallyError('BAD_SETTING', sentence);
}

function readOptions(query: string): Options {
  const options: Record<string, string> = { ...defaults };
  for (const [name, value] of new URLSearchParams(query)) {
    if (!Object.hasOwn(defaults, name))
      refuse(`has the option ${JSON.stringify(name.slice(0, 40))}; there are ${Object.keys(defaults).join(', ')}`);
    options[name] = value;
  }
  return options as Options;
}

function readBroker(host: string): string {
  const [, , port = ''] = hostForm.exec(host) ?? [];
  if (Number(port) < 1 || Number(port) > 65_535) return refuse('names a broker that is not host:port');
  return host;
}

function readReplication(text: string): number {
  return /^[1-9]$/.test(text) ? Number(text) : refuse('must have a replication from 1 to 9');
}

function readTls({ ssl, caFile, certFile, keyFile }: Options): KafkaAddress['tls'] {
  if (oneOf('ssl', ssl, ['true', 'false']) === 'false') {
    return caFile || certFile || keyFile ? refuse('names files for TLS, but not ssl=true') : null;
  }
  if ((certFile === '') !== (keyFile === '')) return refuse('must have certFile and keyFile together');
  return { caFile: caFile || null, certFile: certFile || null, keyFile: keyFile || null };
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  return (
    allowed.find((one) => one === text) ??
    refuse(`must have ${name}=${allowed.join(` or ${name}=`)}, not ${JSON.stringify(text.slice(0, 40))}`)
  );
}
