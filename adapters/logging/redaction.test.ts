import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedaction, redactionOf } from './redaction.ts';

const redact = createRedaction();

describe('Redaction', () => {
  it.each([
    ['credentials of a URL', 'redis://user:pass-word@10.1.1.1:6379 is away', 'redis://[address]:6379 is away'],
    ['a header', 'authorization: Basic dXNlcjpwYXNz', 'authorization: [secret]'],
    ['cookies to the end of the line', 'Cookie: a=1; b=2\nnext', 'Cookie: [secret]\nnext'],
    ['a key after its scheme', 'said "Bearer abc.def"', 'said "Bearer [secret]"'],
    [
      'a password by its name',
      'LOG_SASL_PASSWORD=hunter2 and password: "a b"',
      'LOG_SASL_PASSWORD=[secret] and password: [secret]',
    ],
    ['a query', 'GET /v1/live?key=abc&b=1 failed', 'GET /v1/live?… failed'],
    ['markup', 'no <script src="x">alert(1)</script> here', 'no [markup]alert(1)[markup] here'],
    ['markup that is cut off', 'no <img onerror=', 'no [markup]'],
    ['a mail address', 'for someone@example.org', 'for [person]'],
    ['a token', `beacon ${'aB3_'.repeat(20)}.${'x-9'.repeat(20)} came`, 'beacon [token] came'],
    ['a hash', `person ${'0123456789abcdef'.repeat(4)}`, 'person [token]'],
    [
      'an address',
      'from 203.0.113.7:443, [2001:db8::1]:80 and 2001:db8:0:1:2:3:4:5',
      'from [address]:443, [[address]]:80 and [address]',
    ],
  ])('takes out %s', (_, text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each([
    'selection 019ab3c4-1111-7222-8333-444455556666 of cmp_1 at 2026-11-22T08:30:15.123Z',
    'serve-1 listens on http://127.0.0.1:8080 and [::1]:8090',
    'at readSettings (config/settings.ts:120:15)\nat Map.forEach (<anonymous>)',
    'spend-lifecycle/1 retrying: LOG_UNAVAILABLE connect ECONNREFUSED 127.0.0.1:9092',
    'a thing that was decided 3 times: 12:30:45',
  ])('leaves what an operator needs: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('hides whatever the process was given as a secret, wherever it stands', () => {
    const env = {
      ADTALLY_KEYS: 'admin=topsecretkey,advertiser:adv_1=othersecret',
      RUN_ADMIN_KEY: 'runrunrun',
      LOG_SASL_PASSWORD: 'saslsasl',
      WAREHOUSE_URL: 'http://adtally:p%40ssw0rd@10.0.0.9:8123/adtally',
      KEYS_URL: 'embedded',
    };
    const hide = createRedaction(redactionOf(env));
    fc.assert(
      fc.property(
        fc.constantFrom('topsecretkey', 'othersecret', 'runrunrun', 'saslsasl', 'p%40ssw0rd', 'p@ssw0rd'),
        fc.string(),
        fc.string(),
        (secret, before, after) => !hide(`${before}${secret}${after}`).includes(secret),
      ),
    );
    expect(hide('the engine at 10.0.0.9 is embedded')).toBe('the engine at 10.0.0.9 is embedded');
  });

  it('takes time in proportion to a text, whatever it is made of', () => {
    for (const part of ['a', 'a:', '<', 'a@', '1.', 'token', '/', '?a=', '-_', 'Bearer ']) {
      const startedAt = performance.now();
      redact(part.repeat(20_000 / part.length));
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    }
  });
});
