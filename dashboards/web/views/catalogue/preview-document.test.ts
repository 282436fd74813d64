import { describe, expect, it } from 'vitest';
import { type PreviewedCreative, previewOf } from './preview-document.ts';

const creative: PreviewedCreative = {
  format: 'banner',
  width: 300,
  height: 250,
  markup: '<a href="{click_url}"><img src="{asset_url}/a.png?{cachebuster}"></a>',
  landing_url: 'https://acme.example/landing?c={click_id}',
  duration_ms: 0,
};

function documentOf(given: Partial<PreviewedCreative>): string {
  const preview = previewOf({ ...creative, ...given });
  return 'document' in preview ? (preview.document?.markup ?? '') : '';
}

describe('The preview of a creative', () => {
  it('fills the macros of a banner with addresses that lead nowhere', () => {
    const text = documentOf({});
    expect(text).toContain('<a href="https://preview.invalid/"><img src="https://acme.example/a.png?000000000000">');
    expect(documentOf({ markup: '<style>a{color:red}</style>{campaign_id}' })).toContain('a{color:red}</style>preview');
  });

  it('does not let a landing page break out of the markup that names it', () => {
    expect(
      documentOf({ markup: '{asset_url}|{landing_url}', landing_url: 'https://a.example/"><script>' }),
    ).not.toContain('script');
  });

  it('shows a native ad as a card, with every text escaped', () => {
    const markup = JSON.stringify({
      assets: [
        { title: { text: '<img src=x onerror=alert(1)>' } },
        { img: { type: 3, url: '{asset_url}/tea.png', w: 300, h: 200 } },
        { data: { type: 12, value: 'Buy "now"' } },
      ],
    });
    const text = documentOf({ format: 'native', markup });
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(text).toContain('src="https://acme.example/tea.png"');
    expect(text).toContain('Buy &quot;now&quot;');
    expect(text).not.toContain('<img src=x');
  });

  it('sums a video up, with a player that fetches nothing of itself', () => {
    const media = [{ url: '{asset_url}/spot.mp4', type: 'video/mp4', width: 640, height: 360, bitrate_kbps: 800 }];
    const preview = previewOf({
      ...creative,
      format: 'video',
      width: 640,
      height: 360,
      markup: JSON.stringify({ media, skip_after_ms: 5_000 }),
    });
    expect(preview).toMatchObject({
      kind: 'media',
      template: { skipAfterMs: 5_000 },
      document: { width: 480, height: 270 },
    });
    expect('document' in preview ? preview.document?.markup : '').toContain('preload="none"');
    expect(previewOf({ ...creative, format: 'video', markup: 'https://ads.example/vast.xml' })).toMatchObject({
      kind: 'media',
      document: null,
      template: { wrapper: { url: 'https://ads.example/vast.xml' } },
    });
  });

  it('says what is wrong with a markup that can’t be shown', () => {
    expect(previewOf({ ...creative, format: 'native', markup: '{"assets":[]}' })).toEqual({
      kind: 'fault',
      detail: 'The markup at assets must hold at least one.',
    });
  });
});
