import { describe, expect, test } from 'vitest';
import { issuedCreative } from '../../test/issued-creative.ts';
import { bannerDocument } from './banner.ts';

describe('The document of a banner', () => {
  const { decision } = issuedCreative({ markup: '<a href="{click_url}">{width}×{height}</a>' });

  test('has its policy before anything of the creative, and the creative with its macros filled', () => {
    const { markup, click_url } = decision;
    const policy = markup.indexOf('Content-Security-Policy');
    expect(policy).toBeGreaterThan(0);
    expect(policy).toBeLessThan(markup.indexOf('<a '));
    expect(markup).toMatch(/<body style="margin:0"><a href="https:\/\/ads\.example\/v1\/click\/[\w-]+">300×250<\/a>$/);
    expect(markup).toContain(click_url);
  });

  test('lets nothing but https and our own origin be fetched, and no base or plug-in be set', () => {
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(decision.markup) ?? [];
    const directives = new Map(policy.split('; ').map((one) => [one.split(' ')[0], one.split(' ').slice(1)]));
    expect(directives.get('default-src')).toEqual(["'none'"]);
    expect(directives.get('base-uri')).toEqual(["'none'"]);
    expect(directives.has('object-src')).toBe(false);
    expect(directives.get('img-src')).toEqual(['https:', 'data:', 'https://ads.example']);
    for (const sources of directives.values()) expect(sources).not.toContain('http:');
  });

  test('names the origin by which we are reached, whatever path is behind it', () => {
    expect(bannerDocument('x', 'http://127.0.0.1:8080/ads')).toContain('connect-src https: http://127.0.0.1:8080;');
    expect(bannerDocument('x', 'https://other.example')).toContain('connect-src https: https://other.example;');
  });
});
