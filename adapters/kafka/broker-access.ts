import { readFileSync } from 'node:fs';
import { AdtallyError } from '../../domain/errors.ts';
import type { BrokerAccess } from './protocol.ts';

export interface BrokerSecurity {
  /** `host:port`. */
  readonly brokers: readonly string[];
  /** PEM files: who is trusted (null: whom Node trusts), and who we are. */
  readonly tls?: {
    readonly caFile: string | null;
    readonly certFile: string | null;
    readonly keyFile: string | null;
  } | null;
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  } | null;
}

/** Error: `BAD_SETTING` for a file that can't be read, and for credentials that are not there. */
export function brokerAccess({ brokers, tls, sasl }: BrokerSecurity): BrokerAccess {
  if (sasl && (sasl.username === '' || sasl.password === ''))
    throw new AdtallyError('BAD_SETTING', 'LOG_URL asks for SASL: LOG_SASL_USERNAME and LOG_SASL_PASSWORD must be set');
  return {
    brokers,
    clientId: 'adtally',
    ...(tls && { tls: { ...read('ca', tls.caFile), ...read('cert', tls.certFile), ...read('key', tls.keyFile) } }),
    ...(sasl && { sasl }),
  };
}

function read(name: 'ca' | 'cert' | 'key', path: string | null): Partial<Record<'ca' | 'cert' | 'key', string>> {
  if (path === null) return {};
  try {
    return { [name]: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new AdtallyError('BAD_SETTING', `LOG_URL names the ${name} file ${path}, which can't be read`, {
      cause: error,
    });
  }
}
