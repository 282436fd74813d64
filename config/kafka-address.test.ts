import { describe, expect, it } from 'vitest';
import { readKafkaAddress } from './kafka-address.ts';

describe('The address of a log on Kafka', () => {
  it('names brokers; all else has a default', () => {
    expect(readKafkaAddress('kafka://a:9092,b.example:9093')).toEqual({
      brokers: ['a:9092', 'b.example:9093'],
      prefix: 'adtally',
      replication: 3,
      compression: 'gzip',
      tls: null,
      sasl: null,
    });
  });

  it('says how brokers are reached', () => {
    const address = 'kafka://a:1/eu.ads?replication=1&compression=none&ssl=true&caFile=/etc/ca.pem&sasl=scram-sha-512';
    expect(readKafkaAddress(address)).toEqual({
      brokers: ['a:1'],
      prefix: 'eu.ads',
      replication: 1,
      compression: 'none',
      tls: { caFile: '/etc/ca.pem', certFile: null, keyFile: null },
      sasl: 'scram-sha-512',
    });
    expect(readKafkaAddress('kafka://[::1]:9092').brokers).toEqual(['[::1]:9092']);
  });

  it.each([
    ['kafka://', /must look like/],
    ['kafka://a', /host:port/],
    ['kafka://a:70000', /host:port/],
    ['kafka://a:1,', /host:port/],
    ['kafka://a:1/b/c', /must look like/],
    ['kafka://a:1/$', /prefix/],
    ['kafka://a:1?acks=1', /option "acks"/],
    ['kafka://a:1?toString=1', /option "toString"/],
    ['kafka://a:1?replication=0', /replication/],
    ['kafka://a:1?compression=zip', /compression=gzip/],
    ['kafka://a:1?ssl=yes', /ssl=true/],
    ['kafka://a:1?caFile=x', /not ssl=true/],
    ['kafka://a:1?ssl=true&keyFile=x', /together/],
    ['kafka://a:1?sasl=oauth', /sasl=plain/],
    ['kafka://user:secret@a:1', /LOG_SASL_USERNAME/],
  ])('is refused as %s, without showing a secret', (text, sentence) => {
    expect(() => readKafkaAddress(text)).toThrow(sentence);
    expect(() => readKafkaAddress(text)).not.toThrow(/secret/);
  });
});
