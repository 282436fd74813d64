import { expect, test } from 'vitest';
import { NetworkSet, parseAddress, truncateAddress } from './network.ts';

test('an IPv4 address is recorded as its /24', () => {
  expect(truncateAddress('203.0.113.77')).toBe('203.0.113.0/24');
  expect(truncateAddress('::ffff:203.0.113.77')).toBe('203.0.113.0/24');
});

test('an IPv6 address is recorded as its /48, however it is spelled', () => {
  expect(truncateAddress('2001:db8:1234:5678::1')).toBe('2001:db8:1234::/48');
  expect(truncateAddress('2001:0DB8:1234:0000:0000:0000:0000:0001')).toBe('2001:db8:1234::/48');
  expect(truncateAddress('fe80::1%eth0')).toBe('fe80:0:0::/48');
  expect(truncateAddress('::1')).toBe('0:0:0::/48');
});

test.each([
  '',
  'localhost',
  '1.2.3',
  '1.2.3.256',
  '01.2.3.4',
  '1::2::3',
  '12345::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8::',
  ':1',
  '1.2.3.4:80',
])('text that is no address gives no network: %s', (text) => {
  expect(parseAddress(text)).toBeNull();
  expect(truncateAddress(text)).toBe('');
});

test('a network set knows what lies within its networks and nothing else', () => {
  const set = new NetworkSet(['198.51.100.0/25', '2001:db8::/33', '192.0.2.9']);
  expect(['198.51.100.127', '::ffff:198.51.100.1', '2001:db8:7fff::1', '192.0.2.9'].map((a) => set.has(a))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['198.51.100.128', '2001:db8:8000::1', '192.0.2.8', 'nonsense'].map((a) => set.has(a))).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test('a network that cannot be read is named', () => {
  expect(() => new NetworkSet(['10.0.0.0/33'])).toThrow('10.0.0.0/33');
  expect(() => new NetworkSet(['ten'])).toThrow('ten');
});
