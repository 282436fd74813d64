import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from './redis-url.ts';

const parse = (url: string) => parseRedisUrl('VIEWS_URL', url);

describe('A Redis URL', () => {
  it('names one host, its port, user, password and database', () => {
    expect(parse('redis://ann:p%40ss:w@cache:6380/2')).toEqual({
      hosts: [{ host: 'cache', port: 6380 }],
      isCluster: false,
      isEncrypted: false,
      username: 'ann',
      password: 'p@ss:w',
      database: 2,
      shown: 'cache:6380',
    });
    expect(parse('redis://:secret@cache')).toMatchObject({ username: undefined, password: 'secret', database: 0 });
    expect(parse('rediss://[::1]')).toMatchObject({ hosts: [{ host: '::1', port: 6379 }], isEncrypted: true });
  });

  it('is a cluster by its scheme or by several hosts', () => {
    const hosts = [
      { host: 'a', port: 7000 },
      { host: 'b', port: 6379 },
    ];
    expect(parse('redis-cluster://a:7000,b')).toMatchObject({ hosts, isCluster: true });
    expect(parse('redis://a:7000,b')).toMatchObject({ hosts, isCluster: true });
    expect(parse('rediss-cluster://a')).toMatchObject({ isCluster: true, isEncrypted: true });
  });

  it.each([
    'redis://',
    'http://a',
    'redis://a:99999',
    'redis://a/x',
    'redis://a?x=1',
    'redis://a b',
    'redis-cluster://a/1',
    'redis://u:secret%@a',
    'redis://u:secret@a b',
  ])('is refused as a setting if it is none: %s', (url) => {
    expect(() => parse(url)).toThrow(expect.objectContaining({ code: 'BAD_SETTING' }));
    expect(() => parse(url)).not.toThrow(/secret/);
  });
});
