import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CreativePublished } from '../domain/records.ts';
import { sampleBilling } from '../test/serving-world.ts';
import { landingUrl } from './landing.ts';

function creative(landing_url: string): CreativePublished {
  return { creative_id: 'cr_1', landing_url } as CreativePublished;
}

const billing = sampleBilling();

describe('The landing page of a click', () => {
  it('has its macros filled', () => {
    const url = landingUrl(
      creative(
        'https://shop.example/p?c={click_id}&s={selection_id}&x={campaign_id}.{creative_id}.{placement_id}#{click_id}',
      ),
      billing,
      'CLICK',
    );
    expect(url).toBe(`https://shop.example/p?c=CLICK&s=${billing.selection_id}&x=cmp_1.cr_1.pl_1#CLICK`);
  });

  it('has values percent-encoded, so that none can end the header or begin a parameter', () => {
    const url = landingUrl(creative('https://shop.example/?c={click_id}'), billing, 'a\r\nSet-Cookie: x&y=1');
    expect(url).toBe('https://shop.example/?c=a%0D%0ASet-Cookie%3A%20x%26y%3D1');
  });

  it('keeps what looks like a macro and is none', () => {
    expect(landingUrl(creative('https://shop.example/{unknown}/{'), billing, 'c')).toBe(
      'https://shop.example/{unknown}/{',
    );
  });

  it('is never anything but an absolute http or https address', () => {
    for (const bad of [
      '',
      'javascript:alert(1)',
      '//evil.example',
      'https:///x',
      '{click_id}',
      'data:text/html,x',
      'https://{click_id}.example',
    ]) {
      expect(landingUrl(creative(bad), billing, 'c')).toBe(bad.startsWith('https://{') ? 'https://c.example' : null);
    }
  });

  it('is something that a header can hold, whatever the catalogue says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(landingUrl(creative(`https://shop.example/${text}`), billing, 'c')).toMatch(/^[\x21-\x7e]+$/);
      }),
    );
  });
});
