import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClientReader } from './client.ts';

const proxies = ['10.0.0.0/8', '2001:db8:ffff::/48'];

function asked(peer: string, forwarded?: string): Pick<IncomingMessage, 'socket' | 'headers'> {
  const headers = { 'user-agent': 'Firefox', ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }) };
  return { socket: { remoteAddress: peer } as IncomingMessage['socket'], headers };
}

describe('The sender of a request', () => {
  interface Case {
    readonly trusted?: readonly string[];
    readonly peer: string;
    readonly header?: string;
    readonly sender: string;
  }
  const [us, stranger, person] = ['10.0.0.1', '203.0.113.9', '198.51.100.1'];

  test.each<[string, Case]>([
    ['itself says so, and no proxy is trusted', { trusted: [], peer: us, header: person, sender: us }],
    ['itself says so, and is no trusted proxy', { peer: stranger, header: person, sender: stranger }],
    ['pretends to come from one of our proxies', { peer: stranger, header: `${person}, ${us}`, sender: stranger }],
    ['came directly from a trusted network', { peer: us, sender: us }],
    ['came through a proxy', { peer: us, header: person, sender: person }],
    ['came through two', { peer: us, header: `${person}, 10.2.3.4`, sender: person }],
    ['wrote an address before the proxy did', { peer: us, header: `192.0.2.66, ${person}`, sender: person }],
    ['wrote one of our proxies before it did', { peer: us, header: `192.0.2.66,10.9.9.9,${person}`, sender: person }],
    ['wrote what is no address', { peer: us, header: `<script>, ::::, ${person}`, sender: person }],
    ['is one of our own machines', { peer: us, header: '10.7.7.7, 10.2.3.4', sender: '10.7.7.7' }],
    ['is unknown to the proxy', { peer: us, header: 'unknown', sender: us }],
    ['is unknown to the second proxy', { peer: us, header: `${person}, unknown, 10.2.3.4`, sender: '10.2.3.4' }],
    ['sent an empty header', { peer: us, header: '', sender: us }],
    ['is named with its port', { peer: us, header: `${person}:4711`, sender: person }],
    ['is named in brackets', { peer: us, header: '[2001:db8:1::7]:4711', sender: '2001:db8:1::7' }],
    ['came over IPv6', { peer: '2001:db8:ffff::1', header: '2001:db8:1::7', sender: '2001:db8:1::7' }],
    ['came through a proxy on a socket for both', { peer: `::ffff:${us}`, header: person, sender: person }],
    ['is gone', { peer: '', header: person, sender: '' }],
  ])('that %s is told: %j', (_case, { trusted = proxies, peer, header, sender }) => {
    expect(new ClientReader(trusted).addressOf(asked(peer, header))).toBe(sender);
  });

  test('is recorded as a network, never as an address', () => {
    const client = new ClientReader(proxies).clientOf(asked('10.0.0.1', '198.51.100.77'));
    expect(client).toEqual({ network: '198.51.100.0/24', userAgent: 'Firefox' });
  });

  test('can write what it likes into the header: whom the proxy saw does not change', () => {
    const reader = new ClientReader(proxies);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.array(fc.ipV4()).map(String), fc.ipV6()), (written) => {
        expect(reader.addressOf(asked('10.0.0.1', `${written}, 198.51.100.1`))).toBe('198.51.100.1');
        expect(reader.addressOf(asked('203.0.113.9', written))).toBe('203.0.113.9');
      }),
    );
  });
});
