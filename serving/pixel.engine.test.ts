import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openServeWorld, type ServeWorld } from '../test/serve-world.ts';
import { sampleBilling, sampleToken } from '../test/serving-world.ts';

let world: ServeWorld;
let port: number;

beforeEach(async () => {
  world = await openServeWorld();
  await world.app.listen({ host: '127.0.0.1', port: 0 });
  port = (world.app.server.address() as AddressInfo).port;
});

afterEach(() => world.app.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Over a socket, as it stands: no client tidies the path up. */
function overSocket(path: string, headers: Record<string, string>, method: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, headers, method, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks).toString('latin1'),
        }),
      );
    });
    call.once('error', reject).end();
  });
}

/** What counts of an answer, and what was recorded meanwhile. */
async function outcome(ask: () => Promise<Answer>): Promise<unknown> {
  world.buffer.entries.length = 0;
  const { status, headers, body } = await ask();
  const { date: _date, connection: _connection, 'keep-alive': _keepAlive, ...rest } = headers;
  const recorded = world.buffer.decoded().map(({ record }) => {
    const reason = record.name === 'Quarantined' ? record.value.code : '';
    return `${record.name} ${reason}`;
  });
  return { status, headers: rest, body, recorded };
}

let selections = 0;
const token = () => sampleToken(sampleBilling((selections += 1)), world.keys.current());
interface Case {
  readonly path: () => string;
  readonly headers?: Record<string, string>;
  readonly method?: 'GET' | 'HEAD' | 'POST';
}

const cases: readonly (readonly [name: string, ask: Case])[] = [
  ['a genuine beacon', { path: () => `/v1/b/impression/${token()}` }],
  ['a cache buster', { path: () => `/v1/b/impression/${token()}?cb=1/2` }],
  ['an empty query', { path: () => `/v1/b/viewable/${token()}?` }],
  ['percent-encoding', { path: () => `/v1/b/%69mpression/${token()}` }],
  ['bad percent-encoding', { path: () => '/v1/b/impression/%zz' }],
  ['a prefetch', { path: () => `/v1/b/impression/${token()}`, headers: { 'sec-purpose': 'prefetch' } }],
  ['HEAD', { path: () => `/v1/b/impression/${token()}`, headers: {}, method: 'HEAD' }],
  ['POST', { path: () => `/v1/b/impression/${token()}`, headers: { 'content-length': '0' }, method: 'POST' }],
  ['a kind that is not allowed', { path: () => `/v1/b/click/${token()}` }],
  ['an unknown event', { path: () => `/v1/b/nothing/${token()}` }],
  ['no event', { path: () => `/v1/b//${token()}` }],
  ['no token', { path: () => '/v1/b/impression/' }],
  ['no token but a query', { path: () => '/v1/b/impression/?a/b' }],
  ['neither', { path: () => '/v1/b/' }],
  ['a query in the place of the token', { path: () => '/v1/b/impression?x' }],
  ['one part too many', { path: () => `/v1/b/impression/${token()}/x` }],
  ['a slash at the end', { path: () => `/v1/b/impression/${token()}/` }],
  ['a path upwards', { path: () => '/v1/b/impression/..' }],
  ['a fragment', { path: () => '/v1/b/impression/a#b' }],
  ['a semicolon', { path: () => '/v1/b/impression/a;b=c' }],
  ['a token of 9,000 letters', { path: () => `/v1/b/impression/${'a'.repeat(9_000)}` }],
  ['another path that begins alike', { path: () => '/v1/beacons' }],
];

describe('The pixel in front of the router', () => {
  it.each(cases)(
    'answers and records as the route itself does: %s',
    async (_name, { path, headers = {}, method = 'GET' }) => {
      const socket = await outcome(() => overSocket(path(), headers, method));
      const route = await outcome(async () => {
        const answer = await world.app.inject({ url: path(), headers, method });
        return { status: answer.statusCode, headers: answer.headers, body: answer.rawPayload.toString('latin1') };
      });
      expect(socket).toEqual(route);
    },
  );

  it('takes the code of an error for its number, of no other kind, in front and behind', async () => {
    const ordinals = async (path: string) => {
      world.buffer.entries.length = 0;
      await overSocket(path, {}, 'GET');
      await world.app.inject({ url: path });
      return world.buffer
        .decoded()
        .flatMap(({ record }) => ('beacon' in record.value ? [record.value.beacon.ordinal] : []));
    };
    expect(await ordinals(`/v1/b/error/${token()}?a=1&code=303`)).toEqual([303, 303]);
    expect(await ordinals(`/v1/b/error/${token()}?code=[ERRORCODE]`)).toEqual([0, 0]);
    expect(await ordinals(`/v1/b/error/${token()}?code=3030`)).toEqual([0, 0]);
    expect(await ordinals(`/v1/b/error/${token()}`)).toEqual([0, 0]);
    expect(await ordinals(`/v1/b/mute/${token()}?code=303`)).toEqual([0, 0]);
  });

  it('says 503 when the beacon could not be kept, and that any origin may read it', async () => {
    world.buffer.full = true;
    const answer = await overSocket(`/v1/b/impression/${token()}`, {}, 'GET');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([503, 'BUFFER_FULL']);
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': '*', 'retry-after': '1' });
  });

  it('says 500 and tells us why if it breaks, and goes on', async () => {
    const { keys } = world;
    keys.all = () => {
      throw new TypeError('broken');
    };
    const answer = await overSocket(`/v1/b/impression/${sampleToken(sampleBilling(), keys.current())}`, {}, 'GET');
    expect([answer.status, JSON.parse(answer.body).detail]).toEqual([500, 'an internal error']);
    expect(world.errors).toMatchObject([{ message: 'broken' }]);
    expect((await overSocket('/healthz', {}, 'GET')).status).toBe(200);
  });
});
