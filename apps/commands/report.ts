import { parseArgs } from 'node:util';
import type { ReportResult } from '../../dashboards/reports/run-report.ts';
import { AdtallyError } from '../../domain/errors.ts';
import type { ConsoleClient } from '../../simulate/console-client.ts';
import { consoleOptions, consoleUsage, withConsole } from '../console-connection.ts';
import { type Command, exitCodes } from '../exit-codes.ts';
import { cellText, textTable } from '../text-table.ts';

const usage = `adtally report                      the named reports, with their parameters
adtally report NAME [parameter=value …]
adtally report --sql 'SELECT …'

  from=-24h to=now campaign_id=cmp_…   parameters as the list names them; times are RFC 3339, now, or back from now
  --sql SQL        an analyst's own query over the tables of adtally, read-only
  --csv            comma-separated values
  --json           the answer as the console gives it
${consoleUsage}

Needs the key of an analyst or admin.`;

export const command: Command = { usage, run };

const options = {
  ...consoleOptions,
  sql: { type: 'string' },
  csv: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

interface Form {
  readonly csv: boolean;
  readonly json: boolean;
}

interface Listed {
  readonly name: string;
  readonly title: string;
  readonly parameters: readonly { readonly name: string; readonly default: string; readonly description: string }[];
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const form: Form = { csv: values.csv ?? false, json: values.json ?? false };
  await withConsole(values, readQuestion(positionals, values.sql, form));
  return exitCodes.tallies;
}

/** What is asked. Error: `VALIDATION_FAILED`, naming the argument that does not fit. */
function readQuestion(
  [name, ...given]: readonly string[],
  sql: string | undefined,
  form: Form,
): (client: ConsoleClient) => Promise<void> {
  if (form.csv && form.json) throw invalid('--csv or --json, not both');
  if (form.csv && (name === undefined || sql !== undefined)) throw invalid('--csv goes with named reports alone');
  if (sql !== undefined) {
    if (name !== undefined) throw invalid(`--sql stands alone, not with ${JSON.stringify(name)}`);
    return (client) => query(client, sql, form);
  }
  if (name === undefined) return (client) => list(client, form);
  const path = `/v1/reports/${encodeURIComponent(name)}?${parametersOf(given)}`;
  return (client) => named(client, path, form);
}

function invalid(sentence: string): AdtallyError {
  return new AdtallyError('VALIDATION_FAILED', sentence);
}

function parametersOf(given: readonly string[]): string {
  const pairs = given.map((pair) => {
    const [, name, value] = /^([a-z_]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined) {
      throw invalid(`a parameter is name=value, not ${JSON.stringify(pair)}`);
    }
    return [name, value] as [string, string];
  });
  return String(new URLSearchParams(pairs));
}

async function list(client: ConsoleClient, { json }: Form): Promise<void> {
  const answer = await client.get<{ items: readonly Listed[] }>('/v1/reports');
  if (json) return write(`${JSON.stringify(answer, null, 2)}\n`);
  for (const { name, title, parameters } of answer.items) {
    write(`${name}\n  ${title}\n`);
    for (const parameter of parameters) {
      write(`    ${`${parameter.name}=${parameter.default}`.padEnd(24)} ${parameter.description}\n`);
    }
  }
}

async function named(client: ConsoleClient, path: string, { csv, json }: Form): Promise<void> {
  if (csv) return write(await client.getText(path, 'text/csv'));
  const answer = await client.get<ReportResult>(path);
  if (json) return write(`${JSON.stringify(answer, null, 2)}\n`);
  const used = Object.entries(answer.parameters).map(([parameter, value]) => `${parameter}=${value}`);
  write(`${answer.title}\n${used.join(' ')}\n\n`);
  writeTable(answer.columns, answer.rows);
}

async function query(client: ConsoleClient, sql: string, { json }: Form): Promise<void> {
  const answer = await client.post<Pick<ReportResult, 'rows'> & { columns: readonly { readonly name: string }[] }>(
    '/v1/reports/query',
    { sql },
    'report',
  );
  if (json) return write(`${JSON.stringify(answer, null, 2)}\n`);
  writeTable(answer.columns, answer.rows);
}

function writeTable(columns: readonly { readonly name: string }[], rows: ReportResult['rows']): void {
  const names = columns.map(({ name }) => name);
  const cells = rows.map((row) => names.map((name) => cellText(row[name])));
  write(rows.length === 0 ? '(no rows)\n' : textTable(names, cells));
}

function write(text: string): void {
  process.stdout.write(text);
}
