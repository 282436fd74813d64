import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { describeHttpContract } from '../../ports/http.contract.ts';
import { createSystemHttp } from './http.ts';

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = Buffer.concat(await request.toArray()).toString('base64');
  const { method, headers } = request;
  if (request.url === '/echo')
    response.writeHead(201, { 'X-Answer': 'yes' }).end(JSON.stringify({ method, headers, body }));
  else if (request.url === '/bytes') response.end(Uint8Array.of(0, 255, 128));
  else if (request.url === '/large') response.end(Buffer.alloc(5000));
  else if (request.url === '/moved') response.writeHead(302, { location: '/echo' }).end();
  else if (request.url === '/missing') response.writeHead(404).end();
  else if (request.url === '/broken') request.socket.destroy();
  else setTimeout(() => response.end(), 2000).unref();
}

async function startServer() {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

describeHttpContract('the system', async () => {
  const server = await startServer();
  const engine = createSystemHttp();
  const close = async () => {
    await engine.close();
    await server.close();
  };
  return { engine, url: server.url, close };
});

describe('System HTTP', () => {
  it('says that it failed if nobody listens', async () => {
    const server = await startServer();
    await server.close();
    const http = createSystemHttp();
    const sent = http.send({ method: 'GET', url: server.url, timeoutMs: 20_000 });
    await expect(sent).rejects.toMatchObject({ code: 'HTTP_FAILED', message: expect.stringContaining('ECONNREFUSED') });
    await http.close();
  });

  it('refuses an answer that is longer than allowed', async () => {
    const server = await startServer();
    const http = createSystemHttp({ maxResponseBytes: 1000 });
    const sent = http.send({ method: 'GET', url: `${server.url}/large`, timeoutMs: 20_000 });
    await expect(sent).rejects.toMatchObject({ code: 'HTTP_FAILED' });
    await http.close();
    await server.close();
  });
});
