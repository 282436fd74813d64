import { expect, it } from 'vitest';
import { describeHttpContract } from '../../ports/http.contract.ts';
import type { HttpRequest } from '../../ports/http.ts';
import { createSystemClock } from '../system/clock.ts';
import { createSimulatedClock } from './clock.ts';
import { createScriptedHttp, type ScriptedAnswer } from './http.ts';

function answer({ url, method, headers = {}, body = '' }: HttpRequest): ScriptedAnswer {
  const echo = () => JSON.stringify({ method, headers, body: Buffer.from(body).toString('base64') });
  switch (new URL(url).pathname) {
    case '/echo':
      return { status: 201, headers: { 'x-answer': 'yes' }, body: echo() };
    case '/bytes':
      return { status: 200, body: Uint8Array.of(0, 255, 128) };
    case '/moved':
      return { status: 302 };
    case '/missing':
      return { status: 404 };
    case '/broken':
      return { failure: 'ECONNRESET' };
    default:
      return { afterMs: 2000, status: 200 };
  }
}

describeHttpContract('a script', async () => {
  const engine = createScriptedHttp(createSystemClock(), answer);
  return { engine, url: 'http://bidder.test', close: () => engine.close() };
});

it('A script answers in the time of its clock', async () => {
  const clock = createSimulatedClock();
  const http = createScriptedHttp(clock, () => ({ afterMs: 80, status: 204 }));
  const send = (timeoutMs: number) => http.send({ method: 'GET', url: 'http://bidder.test/', timeoutMs });
  const outcomes = Promise.allSettled([send(100), send(80)]);
  await clock.advance(80);
  expect(await outcomes).toMatchObject([{ value: { status: 204 } }, { reason: { code: 'HTTP_TIMEOUT' } }]);
});
