import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Topic } from '../../domain/records.ts';
import { type RunningEngine, startEngine } from '../../scripts/engines/engine.ts';
import { createKafka, kafkaEngine } from '../../scripts/engines/kafka.ts';
import { describeEngine, engineForTests } from '../../test/engines.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { createSystemClock } from '../system/clock.ts';
import { openKafkaEventLog } from './event-log.ts';

const clock = createSystemClock();
const username = 'adtally';
const password = 'only-for-this-test';

describeEngine(kafkaEngine, await engineForTests(kafkaEngine), () => {
  describe.each(['scram-sha-512', 'plain'] as const)('A broker that wants TLS and SASL %s', (mechanism) => {
    let folder: ReturnType<typeof makeTemporaryFolder>;
    let broker: RunningEngine;
    let caFile: string;
    beforeAll(async () => {
      folder = makeTemporaryFolder();
      const keyAndCertFile = makeCertificate(folder.path);
      caFile = join(folder.path, 'cert.pem');
      const engine = createKafka({ keyAndCertFile, mechanism, username, password });
      broker = await startEngine(engine, join(folder.path, 'kafka'));
    });
    afterAll(async () => {
      await broker.kill();
      folder.remove();
    });
    const open = (changed: object) =>
      openKafkaEventLog({
        brokers: [new URL(broker.url).host],
        prefix: 'secured',
        shards: { spend: 1 } as Record<Topic, number>,
        replication: 1,
        clock,
        tls: { caFile, certFile: null, keyFile: null },
        sasl: { mechanism, username, password },
        ...changed,
      });

    it('takes the right credentials, for all that a log does', async () => {
      const log = await open({});
      const member = await log.join('g', { topics: ['spend'], onAssigned: async () => {}, onRevoked: async () => {} });
      const offset = (await log.append('spend', [{ shard: 0, key: 'k', value: new Uint8Array(3) }]))[0] ?? -1;
      expect(await log.wait([{ topic: 'spend', shard: 0, offset }], 5000)).toBe(true);
      expect((await log.read('spend', 0, offset, 1))[0]?.key).toBe('k');
      await log.commit('g', 'spend', 0, offset + 1);
      expect([await log.committed('g', 'spend', 0), member.owned()]).toEqual([offset + 1, [0]]);
      await log.close();
    });

    it('refuses a wrong password as a setting, and the error shows none', async () => {
      const refused = open({ sasl: { mechanism, username, password: 'wrong-secret' } });
      await expect(refused).rejects.toMatchObject({ code: 'BAD_SETTING' });
      const error = await refused.catch((caught: unknown) => caught);
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('wrong-secret');
    });

    it('is not spoken to if its certificate is not trusted, or without TLS', async () => {
      await expect(open({ tls: { caFile: null, certFile: null, keyFile: null } })).rejects.toMatchObject({
        code: 'LOG_UNAVAILABLE',
        message: expect.stringContaining('certificate'),
      });
      await expect(open({ tls: null, sasl: null })).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    });

    it('needs a file and credentials that are there', async () => {
      await expect(open({ tls: { caFile: '/no/ca.pem', certFile: null, keyFile: null } })).rejects.toMatchObject({
        code: 'BAD_SETTING',
        message: expect.stringContaining('/no/ca.pem'),
      });
      await expect(open({ sasl: { mechanism, username, password: '' } })).rejects.toMatchObject({
        code: 'BAD_SETTING',
        message: expect.stringContaining('LOG_SASL_PASSWORD'),
      });
    });
  });
});

/** A key of `localhost` and a certificate that it signed itself. */
function makeCertificate(folder: string): string {
  const [key, cert, both] = ['key.pem', 'cert.pem', 'both.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const made = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    cert,
    ...subject,
  ];
  execFileSync('openssl', made, { stdio: 'pipe' });
  writeFileSync(both, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'));
  return both;
}
