import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AnyRecord, type RecordName, topicRecords } from '../../domain/records.ts';
import { schemaRegistryContract } from '../../ports/schema-registry.contract.ts';
import { compileType } from '../avro/avro-types.ts';
import { WireCodec } from '../avro/wire-codec.ts';
import { openFileSchemaRegistry, readSchemaVersions, type SchemaIds } from './file-schema-registry.ts';

const folder = new URL('../../schemas/avro/', import.meta.url);

interface Golden {
  readonly name: RecordName;
  readonly version: number;
  readonly id: number;
  readonly samples: readonly { readonly variant: string; readonly value: unknown; readonly bytes: string }[];
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, folder), 'utf8'));
}

const goldens: readonly Golden[] = readdirSync(new URL('golden/', folder))
  .filter((file) => file.endsWith('.json'))
  .map((file) => {
    const [, name, version] = /^(\w+)\.v(\d+)\.json$/.exec(file) ?? [];
    return { ...(readJson(`golden/${file}`) as Golden), name: name as RecordName, version: Number(version) };
  });

function wire(id: number, bodyHex: string): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, Buffer.from(bodyHex, 'hex')]);
}

/** As JSON shows it, with bytes as hexadecimal text. */
function asJson(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part: { type?: unknown; data?: number[] } | null) =>
      part?.type === 'Buffer' ? Buffer.from(part.data ?? []).toString('hex') : part,
    ),
  );
}

const registry = openFileSchemaRegistry();
const samples: readonly AnyRecord[] = goldens.flatMap(({ id, samples: given }) =>
  given.map(({ bytes }) => registry.decode(wire(id, bytes))),
);

schemaRegistryContract('files', { open: async () => openFileSchemaRegistry(), samples });

describe('Golden bytes of every version of every record', () => {
  const ids = readJson('ids.json') as SchemaIds;

  it.each(goldens)(
    '$name version $version is still read as the value that was written',
    ({ name, id, samples: given }) => {
      for (const { value, bytes } of given) {
        const decoded = registry.decode(wire(id, bytes));
        expect(decoded.name).toBe(name);
        expect(asJson(decoded.value)).toMatchObject(value as object);
      }
    },
  );

  it('are written today byte for byte as they were when the newest version was frozen', () => {
    const newest = goldens.filter(({ name, id }) => registry.schemaId(name) === id);
    expect(newest).toHaveLength(Object.keys(ids).length);
    for (const { name, id, samples: given } of newest) {
      for (const { bytes } of given) {
        const { value } = registry.decode(wire(id, bytes));
        expect(Buffer.from(registry.encode(name, value as never)).toString('hex')).toBe(
          wire(id, bytes).toString('hex'),
        );
      }
    }
  });

  it('stand under the same id for ever, and no id stands for two schemas', () => {
    const listed = Object.entries(ids).flatMap(([name, versions]) =>
      Object.entries(versions).map(([version, id]) => `${id} ${name}.v${version}`),
    );
    expect(listed.sort()).toEqual(goldens.map(({ id, name, version }) => `${id} ${name}.v${version}`).sort());
    expect(new Set(goldens.map(({ id }) => id)).size).toBe(goldens.length);
  });

  it('exist of every record of every topic, with no version left out', () => {
    const expected = Object.entries(ids).flatMap(([name, versions]) =>
      Object.keys(versions).map((_, index) => `${name}.v${index + 1}`),
    );
    expect(goldens.map(({ name, version }) => `${name}.v${version}`).sort()).toEqual(expected.sort());
    expect(Object.keys(ids).sort()).toEqual(Object.values(topicRecords).flat().sort());
  });
});

describe('Compatibility of schemas, backward and transitive', () => {
  const versions = readSchemaVersions();
  const tick = versions.filter(({ name }) => name === 'TimeAdvanced');
  const schema = tick.at(-1)?.schema as { fields: { name: string; type: unknown; default?: unknown }[] };
  const changed = (fields: typeof schema.fields) => [
    ...tick,
    { name: 'TimeAdvanced' as const, id: 9_999, schema: { ...schema, fields } },
  ];

  it('lets the newest schema of every record read all older ones', () => {
    for (const newest of versions) {
      const type = compileType(newest.schema);
      const older = versions.filter(({ name, id }) => name === newest.name && id <= newest.id);
      for (const { schema: written } of older) expect(() => type.createResolver(compileType(written))).not.toThrow();
    }
  });

  it('shows an old record in the newest shape, with the default of a field that it does not have', () => {
    const codec = new WireCodec(changed([...schema.fields, { name: 'source', type: 'string', default: 'unknown' }]));
    const old = registry.encode('TimeAdvanced', { advanced_to: 7, ticker: 'a' });
    expect(codec.decode(old)).toEqual({
      name: 'TimeAdvanced',
      value: { advanced_to: 7, ticker: 'a', source: 'unknown' },
    });
    expect(codec.schemaId('TimeAdvanced')).toBe(9_999);
  });

  it('refuses a new field without a default', () => {
    expect(() => new WireCodec(changed([...schema.fields, { name: 'source', type: 'string' }]))).toThrow(
      /newest shape/,
    );
  });

  it('refuses a field whose type was narrowed', () => {
    expect(() => new WireCodec(changed(schema.fields.map((field) => ({ ...field, type: 'int' }))))).toThrow(
      /newest shape/,
    );
  });
});

describe('A ceiling of schemas, for a release that others can still read', () => {
  const versions = readSchemaVersions();
  const idOf = (bytes: Uint8Array) => Buffer.from(bytes).readUInt32BE(1);

  it('writes every record by the newest version below it, and what that can say is read as it was', () => {
    for (const { name, id: ceiling } of versions) {
      const held = openFileSchemaRegistry(undefined, ceiling);
      for (const { name: of, value } of samples.filter((sample) => sample.name === name)) {
        const bytes = held.encode(of, value);
        expect(idOf(bytes)).toBe(ceiling);
        expect(held.encode(of, registry.decode(bytes).value as never)).toEqual(bytes);
      }
    }
  });

  it('refuses a record that no version below it has, and reads all there are', () => {
    const held = openFileSchemaRegistry(undefined, 1);
    const { value } = samples.find(({ name }) => name === 'TimeAdvanced') as AnyRecord;
    expect(() => held.encode('TimeAdvanced', value as never)).toThrow(
      expect.objectContaining({ code: 'SCHEMA_HELD_BACK' }),
    );
    expect(held.decode(registry.encode('TimeAdvanced', value as never)).value).toEqual(value);
  });
});

describe('A block that claims more items than there are bytes', () => {
  const twoToThe37 = 'feffffffff0f';

  it.each([
    ['PlacementPublished', 3, 'array'],
    ['NodeMark', 6, 'map'],
  ] as const)('is refused at once in %s, whose field after %i others is an %s', (name, fieldsBefore, _kind) => {
    const bytes = wire(registry.schemaId(name), '00'.repeat(fieldsBefore) + twoToThe37 + '00'.repeat(20));
    expect(() => registry.decode(bytes)).toThrow(/longer than the bytes that are left/);
  });
});
