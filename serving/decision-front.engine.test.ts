import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { inventory, placement, supply } from '../test/decision-world.ts';
import { type DeskWorld, openDeskWorld } from '../test/desk-world.ts';
import { openServeWorld } from '../test/serve-world.ts';
import { Admission } from './admission.ts';
import { ClientReader } from './client.ts';
import { DecisionFront } from './decision-front.ts';
import { FloodGate } from './flood-gate.ts';
import { Overload } from './overload.ts';
import { registerDecisions } from './routes/decisions.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const chrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36';
const slot = { id: 's', placement_id: 'pl_1' };

let world: DeskWorld;
let app: FastifyInstance;
let overload: Overload;
let front: DecisionFront;
let waitedMs: number;

beforeEach(async () => {
  waitedMs = 0;
  const dear = { name: 'PlacementPublished' as const, value: placement(2, { publisher_id: 'pub_1' }) };
  world = openDeskWorld([...inventory(1), dear, ...supply(1, { campaign: { budget_total_micros: 9e15 } })]);
  const { desk, clock, index } = world;
  const errors: Error[] = [];
  const onError = (error: Error) => void errors.push(error);
  overload = new Overload({ random: createSeededRandom(1), fullTurnMs: 60 });
  const admission = new Admission({ overload, yields: desk.yields, catalog: index.catalog });
  const monotonicUs = () => clock.monotonicUs();
  let waitedUs = 0;
  const endOfTurn = (run: () => void) => {
    waitedUs += waitedMs * 1000;
    setImmediate(run);
  };
  front = new DecisionFront({
    desk,
    admission,
    monotonicUs: () => clock.monotonicUs() + waitedUs,
    endOfTurn,
    onError,
  });
  const clients = new ClientReader(['127.0.0.0/8']);
  const debugAllowed = (key: string) => key === 'secret';
  const gate = new FloodGate({
    limits: { addressPerSecond: 3, keyPerSecond: 0, connectionsPerAddress: 0 },
    trustedProxies: ['127.0.0.0/8'],
    knownKey: debugAllowed,
    nowMs: () => clock.monotonicUs() / 1000,
  });
  const timeouts = { headersMs: 3_000, requestMs: 6_000, keepAliveMs: 10_000, connections: 0 };
  const routes = [
    (scope: FastifyInstance) =>
      registerDecisions(scope, { desk, clients, monotonicUs, debugAllowed, admission, front }),
  ];
  ({ app } = await openServeWorld(['127.0.0.0/8'], { routes, fronts: [front], gate, timeouts, onError }));
  await app.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(() => app.close());

const port = () => (app.server.address() as AddressInfo).port;

function overSocket(body: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: port(), path: '/v1/decisions', method: 'POST', agent: false } as const;
    const call = request(
      { ...options, headers: { 'content-length': Buffer.byteLength(body), ...headers } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    call.once('error', reject);
    call.end(body);
  });
}

async function throughRoute(body: string, headers: Record<string, string>): Promise<Answer> {
  const answer = await app.inject({ method: 'POST', url: '/v1/decisions', headers, payload: body });
  return { status: answer.statusCode, headers: answer.headers, body: answer.body };
}

/** What counts of an answer, without what is another each time, and what was recorded meanwhile. */
async function outcome(ask: () => Promise<Answer>): Promise<unknown> {
  world.buffer.entries.length = 0;
  const { status, headers, body } = await ask();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const {
    date: _date,
    connection: _connection,
    'keep-alive': _keepAlive,
    'content-length': _length,
    ...rest
  } = headers;
  const told = body
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')
    .replaceAll(/\/v1\/(b\/[a-z_]+|click)\/[\w.-]+/g, 'token')
    .replaceAll(/%2Fv1%2F[\w.%-]+/g, 'token');
  return { status, headers: rest, told, recorded: world.buffer.decoded().map(({ record }) => record.name) };
}

const json = { 'content-type': 'application/json', 'user-agent': chrome };
const cases: readonly (readonly [name: string, body: unknown, headers?: Record<string, string>])[] = [
  ['a request', { slots: [slot] }],
  ['a type with its characters', { slots: [slot] }, { 'content-type': 'application/json; charset=utf-8' }],
  ['one that is explained', { slots: [slot], debug: true }, { authorization: 'Bearer secret' }],
  ['letters of many bytes', { slots: [{ ...slot, id: 'ö😀' }] }],
  ['an empty slot', { slots: [{ id: 'x', placement_id: 'pl_9' }] }],
  ['a person', { slots: [slot], user: { id: 'someone' }, consent: { gdpr: false } }],
  ['a robot', { slots: [slot] }, { 'user-agent': 'Mozilla/5.0 (compatible; bingbot/2.0)' }],
  ['a wrong field', { slots: [{ ...slot, count: 0 }] }],
  ['no JSON', 'nonsense'],
  ['a poisoned prototype', '{"slots":[{"id":"s","placement_id":"pl_1","__proto__":{}}]}'],
  ['an empty body', ''],
  ['another type', 'slots=1', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['text', JSON.stringify({ slots: [slot] }), { 'content-type': 'text/plain' }],
  ['a body too large', JSON.stringify({ slots: [slot], x: 'x'.repeat(70_000) })],
];

describe('Decisions in front of the router', () => {
  it.each(cases.map(([name, body, headers]) => ({ name, body, headers })))(
    'are answered and recorded as the route itself does: $name',
    async ({ body, headers = {} }) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const all = { ...json, ...headers };
      const socket = await outcome(() => overSocket(text, { ...all, 'x-forwarded-for': '192.0.2.1' }));
      expect(socket).toEqual(await outcome(() => throughRoute(text, { ...all, 'x-forwarded-for': '192.0.2.2' })));
    },
  );

  it('arrive in as many pieces as they like', async () => {
    const body = JSON.stringify({ slots: [slot] });
    const socket = connect(port(), '127.0.0.1');
    socket.write(
      `POST /v1/decisions HTTP/1.1\r\nHost: x\r\nUser-Agent: ${chrome}\r\nContent-Type: application/json\r\n`,
    );
    socket.write(`Content-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write(body.slice(9));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*"selection_id"/);
  });

  it('that arrive together are answered each by itself, whatever is wrong with one of them', async () => {
    const good = JSON.stringify({ slots: [slot] });
    const person = JSON.stringify({ slots: [slot], user: { id: 'someone' }, consent: { gdpr: false } });
    const trusted = { ...json, authorization: 'Bearer secret' };
    const bodies = [good, 'nonsense', person, good, JSON.stringify({ slots: [{ ...slot, count: 0 }] }), person, good];
    const answers = await Promise.all(bodies.map((body) => overSocket(body, trusted)));
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 200, 200, 400, 200, 200]);
    const ids = answers.flatMap(({ body }) => /"selection_id":"([^"]+)"/.exec(body)?.[1] ?? []);
    expect(new Set(ids).size).toBe(5);
    const recorded = world.buffer.decoded().map(({ record }) => record.value as { billing?: { selection_id: string } });
    expect(ids.every((id) => recorded.some(({ billing }) => billing?.selection_id === id))).toBe(true);
  });

  it('are shed when there is too much to do: 429 with Retry-After at once, but for the most valuable', async () => {
    const { desk } = world;
    const [cheap, dear] = ['pl_1', 'pl_2'].map((id) => world.index.catalog.placements.get(id));
    for (let number = 0; number < 50; number += 1) {
      desk.yields.note(cheap as never, { person: false, full: true }, 1_000_000);
      desk.yields.note(dear as never, { person: false, full: true }, 20_000_000);
    }
    for (let number = 0; number < 30; number += 1) {
      overload.sample({ utilisation: 1, turnMs: 300, bufferShare: 0 }, number * 100);
    }
    for (let number = 0; number < 200; number += 1) overload.admits(number % 50 === 0 ? 30 : 1);
    for (let number = 30; number < 70; number += 1) {
      overload.sample({ utilisation: 1, turnMs: 300, bufferShare: 0 }, number * 100);
    }
    const before = overload.counts.shed;
    waitedMs = 60;
    const asked = (placement_id: string) =>
      overSocket(JSON.stringify({ slots: [{ ...slot, placement_id }] }), { ...json, authorization: 'Bearer secret' });
    const [shed, taken] = [await asked('pl_1'), await asked('pl_2')];
    expect([shed.status, shed.headers['retry-after'], JSON.parse(shed.body).code]).toEqual([
      429,
      '1',
      'TOO_MANY_REQUESTS',
    ]);
    expect(shed.headers['access-control-allow-origin']).toBe('*');
    expect(taken.status).toBe(200);
    expect(overload.counts.shed - before).toBe(1);
    expect(overload.counts.shedMicros.get('EUR')).toBe(1000);
    overload.sample({ utilisation: 1, turnMs: 300, bufferShare: 1 }, 12_000);
    expect((await throughRoute(JSON.stringify({ slots: [slot] }), json)).status).toBe(429);
  });
});

describe('A flood', () => {
  it('of one address is refused before its bodies are read, and beacons after decisions', async () => {
    const flooding = { ...json, 'x-forwarded-for': '198.51.100.99' };
    const statuses: number[] = [];
    for (let number = 0; number < 8; number += 1) {
      statuses.push((await overSocket(JSON.stringify({ slots: [slot] }), flooding)).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429, 429]);
    const pixel = await fetch(`http://127.0.0.1:${port()}/v1/b/impression/x`, { headers: flooding });
    expect(pixel.status).toBe(200);
    const other = await overSocket(JSON.stringify({ slots: [slot] }), { ...json, 'x-forwarded-for': '203.0.113.5' });
    expect(other.status).toBe(200);
  });

  it.each([
    ['headers', 'POST /v1/decisions HTTP/1.1\r\nHost: x\r\n'],
    [
      'a body',
      'POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"slots"',
    ],
  ])('of connections that never finish %s is closed', async (_what, text) => {
    const socket = connect(port(), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(text);
    socket.resume();
    const startedAt = performance.now();
    await once(socket, 'close');
    expect(performance.now() - startedAt).toBeLessThan(60_000);
  });

  it('of a body that is said to be huge is refused by its length', async () => {
    const socket = connect(port(), '127.0.0.1');
    socket.write(
      'POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900000000\r\n\r\n{',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
  });
});
