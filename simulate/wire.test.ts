import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Wire } from './wire.ts';

let server: Server;
const wire = new Wire();

beforeEach(async () => {
  server = createServer((request, response) => response.end(request.socket.remoteAddress));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterEach(async () => {
  await wire.close();
  server.close();
});

test.skipIf(process.platform !== 'linux')(
  'Each person connects from an address of its own, as the other side sees it (Linux: all of 127.0.0.0/8 is this machine)',
  async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const seen = async (from: string | null) => (await wire.send({ method: 'GET', url, headers: {}, from })).body;
    expect(await Promise.all([seen('127.250.250.7'), seen('127.11.3.9'), seen(null)])).toEqual([
      '127.250.250.7',
      '127.11.3.9',
      '127.0.0.1',
    ]);
  },
);
