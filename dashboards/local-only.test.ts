import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { requireLocal } from './local-only.ts';

function asking(remoteAddress: string, headers: Record<string, string>) {
  return { headers, socket: { remoteAddress } } as unknown as FastifyRequest;
}
const host = '127.0.0.1:8090';

describe('What is local alone', () => {
  it.each([
    ['127.0.0.1', { host }],
    ['::1', { host: '[::1]:8090' }],
    ['::ffff:127.0.0.1', { host: 'localhost:8090', origin: 'http://localhost:8090' }],
    ['127.0.0.1', { host, 'sec-fetch-site': 'same-origin', origin: `http://${host}` }],
  ])('lets a browser of this machine in, from %s with %o', (address, headers) => {
    expect(() => requireLocal(asking(address, headers))).not.toThrow();
  });

  it.each([
    ['another machine', '192.0.2.7', { host }],
    ['a name that an attacker points at this machine', '127.0.0.1', { host: 'evil.example:8090' }],
    ['a name that only begins like ours', '127.0.0.1', { host: '127.0.0.1.evil.example' }],
    ['a page of another site', '127.0.0.1', { host, origin: 'https://evil.example' }],
    ['a page of another port of this machine', '127.0.0.1', { host, 'sec-fetch-site': 'same-site' }],
    ['a sandboxed frame', '127.0.0.1', { host, origin: 'null' }],
    ['a proxy', '127.0.0.1', { host, 'x-forwarded-for': '192.0.2.7' }],
    ['no host at all', '127.0.0.1', {}],
  ])('refuses %s', (_, address, headers) => {
    expect(() => requireLocal(asking(address, headers as Record<string, string>))).toThrow(/this machine alone/);
  });
});
