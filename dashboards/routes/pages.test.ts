import { describe, expect, it } from 'vitest';
import { framePolicy } from '../../domain/frame-policy.ts';
import { previewPolicy } from './pages.ts';

const serveUrl = 'http://127.0.0.1:8080';
const directives = Object.fromEntries(
  previewPolicy(serveUrl)
    .split('; ')
    .map((directive) => {
      const [name = '', ...values] = directive.split(' ');
      return [name, values];
    }),
);

describe('The page of a preview', () => {
  it('has an origin of its own, whoever opens it', () => {
    expect(directives['sandbox']).toEqual(['allow-scripts']);
    expect(directives['frame-ancestors']).toEqual(["'self'"]);
  });

  it('lets a creative do nothing that the serving side does not, and send nothing', () => {
    const served = framePolicy(serveUrl);
    for (const [name, allowed] of Object.entries(served)) {
      const more = (directives[name] ?? []).filter((value) => !allowed.split(' ').includes(value));
      // Its own script, which shows what the console hands over; "'none'" is nothing.
      expect(more.filter((value) => value !== "'none'")).toEqual(name === 'script-src' ? ["'self'"] : []);
    }
    expect([directives['connect-src'], directives['form-action'], directives['default-src']]).toEqual([
      ["'none'"],
      ["'none'"],
      ["'none'"],
    ]);
  });
});
