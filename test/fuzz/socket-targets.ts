import { ok, strictEqual } from 'node:assert/strict';
import { type AddressInfo, connect } from 'node:net';
import fc from 'fast-check';
import { mutatedBytes } from './mutations.ts';
import { checkWorld, openPublicWorld, type PublicWorld } from './public-world.ts';
import { fuzzTarget } from './target.ts';

const body = '{"beacons":[{"event":"impression","token":"x"}]}';

/** Requests as bytes: plain ones, and what proxies and servers have disagreed about. */
function requestsTo({ tokens }: PublicWorld): readonly string[] {
  const end = 'Host: a\r\nConnection: close\r\n';
  const post = `POST /v1/beacons HTTP/1.1\r\n${end}Content-Type: application/json\r\n`;
  return [
    `GET /v1/b/impression/${tokens.view[0]} HTTP/1.1\r\n${end}User-Agent: Mozilla/5.0\r\n\r\n`,
    `GET /v1/b/impression/%41${tokens.view[0]}/../..?x=%zz HTTP/1.1\r\n${end}\r\n`,
    `GET /v1/click/${tokens.click[0]} HTTP/1.1\r\n${end}\r\n`,
    `${post}Content-Length: ${body.length}\r\n\r\n${body}`,
    `${post}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n`,
    `${post}Content-Length: 10\r\nContent-Length: 20\r\n\r\n${body}`,
    `POST /v1/decisions HTTP/1.1\r\n${end}Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 44\r\n\r\n{"slots":[{"id":"s","placement_id":"pl_1"}]}`,
    `OPTIONS * HTTP/1.1\r\n${end}\r\n`,
    `CONNECT 127.0.0.1:22 HTTP/1.1\r\n${end}\r\n`,
    `GET http://169.254.169.254/latest HTTP/1.1\r\n${end}\r\n`,
    `GET /healthz HTTP/1.1\r\n${end}Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`,
    `GET /healthz HTTP/1.1\r\n${end}X-A: ${'b'.repeat(9_000)}\r\n\r\n`,
    `GET /healthz HTTP/1.1\r\n${end}${Array.from({ length: 120 }, (_, index) => `X-${index}: y\r\n`).join('')}\r\n`,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  ];
}

const patienceMs = 3_000;

/** Sends bytes, ends, and resolves with what came back until the other side closed. */
function exchange(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((settle, fail) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.setTimeout(patienceMs, () => socket.destroy(new Error(`no end of the answer within ${patienceMs} ms`)));
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? settle(answer) : fail(error),
    );
    socket.on('close', () => settle(answer));
  });
}

const sockets = fuzzTarget({
  name: 'public-sockets',
  about:
    'Changed bytes of whole HTTP requests to a listening public side: an answer below 500 or none, and the process answers on.',
  shortRuns: 400,
  open: async () => {
    const world = await openPublicWorld();
    await world.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = world.app.server.address() as AddressInfo;
    const requests = requestsTo(world).map((text) => ({ bytes: Buffer.from(text, 'latin1') }));
    return {
      inputs: fc.oneof(
        { weight: 5, arbitrary: mutatedBytes(requests).map(({ bytes }) => bytes) },
        { weight: 1, arbitrary: fc.constantFrom(...requests).map(({ bytes }) => bytes) },
      ),
      holds: async (bytes, seen) => {
        const answer = await exchange(port, bytes);
        checkWorld(world);
        // One piece of bytes may be several requests.
        const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
        ok(Math.max(0, ...statuses) < 500, `answered ${answer.slice(0, 600)}`);
        ok(!/\n\s+at |node_modules/.test(answer), `shows the inside: ${answer.slice(0, 500)}`);
        seen(statuses.join(' ') || 'none');
        const alive = await exchange(
          port,
          Buffer.from('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
        );
        strictEqual(alive.slice(0, 12), 'HTTP/1.1 200');
      },
      close: () => world.app.close(),
    };
  },
});

export const socketTargets = [sockets];
