/** The yardstick of `bench/pixel.ts`: fastify, answering the same bytes to the same requests, and doing nothing else. */
import { fastify } from 'fastify';
import { pixelGif } from '../serving/routes/pixel.ts';

const app = fastify({ keepAliveTimeout: 72_000, requestTimeout: 15_000, routerOptions: { maxParamLength: 16 * 1024 } });
app.get('/v1/b/:event/:token', (_request, reply) => {
  reply
    .header('Access-Control-Allow-Origin', '*')
    .header('Content-Type', 'image/gif')
    .header('Cache-Control', 'no-store')
    .send(pixelGif);
});
await app.listen({ host: '127.0.0.1', port: Number(process.env['SERVE_PORT']) });
process.stdout.write('bare\n');
