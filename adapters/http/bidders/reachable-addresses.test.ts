import { describe, expect, it } from 'vitest';
import { ReachableAddresses } from './reachable-addresses.ts';

const nobody = new ReachableAddresses([]);

describe('Addresses that a bidder may be reached at', () => {
  it.each(['8.8.8.8', '93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946', '::ffff:8.8.8.8'])(
    'are public ones, as %s',
    (address) => {
      expect(nobody.permits(address)).toBe(true);
    },
  );

  it.each([
    '127.0.0.1',
    '127.255.0.9',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'ff02::1',
    '64:ff9b::a9fe:a9fe',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'localhost',
    '',
  ])('are not %s', (address) => {
    expect(nobody.permits(address)).toBe(false);
  });

  it('are also those that the settings name, and only those', () => {
    const one = new ReachableAddresses(['127.0.0.1/32', 'fd00::/8']);
    expect(['127.0.0.1', '::ffff:127.0.0.1', 'fd12::1'].every((address) => one.permits(address))).toBe(true);
    expect(['127.0.0.2', '10.0.0.1', 'fe80::1'].some((address) => one.permits(address))).toBe(false);
  });
});
