import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Http, HttpRequest } from '../../ports/http.ts';
import { AdtallyError } from '../../domain/errors.ts';
import { RegistryClient } from './registry-client.ts';

/** A registry that gives these answers, one after the other, and tells what it was asked. */
function registry(...answers: readonly (readonly [status: number, body: string])[]) {
  const asked: HttpRequest[] = [];
  const http: Http = {
    send: async (request) => {
      asked.push(request);
      const [status, body] = answers[asked.length - 1] ?? [500, ''];
      return { status, headers: {}, body: Buffer.from(body) };
    },
    close: async () => {},
  };
  return { asked, http };
}
const client = (http: Http, url = 'https://ann:p%40ssword@registry:8081/api/') => new RegistryClient(url, http);

describe('The client of the schema registry', () => {
  it('takes user and password out of the URL, into a header alone', async () => {
    const { asked, http } = registry([200, '{"id":7}']);
    expect(await client(http).find('adtally.X', { type: 'long' })).toBe(7);
    expect(asked[0]?.url).toBe('https://registry:8081/api/subjects/adtally.X');
    expect(asked[0]?.headers?.['authorization']).toBe(`Basic ${Buffer.from('ann:p@ssword').toString('base64')}`);
    const anonymous = registry([404, '{}']);
    expect(await client(anonymous.http, 'http://registry').find('adtally.X', 'long')).toBeNull();
    expect(anonymous.asked[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each<readonly [string, Http]>([
    ['refuses the password', registry([401, '{"error_code":401,"message":"Unauthorized"}']).http],
    ['is a page of somebody in between', registry([200, '<html>login</html>']).http],
    [
      'does not answer',
      {
        ...registry().http,
        send: async () => Promise.reject(new AdtallyError('HTTP_TIMEOUT', 'GET https://registry: no answer')),
      },
    ],
  ])('is unavailable, and shows no password, if the other side %s', async (_what, http) => {
    const error: unknown = await client(http)
      .register('adtally.X', 'long')
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SCHEMAS_UNAVAILABLE', retriable: true });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/ssword|YW5u/);
  });

  it('leaves a subject alone that is held to as much or more, and sets any other', async () => {
    for (const level of ['BACKWARD_TRANSITIVE', 'FULL_TRANSITIVE']) {
      const { asked, http } = registry([200, JSON.stringify({ compatibilityLevel: level })]);
      await client(http).requireCompatibility('adtally.X');
      expect(asked.map(({ method }) => method)).toEqual(['GET']);
    }
    for (const answer of [
      [404, '{"error_code":40408}'] as const,
      [200, '{"compatibilityLevel":"BACKWARD"}'] as const,
    ]) {
      const { asked, http } = registry(answer, [200, '{"compatibility":"BACKWARD_TRANSITIVE"}']);
      await client(http).requireCompatibility('adtally.X');
      expect(asked[1]).toMatchObject({ method: 'PUT', body: '{"compatibility":"BACKWARD_TRANSITIVE"}' });
    }
  });

  it('tells why a schema was refused', async () => {
    const { http } = registry([409, '{"error_code":409,"message":"READER_FIELD_MISSING_DEFAULT_VALUE at /fields/1"}']);
    await expect(client(http).register('adtally.X', {})).rejects.toThrow(/adtally\.X.*READER_FIELD_MISSING/);
  });
});
