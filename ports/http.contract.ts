import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Http, HttpRequest, HttpResponse } from './http.ts';

/**
 * The other side, at `url`: `/echo` answers 201 with header `x-answer: yes` and, as JSON, `{method, headers, body}` of the request (body in
 * base64); `/bytes` answers 200 with bytes 0, 255, 128; `/moved` answers 302 to `/echo`; `/missing` answers 404; `/slow` answers after
 * 2 s; `/broken` breaks the connection.
 */
export interface HttpHarness {
  readonly engine: Http;
  readonly url: string;
  close(): Promise<void>;
}

interface Echo {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The promises of the Http port, for one engine. */
export function describeHttpContract(name: string, open: () => Promise<HttpHarness>): void {
  describe(`Http on ${name}`, () => {
    let harness: HttpHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(() => harness.close());

    const send = (path: string, rest: Partial<HttpRequest> = {}) =>
      harness.engine.send({ method: 'GET', url: harness.url + path, timeoutMs: 20_000, ...rest });
    const echoOf = ({ body }: HttpResponse) => JSON.parse(new TextDecoder().decode(body)) as Echo;

    it('gives status, headers by lower-case name, and body', async () => {
      const response = await send('/echo', { headers: { 'x-question': 'one' } });
      expect([response.status, response.headers['x-answer']]).toEqual([201, 'yes']);
      expect(echoOf(response)).toMatchObject({ method: 'GET', headers: { 'x-question': 'one' }, body: '' });
    });

    it.each([
      ['text', 'ä{}', Buffer.from('ä{}').toString('base64')],
      ['bytes', Uint8Array.of(0, 255), 'AP8='],
    ])('sends a body of %s', async (_what, body, base64) => {
      expect(echoOf(await send('/echo', { method: 'POST', body }))).toMatchObject({ method: 'POST', body: base64 });
    });

    it('gives back bytes as they were', async () => {
      const { body } = await send('/bytes');
      expect(body).toBeInstanceOf(Uint8Array);
      expect([...body]).toEqual([0, 255, 128]);
    });

    it('takes every status for an answer and follows no redirect', async () => {
      expect((await send('/missing')).status).toBe(404);
      expect((await send('/moved')).status).toBe(302);
    });

    it('gives up after the time-out', async () => {
      await expect(send('/slow', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'HTTP_TIMEOUT' });
    });

    it('gives up when it is told to', async () => {
      const stop = new AbortController();
      const sent = send('/slow', { signal: stop.signal });
      stop.abort();
      await expect(sent).rejects.toMatchObject({ code: 'HTTP_FAILED' });
    });

    it('says that it failed if the connection breaks', async () => {
      await expect(send('/broken')).rejects.toMatchObject({ code: 'HTTP_FAILED' });
    });

    it('bears many requests at once, of which some fail', async () => {
      const paths = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? '/broken' : '/bytes'));
      const outcomes = await Promise.allSettled(paths.map((path) => send(path)));
      expect(outcomes.map(({ status }) => status)).toEqual(
        paths.map((path) => (path === '/broken' ? 'rejected' : 'fulfilled')),
      );
    });
  });
}
