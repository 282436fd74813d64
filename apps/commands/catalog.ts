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
  bd: 'bidders',
};

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  await withConsole(values, readQuestion(positionals, values));
  return exitCodes.tallies;
}

/** What is asked. Error: `VALIDATION_FAILED`, naming the argument that is missing, too much or not of its form. */
function readQuestion(
  [verb, ...names]: readonly string[],
  { json = false, once }: { readonly json?: boolean | undefined; readonly once?: string | undefined },
): (client: ConsoleClient) => Promise<void> {
  if (once !== undefined && verb !== 'publish') throw invalid('--once goes with publish');
  switch (verb) {
    case undefined:
      return (client) => count(client, json);
    case 'list': {
      const [kind = ''] = take(names, 1);
      checkKind(kind);
      return (client) => list(client, kind, json);
    }
    case 'show': {
      const [id = ''] = take(names, 1);
      const kind = kindOfId(id);
      return (client) => show(client, kind, id);
    }
    case 'publish': {
      const [kind = '', file = ''] = take(names, 2);
      checkKind(kind);
      if (file === '') throw invalid('FILE is missing: name a JSON file, or - for the standard input');
      const body = readBody(file);
      return (client) => publish(client, { kind, body, once });
    }
    default:
      throw invalid(`list, show or publish, not ${JSON.stringify(verb)}`);
  }
}

function invalid(sentence: string): AdtallyError {
  return new AdtallyError('VALIDATION_FAILED', sentence);
}

function take(names: readonly string[], most: number): readonly string[] {
  if (names.length > most) throw invalid(`${JSON.stringify(names[most])} is too much`);
  return names;
}

function checkKind(text: string): void {
  if (!kinds.includes(text)) throw invalid(`KIND is one of ${kinds.join(', ')}, not ${JSON.stringify(text)}`);
}

function kindOfId(id: string): string {
  const prefix = id.split('_', 1)[0] ?? '';
  const kind = Object.hasOwn(idPrefixes, prefix) ? idPrefixes[prefix] : undefined;
  if (kind === undefined) throw invalid(`ID is one of the catalogue, as adv_… or li_…, not ${JSON.stringify(id)}`);
  return kind;
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
  const counts: (readonly [string, number])[] = [];
  for (const kind of kinds) counts.push([kind, (await allOf(client, kind)).length]);
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

async function show(client: ConsoleClient, kind: string, id: string): Promise<void> {
  write(text(await client.get(`/v1/${kind}/${encodeURIComponent(id)}`)));
}

async function publish(
  client: ConsoleClient,
  { kind, body, once }: { readonly kind: string; readonly body: Json; readonly once: string | undefined },
): Promise<void> {
  write(text(await client.post(`/v1/${kind}`, body, once ?? `catalog-${process.pid}-${Date.now()}`)));
}

function readBody(file: string): Json {
  const sent = readFileSync(file === '-' ? 0 : file, 'utf8');
  try {
    return JSON.parse(sent) as Json;
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
