import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { DataFormat } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';

/**
 * ClickHouse's HTTP interface over the engine in this process, as far as @clickhouse/client uses it: the statement in the body, or in `query` with
 * data in the body; settings, `database` and `param_*` in the URL. It lets the HTTP side of the adapter be tested where no server is.
 */
export async function serveChdb(path: string): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    answer(path, request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(exceptionText(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, close: () => closed(server) };
}

/** As the server writes it. */
function exceptionText(error: unknown): string {
  if (!(error instanceof Error && 'code' in error && 'type' in error)) return String(error);
  return `Code: ${String(error.code)}. DB::Exception: ${error.message} (${String(error.type)}) (version 0.0)`;
}

const notSettings = new Set(['query', 'query_id', 'database', 'default_format', 'session_id', 'wait_end_of_query']);

async function answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const body = (await buffer(request)).toString('utf8');
  const inUrl = searchParams.get('query');
  const statement = inUrl === null ? body : body === '' ? inUrl : `${inUrl}\n${body}`;
  const connection = createChdbConnection({ path });
  try {
    await connection.command({ query: `USE ${searchParams.get('database') ?? 'default'}` });
    for (const set of settingsOf(searchParams)) await connection.command({ query: set });
    const format = (searchParams.get('default_format') ?? 'TabSeparated') as DataFormat;
    const params = parametersOf(searchParams);
    const { stream } = await connection.query({
      query: statement,
      clickhouse_settings: { default_format: format },
      ...(Object.keys(params).length > 0 && { query_params: params }),
    });
    response.setHeader('X-ClickHouse-Format', format);
    response.end(await buffer(stream));
  } finally {
    await connection.close();
  }
}

function settingsOf(search: URLSearchParams): string[] {
  const settings = [...search].filter(([name]) => !notSettings.has(name) && !name.startsWith('param_'));
  const last = settings.toSorted(([a], [b]) => Number(a === 'readonly') - Number(b === 'readonly'));
  return last.map(([name, value]) => `SET ${name} = ${/^[\d.]+$/.test(value) ? value : `'${value}'`}`);
}

/** Values come escaped as in tab-separated text. */
function parametersOf(search: URLSearchParams): Record<string, string> {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0', b: '\b', f: '\f' };
  const found = [...search].filter(([name]) => name.startsWith('param_'));
  return Object.fromEntries(
    found.map(([name, value]) => [
      name.slice('param_'.length),
      value.replaceAll(/\\(.)/gs, (_, escaped: string) => escapes[escaped] ?? escaped),
    ]),
  );
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
}
