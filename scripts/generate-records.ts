/**
 * Writes `domain/records.ts` from `schemas/avro/*.avsc`: the Avro files are the only place where a record is
 * defined. `--check` writes nothing and exits 1 if the file on disk differs.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

type Avro =
  | string
  | Avro[]
  | {
      type: string;
      name?: string;
      doc?: string;
      symbols?: string[];
      items?: Avro;
      values?: Avro;
      fields?: { name: string; type: Avro; doc: string }[];
    };

const schemaDir = new URL('../schemas/avro/', import.meta.url);
const target = new URL('../domain/records.ts', import.meta.url);
const primitives: Record<string, string> = {
  string: 'string',
  int: 'number',
  long: 'number',
  double: 'number',
  boolean: 'boolean',
  bytes: 'Uint8Array',
  null: 'null',
};
const declared = new Map<string, string>();

function typeOf(schema: Avro): string {
  if (typeof schema === 'string') return primitives[schema] ?? schema.replace('adtally.', '');
  if (Array.isArray(schema)) return schema.map(typeOf).reverse().join(' | ');
  if (schema.type === 'array') return `readonly ${wrap(typeOf(schema.items as Avro))}[]`;
  if (schema.type === 'map') return `Readonly<Record<string, ${typeOf(schema.values as Avro)}>>`;
  if (schema.type === 'enum') declare(schema.name ?? '', enumSource(schema));
  if (schema.type === 'record') declare(schema.name ?? '', recordSource(schema));
  return schema.name ?? '';
}

function wrap(type: string): string {
  return type.includes(' ') ? `(${type})` : type;
}

function enumSource(schema: { name?: string; doc?: string; symbols?: string[] }): string {
  const symbols = (schema.symbols ?? []).map((symbol) => `'${symbol}'`).join(', ');
  return `/** ${schema.doc} */\nexport const ${schema.name} = [${symbols}] as const;\nexport type ${schema.name} = (typeof ${schema.name})[number];\n`;
}

function recordSource(schema: {
  name?: string;
  doc?: string;
  fields?: { name: string; type: Avro; doc: string }[];
}): string {
  const fields = (schema.fields ?? []).map(
    (field) => `  /** ${field.doc} */\n  readonly ${field.name}: ${typeOf(field.type)};\n`,
  );
  return `/** ${schema.doc} */\nexport interface ${schema.name} {\n${fields.join('')}}\n`;
}

function declare(name: string, source: string): void {
  const known = declared.get(name);
  if (known !== undefined && known !== source) throw new Error(`type ${name} is defined twice, differently`);
  declared.set(name, source);
}

const topics = JSON.parse(readFileSync(new URL('topics.json', schemaDir), 'utf8')) as Record<string, string[]>;
for (const file of readdirSync(schemaDir)
  .filter((name) => name.endsWith('.avsc'))
  .sort()) {
  typeOf(JSON.parse(readFileSync(new URL(file, schemaDir), 'utf8')) as Avro);
}
const names = Object.values(topics).flat();
const output = [
  '// Generated from schemas/avro by `npm run schemas`. Do not edit: change the .avsc.\n',
  ...declared.values(),
  `/** Every record by its name. */\nexport interface RecordTypes {\n${names.map((name) => `  ${name}: ${name};\n`).join('')}}\nexport type RecordName = keyof RecordTypes;\n`,
  `/** A decoded record with its name. */\nexport type AnyRecord = { [N in RecordName]: { readonly name: N; readonly value: RecordTypes[N] } }[RecordName];\n`,
  `/** Which records a topic holds; 'ledger' is the payload of ledger streams. */\nexport const topicRecords = {\n${Object.entries(
    topics,
  )
    .map(([topic, records]) => `  ${topic}: [${records.map((name) => `'${name}'`).join(', ')}],\n`)
    .join(
      '',
    )}} as const;\nexport type Topic = Exclude<keyof typeof topicRecords, 'ledger'>;\n/** The records of a topic, with their names. */\nexport type RecordOf<T extends Topic> = Extract<AnyRecord, { name: (typeof topicRecords)[T][number] }>;\n`,
].join('\n');

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== output) {
    console.error('domain/records.ts differs from schemas/avro: run `npm run schemas`');
    process.exit(1);
  }
} else writeFileSync(target, output);
