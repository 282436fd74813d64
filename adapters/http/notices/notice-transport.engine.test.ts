import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../system/clock.ts';
import { createNoticeTransport } from './notice-transport.ts';

let server: Server | null = null;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  server = null;
});

/** A bidder that counts who asks, and answers by the path. */
async function listen() {
  const asked: string[] = [];
  const bidder = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === '/endless') {
      const drip = setInterval(() => response.write('x'.repeat(10_000)), 1);
      response.on('close', () => clearInterval(drip));
    } else if (request.url === '/moved') response.writeHead(302, { location: '/elsewhere' }).end();
    else if (request.url !== '/silent') response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => bidder.listen(0, '127.0.0.1', resolve));
  server = bidder;
  return { url: `http://127.0.0.1:${(bidder.address() as AddressInfo).port}`, asked };
}

function open(allowedAddresses: readonly string[] = ['127.0.0.1/32']) {
  return createNoticeTransport({ clock: createSystemClock(), allowedAddresses });
}

describe('The way of a notice', () => {
  it('is a GET that tells the status and follows no redirect', async () => {
    const { url, asked } = await listen();
    const transport = open();
    expect(await transport.get(`${url}/win?price=1.5`, 30_000)).toEqual({ status: 204 });
    expect(await transport.get(`${url}/moved`, 30_000)).toEqual({ status: 302 });
    expect(asked).toEqual(['GET /win?price=1.5', 'GET /moved']);
    await transport.close();
  });

  it('ends at its time, whatever the bidder does with it', async () => {
    const { url } = await listen();
    const transport = open();
    expect(await transport.get(`${url}/silent`, 50)).toMatchObject({ failure: 'failed' });
    // Nothing of what it says matters but that it said 200.
    const begun = Date.now();
    await transport.get(`${url}/endless`, 500);
    expect(Date.now() - begun).toBeLessThan(10_000);
    await transport.close();
  });

  it.each([
    '/x',
    'http://127.0.0.1:1/',
    'http://[::1]/',
    'http://169.254.169.254/latest/meta-data/',
    'file:///etc/passwd',
  ])('leads nowhere inside: %s', async (url) => {
    const transport = open([]);
    expect(await transport.get(url, 1_000)).toMatchObject({ failure: 'address_refused' });
    await transport.close();
  });
});
