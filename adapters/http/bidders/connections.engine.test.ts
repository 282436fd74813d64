import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { BidderCall, BidderConnections } from '../../../ports/bidder-connection.ts';
import { makeTemporaryFolder } from '../../../test/temporary-folder.ts';
import { createSystemClock } from '../../system/clock.ts';
import { type BidderConnectionsOptions, createBidderConnections } from './connections.ts';

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

interface Listening {
  readonly port: number;
  readonly sockets: Set<Socket>;
  connections(): number;
}

function listening(server: TcpServer): Promise<Listening> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  });
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve({ port: (server.address() as AddressInfo).port, sockets, connections: () => connections }),
    ),
  );
}

const bidder = (answer: Answer): Promise<Listening> =>
  listening(createHttpServer((request, response) => void answer(request, response)));

function connect(options: Partial<BidderConnectionsOptions> = {}): BidderConnections {
  const bidders = createBidderConnections({
    clock: createSystemClock(),
    allowedAddresses: ['127.0.0.1/32'],
    ...options,
  });
  ends.push(() => bidders.close());
  return bidders;
}

function call(where: Listening | string, changes: Partial<BidderCall> = {}): BidderCall {
  const url = typeof where === 'string' ? where : `http://127.0.0.1:${where.port}/bid?x=1`;
  const rest = {
    body: Buffer.from('{"id":"1"}'),
    timeoutMs: 30_000,
    maxAnswerBytes: 10_000,
    gzip: false,
    http2: false,
  };
  return { bidderId: 'bd_1', url, ...rest, ...changes };
}

const bid = '{"seatbid":[]}';

/** Far more than any time-out here, on a busy machine too, and far less than what is cut off would take. */
const soonUs = 5_000_000;

describe('Calls to bidders', () => {
  it('bring the answer, over connections that stay warm', async () => {
    const server = await bidder(async (request, response) => {
      const asked = Buffer.concat(await request.toArray()).toString();
      response.end(JSON.stringify([request.method, request.url, request.headers['content-type'], asked]));
    });
    const bidders = connect();
    for (let turn = 0; turn < 20; turn += 1) {
      const reply = await bidders.send(call(server), null);
      expect(reply).toMatchObject({ outcome: 'answered', latencyUs: expect.any(Number) });
      const said = reply.outcome === 'answered' ? Buffer.from(reply.body).toString() : '';
      expect(JSON.parse(said)).toEqual(['POST', '/bid?x=1', 'application/json', '{"id":"1"}']);
    }
    // The next call may be sent in the moment in which the one before ends.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it('know no bid by 204, and by 200 without a body', async () => {
    const server = await bidder((request, response) => {
      response.writeHead(request.url === '/none' ? 204 : 200).end();
    });
    const bidders = connect();
    expect(await bidders.send(call(server), null)).toMatchObject({ outcome: 'no_bid' });
    const none = call(`http://127.0.0.1:${server.port}/none`);
    expect(await bidders.send(none, null)).toMatchObject({ outcome: 'no_bid' });
  });

  it('are compressed where that is wanted, both ways', async () => {
    const server = await bidder(async (request, response) => {
      const asked = gunzipSync(Buffer.concat(await request.toArray()));
      expect([request.headers['content-encoding'], request.headers['accept-encoding']]).toEqual(['gzip', 'gzip']);
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(asked));
    });
    const reply = await connect().send(call(server, { gzip: true }), null);
    expect(reply).toMatchObject({ outcome: 'answered' });
    expect(reply.outcome === 'answered' && Buffer.from(reply.body).toString()).toBe('{"id":"1"}');
  });

  it('open no more connections to one host than allowed', async () => {
    const server = await bidder((_request, response) => void setTimeout(() => response.end(bid), 20));
    const bidders = connect({ connections: 3 });
    const replies = await Promise.all(Array.from({ length: 6 }, () => bidders.send(call(server), null)));
    expect(replies.every(({ outcome }) => outcome === 'answered')).toBe(true);
    expect(server.connections()).toBe(3);
  });

  it('are refused at once when twice as many wait as there are connections', async () => {
    const server = await bidder(() => {});
    const bidders = connect({ connections: 2 });
    const waiting = Array.from({ length: 4 }, () => bidders.send(call(server, { timeoutMs: 50 }), null));
    expect(await bidders.send(call(server), null)).toMatchObject({ outcome: 'connect_failed', latencyUs: 0 });
    expect((await Promise.all(waiting)).every(({ outcome }) => outcome === 'timed_out')).toBe(true);
  });

  it('end when the caller no longer waits', async () => {
    const server = await bidder(() => {});
    const leave = new AbortController();
    const reply = connect().send(call(server), leave.signal);
    setTimeout(() => leave.abort(), 20);
    expect(await reply).toMatchObject({ outcome: 'aborted' });
    expect(await connect().send(call(server), leave.signal)).toMatchObject({ outcome: 'aborted', latencyUs: 0 });
  });

  it('all have an outcome after close', async () => {
    const server = await bidder(() => {});
    const bidders = connect();
    const reply = bidders.send(call(server, { timeoutMs: 60_000 }), null);
    await sleep(30);
    await bidders.close();
    expect(await reply).toMatchObject({ outcome: 'connect_failed' });
    expect(await bidders.send(call(server), null)).toMatchObject({ outcome: 'aborted' });
  });
});

describe('A bidder that is slow', () => {
  it('and never answers is cut at the time-out, and its connection dropped', async () => {
    const server = await bidder(() => {});
    const reply = await connect().send(call(server, { timeoutMs: 40 }), null);
    expect(reply).toMatchObject({ outcome: 'timed_out' });
    expect(reply.latencyUs).toBeGreaterThanOrEqual(39_000);
    expect(reply.latencyUs).toBeLessThan(soonUs);
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  it('and is only late keeps its connection: the late answer is read and thrown away', async () => {
    const asked: ServerResponse[] = [];
    const server = await bidder((_request, response) => void asked.push(response));
    const bidders = connect();
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await bidders.send(call(server, { timeoutMs: 20 }), null)).toMatchObject({ outcome: 'timed_out' });
      await expect.poll(() => asked.length).toBe(turn + 1);
      await new Promise<void>((resolve) => asked[turn]?.end(bid, resolve));
      await sleep(100);
    }
    expect(server.connections()).toBe(1);
  });

  it.each([
    ['one byte at a time', 10],
    ['as fast as it can', 0],
  ])('and streams for ever, %s, is cut off', async (_how, everyMs) => {
    const server = await bidder((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(everyMs === 0 ? Buffer.alloc(4_000) : ' '), everyMs);
      response.on('close', () => clearInterval(drip));
    });
    const reply = await connect().send(call(server, { timeoutMs: everyMs === 0 ? 30_000 : 60 }), null);
    expect(reply).toMatchObject({ outcome: everyMs === 0 ? 'too_large' : 'timed_out' });
    expect(reply.latencyUs).toBeLessThan(soonUs);
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  it('to take a connection is cut at the time-out too', async () => {
    const names = {
      resolve: () => sleep(20_000, undefined, { ref: false }).then(() => [{ address: '127.0.0.1', family: 4 }]),
    };
    const reply = await connect(names).send(call('http://slow-name.test:9/', { timeoutMs: 40 }), null);
    expect(reply).toMatchObject({ outcome: 'timed_out' });
    expect(reply.latencyUs).toBeLessThan(soonUs);
  });
});

describe('A bidder that lies', () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  it.each<[string, Answer, object]>([
    [
      'a redirect',
      (_, out) => out.writeHead(302, { location: 'http://127.0.0.1/' }).end(),
      { outcome: 'bad_status', detail: 'status 302' },
    ],
    ['an error', (_, out) => out.writeHead(503).end('{}'), { outcome: 'bad_status' }],
    ['too much', (_, out) => out.end(Buffer.alloc(10_001)), { outcome: 'too_large' }],
    [
      'a bomb',
      (_, out) => out.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb.subarray(0, 9_999)),
      { outcome: expect.stringMatching(/too_large|bad_encoding/) },
    ],
    [
      'a whole bomb',
      (_, out) => out.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(5_000_000))),
      { outcome: 'too_large' },
    ],
    ['no gzip', (_, out) => out.writeHead(200, { 'content-encoding': 'gzip' }).end(bid), { outcome: 'bad_encoding' }],
    [
      'brotli unasked',
      (_, out) => out.writeHead(200, { 'content-encoding': 'br' }).end(bid),
      { outcome: 'bad_encoding' },
    ],
    [
      'headers without end',
      (_, out) => out.writeHead(200, { x: 'a'.repeat(60_000) }).end(bid),
      { outcome: 'too_large' },
    ],
    [
      'half an answer',
      (_, out) => void out.writeHead(200, { 'content-length': 100 }).write(bid, () => out.destroy()),
      { outcome: 'connect_failed' },
    ],
  ])('by %s has the outcome of that', async (_name, answer, outcome) => {
    const server = await bidder(answer);
    expect(await connect().send(call(server), null)).toMatchObject(outcome);
  });

  it('by what is no HTTP has the outcome of that', async () => {
    const server = await listening(createTcpServer((socket) => void socket.end('SSH-2.0-x\r\n')));
    expect(await connect().send(call(server), null)).toMatchObject({ outcome: 'bad_encoding' });
  });

  it('by not being there has the outcome of that, and is found when it is', async () => {
    const server = await bidder((_request, response) => response.end(bid));
    await ends.pop()?.();
    const bidders = connect();
    expect(await bidders.send(call(server), null)).toMatchObject({ outcome: 'connect_failed' });
    const again = createHttpServer((_request, response) => response.end(bid));
    await new Promise<void>((resolve) => again.listen(server.port, '127.0.0.1', resolve));
    ends.push(() => new Promise<void>((resolve) => again.close(() => resolve())));
    expect(await bidders.send(call(server), null)).toMatchObject({ outcome: 'answered' });
    await bidders.close();
  });
});

describe('An address of the inside', () => {
  const inside = [
    'http://127.0.0.1',
    'http://2130706433',
    'http://0x7f.1',
    'http://[::ffff:127.0.0.1]',
    'http://localhost',
  ];

  it.each(inside)('is never connected to: %s', async (origin) => {
    const server = await bidder((_request, response) => response.end(bid));
    const bidders = connect({ allowedAddresses: [] });
    const reply = await bidders.send(call(`${origin}:${server.port}/`), null);
    expect(reply).toMatchObject({ outcome: 'address_refused' });
    expect(server.connections()).toBe(0);
  });

  it.each(['ftp://example.com/', 'http://user:secret@example.com/', 'nonsense'])('nor anything at %s', async (url) => {
    expect(await connect().send(call(url), null)).toMatchObject({ outcome: 'address_refused', latencyUs: 0 });
  });

  it('is found behind a name, also behind one that led elsewhere the first time', async () => {
    const server = await bidder((_request, response) => response.writeHead(200, { connection: 'close' }).end(bid));
    let [asked, passedMs] = [0, 0];
    const clock = createSystemClock();
    const rebinding = connect({
      clock: { ...clock, now: () => clock.now() + passedMs },
      resolve: async () => {
        asked += 1;
        return [asked === 1 ? { address: '127.0.0.1', family: 4 } : { address: '127.0.0.2', family: 4 }];
      },
    });
    const url = `http://bidder.test:${server.port}/`;
    expect(await rebinding.send(call(url), null)).toMatchObject({ outcome: 'answered' });
    passedMs = 60_000; // so long is no name remembered
    expect(await rebinding.send(call(url), null)).toMatchObject({ outcome: 'address_refused' });
    expect([asked, server.connections()]).toEqual([2, 1]);
  });
});

describe('HTTP/2', () => {
  async function secure(options: { readonly allowHTTP1: boolean }) {
    const folder = makeTemporaryFolder();
    ends.push(async () => folder.remove());
    const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const subject = ['-subj', '/CN=bidder.test', '-addext', 'subjectAltName=DNS:bidder.test'];
    execFileSync('openssl', [...made, '-keyout', key, '-out', cert, ...subject], { stdio: 'pipe' });
    const trusted = readFileSync(cert, 'utf8');
    const server = createSecureServer({ key: readFileSync(key), cert: trusted, ...options }, (request, response) => {
      response.end(request.httpVersion);
    });
    const where = await listening(server);
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    return { url: `https://bidder.test:${where.port}/`, where, bidders: connect({ trusted, resolve }) };
  }

  it('is used where the server offers it, over one connection', async () => {
    const { url, where, bidders } = await secure({ allowHTTP1: true });
    const calls = Array.from({ length: 10 }, () => bidders.send(call(url, { http2: true }), null));
    const replies = await Promise.all(calls);
    expect(replies.map((one) => one.outcome === 'answered' && Buffer.from(one.body).toString())).toEqual(
      replies.map(() => '2.0'),
    );
    expect(where.connections()).toBe(1);
  });

  it('is not used where it is not wanted', async () => {
    const { url, bidders } = await secure({ allowHTTP1: true });
    const reply = await bidders.send(call(url), null);
    expect(reply.outcome === 'answered' && Buffer.from(reply.body).toString()).toBe('1.1');
  });

  it('ends no connection when one call is cut off', async () => {
    const { url, where, bidders } = await secure({ allowHTTP1: false });
    expect(await bidders.send(call(url, { http2: true }), null)).toMatchObject({ outcome: 'answered' });
    expect(await bidders.send(call(url, { http2: true, timeoutMs: 0 }), null)).toMatchObject({ outcome: 'timed_out' });
    expect(await bidders.send(call(url, { http2: true }), null)).toMatchObject({ outcome: 'answered' });
    expect(where.connections()).toBe(1);
  });
});
