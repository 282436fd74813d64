import {
  isTemplateFault,
  type MediaTemplate,
  type NativeTemplate,
  readMediaTemplate,
  readNativeTemplate,
} from '../../../../domain/creative-template.ts';
import { markupMacros } from '../../../../domain/macros.ts';

/** What of a creative its preview is made of. */
export interface PreviewedCreative {
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly markup: string;
  readonly landing_url: string;
  readonly duration_ms: number;
}

/** A document for the frame of a preview. */
export interface PreviewDocument {
  readonly markup: string;
  readonly width: number;
  readonly height: number;
}

export type Preview =
  | { readonly kind: 'banner'; readonly document: PreviewDocument }
  | { readonly kind: 'native'; readonly document: PreviewDocument; readonly template: NativeTemplate }
  | { readonly kind: 'media'; readonly template: MediaTemplate; readonly document: PreviewDocument | null }
  | { readonly kind: 'fault'; readonly detail: string };

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');
}

/** Names that resolve nowhere (RFC 2606): what a preview calls is counted by nobody. */
const nowhere = 'https://preview.invalid/';

/** A text with its macros filled as for an ad, but with addresses that lead nowhere. `{asset_url}`: the origin of the landing page, as when it is served. */
export function filled(text: string, creative: PreviewedCreative, encode: (value: string) => string): string {
  const values: Readonly<Record<string, string>> = {
    asset_url: originOf(creative.landing_url),
    landing_url: nowhere,
    click_url: nowhere,
    impression_url: nowhere,
    viewable_url: nowhere,
    width: String(creative.width),
    height: String(creative.height),
    duration_ms: String(creative.duration_ms),
    selection_id: '00000000-0000-7000-8000-000000000000',
    cachebuster: '000000000000',
  };
  return text.replaceAll(/\{([a-z_]+)\}/g, (whole, name: string) =>
    (markupMacros as readonly string[]).includes(name) ? encode(values[name] ?? 'preview') : whole,
  );
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '';
}

const usual = { width: 300, height: 250 };

function documentOf(
  body: string,
  { width, height }: { readonly width: number; readonly height: number },
): PreviewDocument {
  const head = '<meta charset="utf-8"><base target="_blank"><title>Advertisement</title>';
  return { markup: `<!doctype html><html lang="en"><head>${head}</head><body style="margin:0">${body}`, width, height };
}

/** What can be shown of a creative. Nothing in it runs here: a document is for the frame of a preview alone. */
export function previewOf(creative: PreviewedCreative): Preview {
  const { format, markup } = creative;
  if (format === 'native') return nativePreview(creative);
  const media = format === 'banner' ? null : readMediaTemplate(markup);
  if (media !== null) return isTemplateFault(media) ? faultOf(media) : mediaPreview(media, creative);
  const size = creative.width === 0 ? usual : creative;
  return { kind: 'banner', document: documentOf(filled(markup, creative, escapeHtml), size) };
}

function faultOf({ path, detail }: { readonly path: string; readonly detail: string }): Preview {
  return { kind: 'fault', detail: `The markup ${path === '' ? '' : `at ${path} `}${detail}.` };
}

function nativePreview(creative: PreviewedCreative): Preview {
  const read = readNativeTemplate(creative.markup);
  if (read === null)
    return { kind: 'banner', document: documentOf(filled(creative.markup, creative, escapeHtml), usual) };
  if (isTemplateFault(read)) return faultOf(read);
  return {
    kind: 'native',
    template: read,
    document: documentOf(nativeCard(read, creative), { width: 340, height: cardHeight(read) }),
  };
}

/** Types of data assets (OpenRTB Native 1.2, §7.4). */
const dataTypes: Readonly<Record<number, string>> = {
  1: 'Sponsored by',
  2: '',
  3: 'Rating',
  4: 'Likes',
  5: 'Downloads',
  6: 'Price',
  7: 'Sale price',
  8: 'Phone',
  9: 'Address',
  10: '',
  11: '',
  12: 'button',
};
const icon = 1;

/** Assets of a native ad as a publisher may show them: picture, title, texts, a button. */
function nativeCard({ assets }: NativeTemplate, creative: PreviewedCreative): string {
  const text = (value: string) => escapeHtml(filled(value, creative, (one) => one));
  const parts = assets.map((asset) => {
    if (asset.kind === 'title') return `<strong style="font-size:17px">${text(asset.text)}</strong>`;
    if (asset.kind === 'img') {
      const size = asset.type === icon ? 'width:40px;height:40px;border-radius:6px' : 'width:100%;border-radius:6px';
      return `<img alt="" src="${text(asset.url)}" style="${size};object-fit:cover;background:#eee">`;
    }
    const label = dataTypes[asset.type] ?? `Data ${asset.type}`;
    if (label === 'button') return `<span style="${button}">${text(asset.value)}</span>`;
    return `<span style="color:#444">${label === '' ? '' : `${label} `}${text(asset.value)}</span>`;
  });
  return `<div style="${card}">${parts.join('')}</div>`;
}

/** Enough for the card, px. */
function cardHeight({ assets }: NativeTemplate): number {
  const heights: number[] = assets.map((asset) => (asset.kind !== 'img' ? 38 : asset.type === icon ? 48 : 220));
  return heights.reduce((sum, one) => sum + one, 48);
}

const button = 'justify-self:start;padding:6px 14px;border-radius:5px;background:#0f5c4c;color:#fff';
const card =
  'display:grid;gap:8px;margin:8px;padding:12px;border:1px solid #ddd;border-radius:8px;font:14px/1.45 system-ui,sans-serif;color:#1d1c19;background:#fff';

/** A player for what a browser can play of itself; nothing is fetched before somebody presses play. */
function mediaPreview(template: MediaTemplate, creative: PreviewedCreative): Preview {
  const playable = template.media.filter(({ delivery }) => delivery === 'progressive');
  if (playable.length === 0) return { kind: 'media', template, document: null };
  const sources = playable.map(
    ({ url, type }) => `<source src="${escapeHtml(filled(url, creative, encodeURI))}" type="${escapeHtml(type)}">`,
  );
  const isAudio = creative.format === 'audio';
  const tag = isAudio ? 'audio' : 'video';
  const body = `<${tag} controls preload="none" style="${isAudio ? 'width:100%' : 'width:100%;height:100vh'}">${sources.join('')}</${tag}>`;
  const width = Math.min(480, creative.width || 480);
  const height = isAudio ? 60 : Math.round((width * (creative.height || 270)) / (creative.width || 480));
  return { kind: 'media', template, document: documentOf(body, { width, height }) };
}
