import { SchemaRegistry as PublicClient } from '@kafkajs/confluent-schema-registry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyRecord } from '../../domain/records.ts';
import { schemaRegistryContract } from '../../ports/schema-registry.contract.ts';
import { sampleRecord } from '../../scripts/sample-record.ts';
import { type SchemaRegistryServer, startSchemaRegistry, whySkipRegistry } from '../../test/schema-registry-server.ts';
import type { SchemaVersion } from '../avro/wire-codec.ts';
import { readSchemaVersions } from '../embedded/file-schema-registry.ts';
import { createSystemClock } from '../system/clock.ts';
import { createSystemHttp } from '../system/http.ts';
import { openConfluentSchemaRegistry } from './schema-registry.ts';

const clock = createSystemClock();
const openHttp = () => createSystemHttp({ connections: 8 });
const http = openHttp();
const versions = readSchemaVersions();
const newest = [...new Map(versions.map((version) => [version.name, version])).values()];
const samples = newest.flatMap(({ name, schema }) =>
  (['full', 'bare'] as const).map((variant) => ({ name, value: sampleRecord(schema, variant) }) as AnyRecord),
);
const reason = await whySkipRegistry();

describe.skipIf(reason !== null)(`On Apicurio Registry${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let server: SchemaRegistryServer;
  beforeAll(async () => {
    server = await startSchemaRegistry();
  });
  afterAll(async () => {
    await server.end();
    await http.close();
  });
  const open = (others: readonly SchemaVersion[] = versions, patienceMs = 5000) =>
    openConfluentSchemaRegistry({ url: server.url, openHttp, clock, versions: others, patienceMs });
  const call = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
    const request = { method, url: server.url + path, headers, timeoutMs: 5000 };
    const answer = await http.send(body === undefined ? request : { ...request, body: JSON.stringify(body) });
    return JSON.parse(Buffer.from(answer.body).toString());
  };
  /** Versions of a record of the test's own, which no other test registers. */
  const invented = (name: string, ...fields: readonly (readonly object[])[]): readonly SchemaVersion[] =>
    fields.map((of, i) => ({
      name: name as AnyRecord['name'],
      id: i,
      schema: { type: 'record', name, namespace: 'adtally', fields: of },
    }));
  const number = { name: 'a', type: 'long' };
  const text = { name: 'b', type: 'string', default: 'none' };

  describe('all processes that start at once', () => {
    it('register every schema once, and pin the same ids', async () => {
      const registries = await Promise.all([open(), open(), open()]);
      const ids = newest.map(({ name }) => registries.map((registry) => registry.schemaId(name)));
      for (const three of ids) expect(new Set(three).size).toBe(1);
      expect(new Set(ids.flat()).size).toBe(newest.length);
      const subjects = (await call('GET', '/subjects')) as string[];
      expect(subjects.sort()).toEqual(newest.map(({ name }) => `adtally.${name}`).sort());
      for (const { name } of newest) {
        const count = versions.filter((version) => version.name === name).length;
        expect(await call('GET', `/subjects/adtally.${name}/versions`)).toHaveLength(count);
      }
    });
  });

  schemaRegistryContract('Apicurio Registry', { open: () => open(), samples });

  it('writes what other clients of the registry read', async () => {
    const registry = await open();
    const client = new PublicClient({ host: server.url });
    for (const { name, value } of samples) {
      const decoded: unknown = await client.decode(Buffer.from(registry.encode(name, value)));
      expect([name, JSON.stringify(decoded)]).toEqual([name, JSON.stringify(value)]);
    }
  });

  it('holds every subject to backward compatibility with all versions, also one that was held to less', async () => {
    await call('PUT', '/config/adtally.TimeAdvanced', { compatibility: 'NONE' });
    await open();
    for (const { name } of newest) {
      expect(await call('GET', `/config/adtally.${name}`)).toEqual({ compatibilityLevel: 'BACKWARD_TRANSITIVE' });
    }
  });

  it('refuses a schema that the registry holds to be incompatible, by name and with its reason', async () => {
    await open(invented('Narrowed', [number]));
    const narrowed = invented('Narrowed', [{ name: 'a', type: 'int' }]);
    await expect(open(narrowed)).rejects.toMatchObject({ code: 'SCHEMA_INCOMPATIBLE', retriable: false });
    await expect(open(narrowed)).rejects.toThrow(/adtally\.Narrowed.*INT/);
  });

  it('writes the newest of several versions, and reads them all in its shape', async () => {
    const grown = invented('Grown', [number], [number, text]);
    const [old, both] = [await open(grown.slice(0, 1)), await open(grown)];
    const name = 'Grown' as AnyRecord['name'];
    const before = old.encode(name, { a: 7 } as never);
    expect(both.decode(before)).toEqual({ name, value: { a: 7, b: 'none' } });
    expect(both.schemaId(name)).not.toBe(old.schemaId(name));
  });

  it('does not understand what newer code has registered since, even after a refresh', async () => {
    const grown = invented('Newer', [number], [number, text]);
    const old = await open(grown.slice(0, 1));
    const bytes = (await open(grown)).encode('Newer' as AnyRecord['name'], { a: 7, b: 'x' } as never);
    expect(await old.refresh()).toBe(false);
    expect(() => old.decode(bytes)).toThrow(expect.objectContaining({ code: 'UNKNOWN_SCHEMA' }));
  });

  it('learns by a refresh that a schema it has was registered again with other words', async () => {
    const [only] = invented('Retold', [number]);
    const retold = { ...only, schema: { ...(only?.schema as object), doc: 'In other words.' } } as SchemaVersion;
    const registry = await open(invented('Retold', [number]));
    const other = await open([retold]);
    const name = 'Retold' as AnyRecord['name'];
    const bytes = other.encode(name, { a: 7 } as never);
    expect(other.schemaId(name)).not.toBe(registry.schemaId(name));
    expect(() => registry.decode(bytes)).toThrow(expect.objectContaining({ code: 'UNKNOWN_SCHEMA' }));
    const idBefore = registry.schemaId(name);
    expect(await registry.refresh()).toBe(true);
    expect(registry.decode(bytes)).toEqual({ name, value: { a: 7 } });
    expect(registry.schemaId(name)).toBe(idBefore);
  });

  it('needs the registry no more once it has started; who starts later waits for it, and finds the same ids', async () => {
    const registry = await open();
    await server.kill();
    for (const { name, value } of samples) {
      expect(registry.decode(registry.encode(name, value))).toEqual({ name, value });
    }
    expect(await registry.refresh()).toBe(false);
    await expect(open(versions, 1000)).rejects.toMatchObject({ code: 'SCHEMAS_UNAVAILABLE', retriable: true });
    const waiting = open(versions, 60_000);
    await server.restart();
    const later = await waiting;
    for (const { name } of newest) expect(later.schemaId(name)).toBe(registry.schemaId(name));
  });
});
