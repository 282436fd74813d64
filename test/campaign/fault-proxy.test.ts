import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FaultProxy } from './fault-proxy.ts';

const whileMs = 120;

/** A client, what it was sent, and how its connection ended. */
class Client {
  readonly socket: Socket;
  readonly received: Buffer[] = [];
  ended: 'open' | 'ended' | 'reset' = 'open';

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => this.received.push(chunk));
    this.socket.on('end', () => (this.ended = 'ended'));
    this.socket.on('error', () => (this.ended = 'reset'));
  }

  get text(): string {
    return Buffer.concat(this.received).toString();
  }

  async until(holds: (client: Client) => boolean): Promise<void> {
    for (let waited = 0; !holds(this); waited += 5) {
      if (waited > 30_000) throw new Error(`waited in vain; ${this.ended}, received ${this.text.length} bytes`);
      await sleep(5);
    }
  }
}

describe('A fault proxy', () => {
  let echo: Server;
  let proxy: FaultProxy;
  /** What the server heard. */
  let heard = '';
  const clients: Client[] = [];
  const dial = (): Client => {
    const client = new Client(proxy.port);
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    heard = '';
    echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        heard += chunk.toString();
        socket.write(chunk);
      });
    }).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await FaultProxy.start({ target: { host: '127.0.0.1', port: (echo.address() as AddressInfo).port } });
  });

  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await proxy.close();
    echo.close();
    await once(echo, 'close');
  });

  test('passes on what both ends say, and the end of a connection', async () => {
    const client = dial();
    client.socket.end('hello');
    await client.until(({ ended }) => ended === 'ended');
    expect(client.text).toBe('hello');
    expect(proxy.connections).toBe(1);
  });

  test('resets every connection, and lets new ones through', async () => {
    const [one, other] = [dial(), dial()];
    for (const client of [one, other]) {
      client.socket.write('a');
      await client.until(({ text }) => text === 'a');
    }
    proxy.cut();
    await one.until(({ ended }) => ended === 'reset');
    await other.until(({ ended }) => ended === 'reset');
    const next = dial();
    next.socket.write('b');
    await next.until(({ text }) => text === 'b');
  });

  test('refuses new connections until it is healed, and leaves those that there are', async () => {
    const old = dial();
    old.socket.write('a');
    await old.until(({ text }) => text === 'a');
    proxy.impose({ kind: 'refuse' });
    const refused = dial();
    await refused.until(({ ended }) => ended === 'reset');
    old.socket.write('b');
    await old.until(({ text }) => text === 'ab');
    proxy.heal();
    const next = dial();
    next.socket.write('c');
    await next.until(({ text }) => text === 'c');
  });

  test('as a black hole accepts connections and passes nothing, and everything once it is healed', async () => {
    proxy.impose({ kind: 'stall', directions: ['up', 'down'] });
    const client = dial();
    client.socket.write('held');
    await once(client.socket, 'connect');
    await sleep(whileMs);
    expect([heard, client.text, client.ended]).toEqual(['', '', 'open']);
    proxy.heal();
    await client.until(({ text }) => text === 'held');
  });

  test('half open, takes what is asked to the server and no answer back', async () => {
    proxy.impose({ kind: 'stall', directions: ['down'] });
    const client = dial();
    client.socket.write('asked');
    await client.until(() => heard === 'asked');
    await sleep(whileMs);
    expect([client.text, client.ended]).toEqual(['', 'open']);
    proxy.heal();
    await client.until(({ text }) => text === 'asked');
  });

  test('delays what passes', async () => {
    proxy.impose({ kind: 'delay', ms: whileMs });
    const client = dial();
    const askedAt = performance.now();
    client.socket.write('late');
    await client.until(({ text }) => text === 'late');
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(2 * whileMs - 10);
  });

  test('throttles to so many bytes a second', async () => {
    proxy.impose({ kind: 'throttle', bytesPerSecond: 100_000 });
    const client = dial();
    const askedAt = performance.now();
    client.socket.write('x'.repeat(20_000));
    await client.until(({ text }) => text.length === 20_000);
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(200);
  });

  test('resets a connection once so many bytes have passed, and what passed before arrives', async () => {
    proxy.impose({ kind: 'cut_after', bytes: 1_000 });
    const client = dial();
    client.socket.write('x'.repeat(5_000));
    await client.until(({ ended }) => ended === 'reset');
    expect(heard.length).toBeLessThanOrEqual(1_000);
    const next = dial();
    next.socket.write('short');
    await next.until(({ text }) => text === 'short');
  });

  test('hits only the connections that are said', async () => {
    const [first, second] = [dial(), dial()];
    await Promise.all([once(first.socket, 'connect'), once(second.socket, 'connect')]);
    proxy.impose({ kind: 'stall', directions: ['up', 'down'] }, (nth) => nth === 0);
    second.socket.write('through');
    first.socket.write('held');
    await second.until(({ text }) => text === 'through');
    await sleep(whileMs);
    expect(first.text).toBe('');
  });
});
