import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readEventStoreDbAddress } from './eventstoredb-address.ts';

describe('an esdb URL', () => {
  it('names nodes, user and options', () => {
    const address = readEventStoreDbAddress(
      'esdb://adm%40in:p%3Aw@a:1,b?tlsCaFile=/ca.pem&streamPrefix=x-&defaultDeadline=500',
    );
    expect(address).toMatchObject({
      endpoints: [
        { address: 'a', port: 1 },
        { address: 'b', port: 2113 },
      ],
      isDiscovered: false,
      tls: true,
      caFile: '/ca.pem',
      credentials: { username: 'adm@in' },
      streamPrefix: 'x-',
      deadlineMs: 500,
    });
    expect(address.credentials?.password).toBe('p:w');
  });

  it('needs no user without TLS', () => {
    const address = readEventStoreDbAddress('esdb+discover://cluster.local/?tls=false');
    expect(address).toMatchObject({ isDiscovered: true, tls: false, credentials: null, streamPrefix: 'adtally-' });
  });

  it('shows its password to nobody who prints it', () => {
    const address = readEventStoreDbAddress('esdb://u:secret@h');
    expect(inspect(address, { depth: 9 }) + JSON.stringify(address)).not.toContain('secret');
  });

  it.each([
    ['esdb://h', /user:password/],
    ['esdb://', /must look like/],
    ['esdb://u:secret@h:0', /host/],
    ['esdb://u:secret@h,', /host/],
    ['esdb://u:secret%@h', /percent/],
    ['esdb://u:secret@h?nodePreference=follower', /leader/],
    ['esdb://u:secret@h?tlsVerifyCert=false', /tlsVerifyCert/],
    ['esdb://u:secret@h?tls=maybe', /true or false/],
    ['esdb://u:secret@h?keepAliveInterval=-1', /milliseconds/],
    ['esdb://u:secret@h?streamPrefix=$x', /streamPrefix/],
  ])('is refused as %s, without its password', (text, sentence) => {
    expect(() => readEventStoreDbAddress(text)).toThrow(sentence);
    expect(() => readEventStoreDbAddress(text)).not.toThrow(/secret/);
  });
});
