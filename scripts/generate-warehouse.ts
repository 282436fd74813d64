/**
 * Reads `schemas/avro/*.avsc` and writes, so that tables and rows agree by construction: `dashboards/warehouse/sunk.sql` (the view over all tables) and
 * `streams/processors/warehouse-columns.ts` (which field goes into which column). `--check` writes nothing and exits 1 if a file on disk differs;
 * `--tables` prints the tables themselves (one raw table a record), which is what `dashboards/warehouse/migrations/` must lead to.
 *
 * Rules: nested records become columns with the path as prefix, except `inlined` ones; arrays of flat records become arrays of
 * named tuples; anything deeper is JSON text. What identifies a person outside `user_key` is not kept, since the warehouse does not forget.
 */
import { readFileSync, writeFileSync } from 'node:fs';

type Avro =
  | string
  | Avro[]
  | { type: string; name?: string; fields?: Field[]; items?: Avro; values?: Avro; symbols?: string[] };
interface Field {
  name: string;
  type: Avro;
  doc: string;
}
interface Column {
  name: string;
  path: string[];
  /** How a value becomes a cell. */
  as: 'value' | 'time' | 'json';
  type: string;
  doc: string;
}

const schemaDir = new URL('../schemas/avro/', import.meta.url);
const targets = {
  sunk: new URL('../dashboards/warehouse/sunk.sql', import.meta.url),
  columns: new URL('../streams/processors/warehouse-columns.ts', import.meta.url),
};
/** Records whose fields stand in the table under their own names. */
const inlined = new Set(['Billing', 'Beacon', 'Change', 'Entry']);
/** Records that are kept as JSON text: rules for machines, not for sums. */
const asJson = new Set(['Targeting']);
/** Never enters the warehouse: keyed hashes of persons, raw bytes of what could not be read, hashes of no use in reports, weights and examples of models. */
const omitted = new Set([
  'PersonSeen.person_hash',
  'PersonSeen.segments',
  'PersonForgotten.person_hash',
  'Quarantined.bytes',
  'Quarantined.source_key',
  'Entry.chain_hash',
  'ModelPublished.click_weights',
  'ModelPublished.view_weights',
  'ExamplesJoined.examples',
]);
/** Columns that every table has; a field of that name gets another. */
const position = new Set(['topic', 'shard', 'offset', 'appended_at']);
const lowCardinality =
  /^(advertiser_id|campaign_id|line_item_id|creative_id|publisher_id|placement_id|.*currency|node|boot|.*_node|.*_boot|.*_day|day|tier|truth|kind|.*account|.*_period|period|rule|category|code|processor|channel|device_type|os|language|country|region|city|format|consent|consent_reason|key_id|pacing|allocator|ticker|set_by|.*_by|time_zone|zone|source_topic|site_domain|app_bundle)$/;
const times = /(_at|^advanced_to|^fold_time)$/;

const named = new Map<string, Avro>();

function resolve(schema: Avro): Avro {
  return typeof schema === 'string' ? (named.get(schema.replace('adtally.', '')) ?? schema) : schema;
}

function collect(schema: Avro): void {
  if (typeof schema === 'string') return;
  if (Array.isArray(schema)) return schema.forEach(collect);
  if (schema.name) named.set(schema.name, schema);
  for (const field of schema.fields ?? []) collect(field.type);
  if (schema.items) collect(schema.items);
  if (schema.values) collect(schema.values);
}

function primitive(type: string, name: string): string {
  const long = times.test(name) ? 'DateTime64(3)' : 'Int64';
  const types: Record<string, string> = { int: 'Int32', long, boolean: 'Bool', double: 'Float64', string: 'String' };
  const found = types[type];
  if (!found) throw new Error(`no column type for ${type} (${name})`);
  return found === 'String' && lowCardinality.test(name) ? 'LowCardinality(String)' : found;
}

function nullable(type: string): string {
  return type.startsWith('LowCardinality') ? 'LowCardinality(Nullable(String))' : `Nullable(${type})`;
}

/** Type of the elements of an array of records without nesting, or null if it must be JSON. */
function tupleOf(schema: Avro): string | null {
  const item = resolve(schema);
  if (typeof item === 'string' || Array.isArray(item) || item.type !== 'record') return null;
  const parts = (item.fields ?? []).map((field) => {
    const type = resolve(field.type);
    return typeof type === 'string' ? `${field.name} ${type === 'long' ? 'Int64' : primitive(type, '')}` : null;
  });
  return parts.includes(null) ? null : `Tuple(${parts.join(', ')})`;
}

/** Where a field stands: the record that owns it, the path to that record, the prefix of its columns, and whether it may be absent. */
interface Around {
  owner: string;
  path: string[];
  prefix: string;
  optional: boolean;
}

function columnsOf(field: Field, { owner, path, prefix, optional }: Around): Column[] {
  if (omitted.has(`${owner}.${field.name}`)) return [];
  let schema = resolve(field.type);
  let maybe = optional;
  if (Array.isArray(schema)) {
    maybe = true;
    schema = resolve(schema.find((branch) => branch !== 'null') ?? 'null');
  }
  const here = [...path, field.name];
  const name =
    prefix === '' && field.name === 'shard'
      ? `${owner === 'Billing' ? 'billing' : 'spend'}_shard`
      : prefix + field.name;
  const column = (as: Column['as'], type: string): Column[] => [{ name, path: here, as, type, doc: field.doc }];
  if (typeof schema === 'string') {
    const type = primitive(schema, field.name);
    return column(type === 'DateTime64(3)' ? 'time' : 'value', maybe ? nullable(type) : type);
  }
  if (Array.isArray(schema)) throw new Error(`union within a union at ${name}`);
  if (schema.type === 'enum') return column('value', maybe ? nullable('LowCardinality') : 'LowCardinality(String)');
  if (schema.type === 'map')
    return column('value', `Map(String, ${primitive(resolve(schema.values ?? '') as string, '')})`);
  if (schema.type === 'array') return arrayColumn(column, schema.items ?? '');
  if (asJson.has(schema.name ?? '')) return column('json', 'String');
  const below: Around = {
    owner: schema.name ?? '',
    path: here,
    prefix: inlined.has(schema.name ?? '') ? prefix : `${name}_`,
    optional: maybe,
  };
  return (schema.fields ?? []).flatMap((inner) => columnsOf(inner, below));
}

function arrayColumn(column: (as: Column['as'], type: string) => Column[], items: Avro): Column[] {
  const item = resolve(items);
  if (typeof item === 'string') return column('value', `Array(${primitive(item, '')})`);
  const tuple = tupleOf(items);
  return tuple === null ? column('json', 'String') : column('value', `Array(${tuple})`);
}

/** Gives every column its own name: the shallowest keeps the short one, a deeper one gets its path. */
function distinct(columns: Column[]): Column[] {
  const taken = new Set(position);
  const result = new Map<Column, string>();
  for (const column of columns.toSorted((a, b) => a.path.length - b.path.length)) {
    const name = taken.has(column.name) ? column.path.join('_') : column.name;
    if (taken.has(name)) throw new Error(`two columns of the name ${name}`);
    taken.add(name);
    result.set(column, name);
  }
  return columns.map((column) => ({ ...column, name: result.get(column) ?? column.name }));
}

function snake(name: string): string {
  return name.replace(/(?!^)([A-Z])/g, '_$1').toLowerCase();
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll(';', ',')}'`;
}

/**
 * How a column is kept: in half the bytes of the default (docs/decisions/0021). Ids are hexadecimal text, of which only an entropy coder makes
 * half; offsets count up by one.
 */
function codec(name: string): string {
  return name === 'offset' ? 'CODEC(DoubleDelta, ZSTD(1))' : 'CODEC(ZSTD(1))';
}

function columnLine(name: string, type: string, doc: string): string {
  return `  ${name} ${type} COMMENT ${quoted(doc)} ${codec(name)}`;
}

const positionLines = [
  columnLine('topic', 'LowCardinality(String)', 'Topic of the log.'),
  columnLine('shard', 'Int32', 'Shard of the topic.'),
  columnLine('offset', 'Int64', 'Offset in the shard: with the shard the identity of the row.'),
  columnLine('appended_at', 'DateTime64(3)', 'Clock of whoever appended it, information only.'),
];

/** A month a partition: what a table is to forget is dropped by whole parts. A copy of a row carries the same time, so it meets the first. */
function tableOf(name: string, doc: string, { lines, key }: { lines: string[]; key: string }): string {
  return `CREATE TABLE IF NOT EXISTS adtally.${name} (
${lines.join(',\n')}
) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(appended_at) ORDER BY (${key})
SETTINGS max_suspicious_broken_parts = 1000000, max_suspicious_broken_parts_bytes = 1000000000000, ttl_only_drop_parts = 1
COMMENT ${quoted(doc)};
`;
}

function ddl(record: string, doc: string, columns: Column[]): string {
  const lines = [...positionLines, ...columns.map(({ name, type, doc: text }) => columnLine(name, type, text))];
  if (columns.some(({ name }) => name === 'selection_id'))
    lines.push('  INDEX by_selection selection_id TYPE bloom_filter(0.01) GRANULARITY 1');
  if (columns.some(({ name }) => name === 'selected_at'))
    lines.push('  INDEX by_time selected_at TYPE minmax GRANULARITY 1');
  return tableOf(snake(record), doc, { lines, key: 'shard, offset' });
}

function plan(record: string, columns: Column[]): string {
  const cells = columns.map(({ name, as, path }) => `['${name}', '${as}', '${path.join('.')}']`);
  // As the formatter would have it.
  const list =
    cells.length === 1 ? `[${cells.join('')}]` : `[\n${cells.map((cell) => `      ${cell},\n`).join('')}    ]`;
  return `  ${record}: {\n    table: '${snake(record)}',\n    columns: ${list},\n  },\n`;
}

const topics = JSON.parse(readFileSync(new URL('topics.json', schemaDir), 'utf8')) as Record<string, string[]>;
const records = Object.entries(topics).flatMap(([topic, names]) => (topic === 'ledger' ? [] : names));
const schemas = records.map((name) => {
  const text = readFileSync(new URL(`${name}.avsc`, schemaDir), 'utf8');
  return JSON.parse(text) as { name: string; doc: string; fields: Field[] } & Avro;
});
schemas.forEach(collect);
const built = schemas.map((schema) => ({
  name: schema.name,
  doc: schema.doc,
  columns: distinct(
    schema.fields.flatMap((field) => columnsOf(field, { owner: schema.name, path: [], prefix: '', optional: false })),
  ),
}));

const notice = 'Generated from schemas/avro by `node scripts/generate-warehouse.ts`. Do not edit: change the .avsc.';
const unreadable = tableOf(
  'unreadable',
  'Records that could not be decoded, so that counts by topic and shard still agree with the log.',
  {
    lines: [
      ...positionLines,
      columnLine('code', 'LowCardinality(String)', 'UNREADABLE_RECORD (corrupt or truncated) or UNKNOWN_SCHEMA.'),
      columnLine('reason', 'String', 'One sentence.'),
      columnLine('byte_length', 'Int64', 'Length of the record, the bytes stay in the log.'),
      columnLine('sha256', 'String', 'Of the bytes, hex.'),
    ],
    key: 'topic, shard, offset',
  },
);
const everyTable = [...built.map((table) => snake(table.name)), 'unreadable'];
const positions = everyTable.map((table) => `SELECT topic, shard, offset, appended_at FROM adtally.${table}`);
const tables = [...built.map((table) => ddl(table.name, table.doc, table.columns)), unreadable].join('\n');
const outputs = {
  sunk: `-- ${notice}\n\nCREATE OR REPLACE VIEW adtally.sunk AS\n${positions.join('\nUNION ALL ')}\nCOMMENT 'Where every row of every table stands in the log.';\n`,
  columns: `// ${notice}\n\n/** Table of a record, and for each column: how the value becomes a cell, and where it lies in the record. */\nexport const warehouseTables = {\n${built.map((table) => plan(table.name, table.columns)).join('')}} as const;\n`,
};

if (process.argv.includes('--tables')) process.stdout.write(tables);
else
  for (const kind of ['sunk', 'columns'] as const) {
    if (!process.argv.includes('--check')) writeFileSync(targets[kind], outputs[kind]);
    else if (readFileSync(targets[kind], 'utf8') !== outputs[kind]) {
      console.error(`${targets[kind].pathname} differs from schemas/avro: run \`node scripts/generate-warehouse.ts\``);
      process.exitCode = 1;
    }
  }
