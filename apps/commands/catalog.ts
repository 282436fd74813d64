import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { entities } from '../../dashboards/catalog/entities.ts';
import { AdtallyError } from '../../domain/errors.ts';
import type { ConsoleClient, Json } from '../../simulate/console-client.ts';
import { consoleOptions, consoleUsage, withConsole } from '../console-connection.ts';
import { type Command, exitCodes } from '../exit-codes.ts';
import { cellText, textTable } from '../text-table.ts';

const kinds = entities.map(({ path }) => path);

const usage = `adtally catalog                       how many there are of each kind
adtally catalog list KIND             all of a kind
adtally catalog show ID               one of them, as it stands
adtally catalog publish KIND FILE     creates one from a JSON file (- for the standard input)

KIND is one of ${kinds.join(', ')}. Publishing the same file again with the same --once creates nothing more.

  --once TEXT      Idempotency-Key of a publication (default: none is kept beyond this call)
  --json           the answers as the console gives them
${consoleUsage}`;

export const command: Command = { usage, run };

const options = { ...consoleOptions, once: { type: 'string' }, json: { type: 'boolean' } } as const;

const idPrefixes: Readonly<Record<string, string>> = {
  adv: 'advertisers',
  cmp: 'campaigns',
  li: 'line-items',
  cr: 'creatives',
  pub: 'publishers',
  pl: 'placements',
};

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [verb = 'count', first = '', second = ''] = positionals;
  const json = values.json ?? false;
  await withConsole(values, async (client) => {
    if (verb === 'count') await count(client, json);
    else if (verb === 'list') await list(client, kindOf(first), json);
    else if (verb === 'show') await show(client, first);
    else if (verb === 'publish') await publish(client, { kind: kindOf(first), file: second, once: values.once });
    else throw new AdtallyError('VALIDATION_FAILED', `list, show or publish, not ${JSON.stringify(verb)}\n\n${usage}`);
  });
  return exitCodes.tallies;
}

function kindOf(text: string): string {
  if (kinds.includes(text)) return text;
  throw new AdtallyError('VALIDATION_FAILED', `KIND is one of ${kinds.join(', ')}, not ${JSON.stringify(text)}`);
}

async function allOf(client: ConsoleClient, kind: string): Promise<Json[]> {
  const items: Json[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: Json[]; next_cursor: string | null } = await client.get(`/v1/${kind}?limit=500${more}`);
    items.push(...page.items);
    cursor = page.next_cursor;
  }
  return items;
}

async function count(client: ConsoleClient, json: boolean): Promise<void> {
  const counts = await Promise.all(kinds.map(async (kind) => [kind, (await allOf(client, kind)).length] as const));
  write(json ? text(Object.fromEntries(counts)) : textTable(['kind', 'how many'], counts));
}

async function list(client: ConsoleClient, kind: string, json: boolean): Promise<void> {
  const items = await allOf(client, kind);
  if (json) return write(text({ items, next_cursor: null }));
  const idField = entities.find(({ path }) => path === kind)?.idField ?? 'id';
  const columns = [idField, ...shownColumns.filter((name) => name !== idField && items.some((item) => name in item))];
  write(
    textTable(
      columns,
      items.map((item) => columns.map((name) => cellText(item[name]))),
    ),
  );
}

const shownColumns = [
  'name',
  'status',
  'advertiser_id',
  'campaign_id',
  'line_item_id',
  'publisher_id',
  'currency',
  'time_zone',
  'budget_total_micros',
  'pricing_model',
  'bid_micros',
  'format',
  'floor_micros',
  'revision',
];

async function show(client: ConsoleClient, id: string): Promise<void> {
  const kind = idPrefixes[id.split('_', 1)[0] ?? ''];
  if (kind === undefined)
    throw new AdtallyError('VALIDATION_FAILED', `${JSON.stringify(id)} is no id of the catalogue`);
  write(text(await client.get(`/v1/${kind}/${encodeURIComponent(id)}`)));
}

async function publish(
  client: ConsoleClient,
  { kind, file, once }: { readonly kind: string; readonly file: string; readonly once: string | undefined },
): Promise<void> {
  if (file === '') throw new AdtallyError('VALIDATION_FAILED', `name a JSON file\n\n${usage}`);
  const body = readBody(file);
  write(text(await client.post(`/v1/${kind}`, body, once ?? `catalog-${process.pid}-${Date.now()}`)));
}

function readBody(file: string): Json {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8')) as Json;
  } catch (cause) {
    throw new AdtallyError('BAD_JSON', `${file}: ${(cause as Error).message}`, { cause });
  }
}

function text(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function write(line: string): void {
  process.stdout.write(line);
}
