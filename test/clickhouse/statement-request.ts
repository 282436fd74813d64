import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** What one request of ClickHouse's HTTP interface asks for. */
export interface StatementRequest {
  readonly user: string;
  readonly password: string;
  /** The statement, with its data if it is an insert. */
  readonly statement: string;
  readonly database: string;
  readonly format: string;
  readonly settings: ReadonlyMap<string, string>;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Names in the URL that belong to the interface, not to the statement. */
const notSettings = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'session_id',
  'wait_end_of_query',
  'user',
  'password',
]);

/** Reads a request: the statement in the body, or in `query` with data in the body; `database`, settings and `param_*` in the URL. */
export async function readRequest(request: IncomingMessage): Promise<StatementRequest> {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const body = (await buffer(request)).toString('utf8');
  const inUrl = searchParams.get('query');
  const named = [...searchParams];
  return {
    ...credentialsOf(request, searchParams),
    statement: inUrl === null ? body : body === '' ? inUrl : `${inUrl}\n${body}`,
    database: searchParams.get('database') ?? 'default',
    format: searchParams.get('default_format') ?? 'TabSeparated',
    settings: new Map(named.filter(([name]) => !notSettings.has(name) && !name.startsWith('param_'))),
    parameters: Object.fromEntries(
      named
        .filter(([name]) => name.startsWith('param_'))
        .map(([name, value]) => [name.slice('param_'.length), unescaped(value)]),
    ),
  };
}

function credentialsOf(request: IncomingMessage, search: URLSearchParams): { user: string; password: string } {
  const [scheme, encoded = ''] = (request.headers.authorization ?? '').split(' ');
  if (scheme === 'Basic') {
    const [user = '', ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
    return { user, password: password.join(':') };
  }
  return { user: search.get('user') ?? 'default', password: search.get('password') ?? '' };
}

/** Values come escaped as in tab-separated text. */
function unescaped(value: string): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0', b: '\b', f: '\f' };
  return value.replaceAll(/\\(.)/gs, (_, escaped: string) => escapes[escaped] ?? escaped);
}
