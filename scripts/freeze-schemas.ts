/**
 * Freezes every schema in `schemas/avro` that is new or has changed: gives the version an id in ids.json, keeps a copy of it and the bytes of two
 * sample records in `golden/`. What is there is never written again. Exits 1 if a changed schema can't read what an older version wrote.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { compileType } from '../adapters/avro/avro-types.ts';
import { schemaShape } from '../adapters/avro/schema-shape.ts';
import type { SchemaIds } from '../adapters/embedded/file-schema-registry.ts';
import { sampleRecord } from './sample-record.ts';

const folder = new URL('../schemas/avro/', import.meta.url);
const golden = new URL('golden/', folder);
const idsFile = new URL('ids.json', folder);

function readJson(file: URL): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function writeJson(file: URL, value: unknown): void {
  const text = JSON.stringify(value, (_, part: unknown) => plain(part), 2);
  writeFileSync(file, `${text}\n`);
}

/** Bytes as hexadecimal text: JSON has none. */
function plain(part: unknown): unknown {
  const isBuffer =
    typeof part === 'object' && part !== null && 'type' in part && part.type === 'Buffer' && 'data' in part;
  return isBuffer ? Buffer.from(part.data as number[]).toString('hex') : part;
}

function frozenSchema(name: string, version: number): unknown {
  return readJson(new URL(`${name}.v${version}.avsc`, golden));
}

function checkReadsAll(name: string, schema: unknown, versions: number): void {
  const reader = compileType(schema);
  for (let version = 1; version <= versions; version += 1)
    reader.createResolver(compileType(frozenSchema(name, version)));
}

function freeze(name: string, version: number, id: number, schema: unknown): void {
  const type = compileType(schema);
  const samples = (['full', 'bare'] as const).map((variant) => {
    const value = sampleRecord(schema, variant);
    return { variant, value, bytes: type.toBuffer(value) };
  });
  writeJson(new URL(`${name}.v${version}.avsc`, golden), schema);
  writeJson(new URL(`${name}.v${version}.json`, golden), { id, samples });
}

const ids: Record<string, Record<string, number>> = existsSync(idsFile)
  ? (structuredClone(readJson(idsFile)) as Record<string, Record<string, number>>)
  : {};
let lastId = Math.max(0, ...Object.values(ids).flatMap((versions) => Object.values(versions)));
mkdirSync(golden, { recursive: true });
for (const name of Object.values(readJson(new URL('topics.json', folder)) as Record<string, string[]>).flat()) {
  const schema = readJson(new URL(`${name}.avsc`, folder));
  const versions = Object.keys(ids[name] ?? {}).length;
  if (versions > 0 && schemaShape(schema) === schemaShape(frozenSchema(name, versions))) continue;
  try {
    checkReadsAll(name, schema, versions);
  } catch (error) {
    console.error(
      `${name}.avsc can't read what an older version wrote: ${error instanceof Error ? error.message : String(error)}`,
    );
    process.exit(1);
  }
  lastId += 1;
  freeze(name, versions + 1, lastId, schema);
  ids[name] = { ...ids[name], [versions + 1]: lastId };
  console.log(`${name} version ${versions + 1} has id ${lastId}`);
}
writeJson(idsFile, ids satisfies SchemaIds);
