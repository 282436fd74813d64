/** A collector for `bench/tracing.ts`: takes what it is sent and throws it away. */
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
});
server.listen(Number(process.env['SERVE_PORT']), '127.0.0.1', () => process.stdout.write('sink\n'));
