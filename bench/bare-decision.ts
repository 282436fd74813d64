/** The yardstick of `bench/decision.ts`: fastify, taking the same JSON, answering as many bytes, and doing nothing else. */
import { fastify } from 'fastify';

const answer = JSON.stringify({ answer: 'x'.repeat(Math.max(0, Number(process.env['ANSWER_BYTES']) - 13)) });
const app = fastify({ bodyLimit: 64 * 1024, keepAliveTimeout: 72_000, requestTimeout: 15_000 });
app.post('/v1/decisions', (_request, reply) => {
  reply
    .header('access-control-allow-origin', '*')
    .header('content-type', 'application/json; charset=utf-8')
    .send(answer);
});
await app.listen({ host: '127.0.0.1', port: Number(process.env['SERVE_PORT']) });
process.stdout.write('bare\n');
