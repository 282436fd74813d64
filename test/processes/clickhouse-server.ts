import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { DataFormat } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import type { ProfileSetting } from '../clickhouse/access-profile.ts';
import { exceptionAnswer, ServerError } from '../clickhouse/server-error.ts';
import { readRequest, type StatementRequest } from '../clickhouse/statement-request.ts';
import { report, taskOfThisProcess } from './remote-process.ts';

/**
 * ClickHouse's HTTP interface over the engine in this process, as far as @clickhouse/client uses it; formats and exceptions are the engine's own. It
 * lets the HTTP side be tested, with its accidents, where no server can be had. It has the user `default`, who may do everything, and those of the
 * task with their settings profiles. `POST /-/lose-answers` carries out the next insert and breaks the connection instead of answering.
 */
export interface ClickhouseServerTask {
  readonly path: string;
  /** 0: any free one. */
  readonly port: number;
  readonly users: readonly {
    readonly name: string;
    readonly password: string;
    readonly profile: readonly ProfileSetting[];
  }[];
}

const { path, port, users } = taskOfThisProcess<ClickhouseServerTask>();
let answersToLose = 0;

const server = createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    const { status, code, text } = exceptionAnswer(error);
    response.writeHead(status, { 'X-ClickHouse-Exception-Code': String(code), 'Content-Type': 'text/plain' });
    response.end(text);
  });
});
server.listen(port, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') void report({ port: address.port });
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/ping') return void response.end('Ok.\n');
  if (request.url === '/-/lose-answers') {
    answersToLose++;
    return void response.end();
  }
  const asked = await readRequest(request);
  const answer = await run(asked, request.method === 'GET');
  if (answersToLose > 0 && /^\s*INSERT/i.test(asked.statement)) {
    answersToLose--;
    return void request.socket.destroy();
  }
  response.setHeader('X-ClickHouse-Format', asked.format);
  response.setHeader('X-ClickHouse-Summary', '{}');
  response.end(answer);
}

type Connection = ReturnType<typeof createChdbConnection>;
/** Sessions by what is set on them. Opening one takes some 40 ms. */
const idle = new Map<string, Connection[]>();
/** Differs with every insert. */
const ofStatement = 'insert_deduplication_token';

/** No request sees what another one set, and none runs on a session after a failure. */
async function run(asked: StatementRequest, isGet: boolean): Promise<Buffer> {
  const profile = profileOf(asked);
  for (const [name, value] of asked.settings) judgeChange(profile, name, value);
  const changed = [...asked.settings].map(([name, value]) => ({ name, value }));
  if (isGet) changed.push({ name: 'readonly', value: '1' });
  // What a profile says already is no change, which the engine would refuse once it is read-only.
  const lasting = changed.filter(
    ({ name, value }) => name !== ofStatement && !profile.some((own) => own.name === name && own.value === value),
  );
  const token = asked.settings.get(ofStatement);
  const key = JSON.stringify([asked.database, profile, lasting, token !== undefined]);
  const connection = idle.get(key)?.pop() ?? (await open(asked.database, profile, lasting));
  try {
    if (token !== undefined) await setAll(connection, [{ name: ofStatement, value: token }]);
    const { stream } = await connection.query({
      query: asked.statement,
      clickhouse_settings: { default_format: asked.format as DataFormat },
      ...(Object.keys(asked.parameters).length > 0 && { query_params: asked.parameters }),
    });
    const answer = await buffer(stream);
    idle.set(key, [...(idle.get(key) ?? []), connection]);
    return answer;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

type Setting = Pick<ProfileSetting, 'name' | 'value'>;

async function open(database: string, profile: readonly Setting[], settings: readonly Setting[]): Promise<Connection> {
  const connection = createChdbConnection({ path });
  try {
    await setAll(connection, profile);
    await connection.command({ query: `USE ${database}` });
    await setAll(connection, settings);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function profileOf({ user, password }: StatementRequest): readonly ProfileSetting[] {
  if (user === 'default' && password === '') return [];
  const found = users.find(({ name }) => name === user);
  if (found?.password === password) return found.profile;
  throw new ServerError(516, 'AUTHENTICATION_FAILED', `${user}: Authentication failed: password is incorrect`);
}

/** The engine keeps no profiles: what a profile forbids to change is refused here, as the server would. */
function judgeChange(profile: readonly ProfileSetting[], name: string, value: string): void {
  const own = profile.find((setting) => setting.name === name);
  if (own === undefined || own.value === value) return;
  if (own.isConst) throw new ServerError(452, 'SETTING_CONSTRAINT_VIOLATION', `Setting ${name} should not be changed`);
  if (own.most === null || Number(value) <= own.most) return;
  const message = `Setting ${name} shouldn't be greater than ${own.most}`;
  throw new ServerError(452, 'SETTING_CONSTRAINT_VIOLATION', message);
}

/** `readonly` comes last: after it nothing, or little, can be set. */
async function setAll(connection: Connection, settings: readonly Setting[]): Promise<void> {
  if (settings.length === 0) return;
  const inOrder = settings.toSorted((a, b) => Number(a.name === 'readonly') - Number(b.name === 'readonly'));
  await connection.command({ query: `SET ${inOrder.map(assignment).join(', ')}` });
}

function assignment({ name, value }: Setting): string {
  return `${name} = ${/^[\d.]+$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`}`;
}
