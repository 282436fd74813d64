import { connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildConsole } from '../../dashboards/console-app.ts';
import { openPublicWorld } from '../fuzz/public-world.ts';

const crowd = 200;
let apps: Readonly<Record<'public' | 'private', FastifyInstance>>;

beforeAll(async () => {
  const { app } = await openPublicWorld();
  const routes = [(scope: FastifyInstance) => void scope.get('/healthz', async () => ({ status: 'ok' }))];
  apps = { public: app, private: await buildConsole({ keys: [], routes, onError: () => undefined }) };
  await Promise.all(Object.values(apps).map((one) => one.listen({ host: '127.0.0.1', port: 0 })));
});
afterAll(() => Promise.all(Object.values(apps ?? {}).map((one) => one.close())));

const portOf = (app: FastifyInstance) => (app.server.address() as AddressInfo).port;

/** Opens a connection, says a piece of a request and then a byte now and then; resolves with how long it was let, ms. */
function trickle(port: number, beginning: string): Promise<number> {
  return new Promise((settle, fail) => {
    const startedAt = performance.now();
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(beginning));
    const drip = setInterval(() => socket.write('x'), 700);
    socket.on('data', () => undefined);
    // A server that has had enough may reset.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') fail(error);
    });
    socket.on('close', () => {
      clearInterval(drip);
      settle(performance.now() - startedAt);
    });
  });
}

const beginnings = [
  'GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: ',
  'POST /v1/beacons HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
  'P',
];

describe.each(['public', 'private'] as const)('The %s side', (side) => {
  it('serves others while a crowd of slow connections is open, and lets the crowd go', {
    timeout: 180_000,
  }, async () => {
    const port = portOf(apps[side]);
    const slow = Array.from({ length: crowd }, (_, index) =>
      trickle(port, beginnings[index % beginnings.length] as string),
    );
    await new Promise((settle) => setTimeout(settle, 1_000));
    const askedAt = performance.now();
    const { status } = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect(status).toBe(200);
    expect(performance.now() - askedAt).toBeLessThan(8_000);
    const longest = Math.max(...(await Promise.all(slow)));
    expect(longest).toBeLessThan(60_000);
  });
});
