import type { Billing, CreativePublished } from '../domain/records.ts';

/** A landing URL, cut at its macros: literal, macro, literal, macro … literal. */
type Template = readonly string[];

type Macro = 'click_id' | 'selection_id' | 'campaign_id' | 'creative_id' | 'placement_id' | 'line_item_id';
const macroPattern = /\{(click_id|selection_id|campaign_id|creative_id|placement_id|line_item_id)\}/;
const templates = new WeakMap<CreativePublished, Template>();

/** What a header may hold and a URL can mean: everything else is percent-encoded. */
function asciiOnly(literal: string): string {
  return literal.replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character.toWellFormed()));
}

function templateOf(creative: CreativePublished): Template {
  const known = templates.get(creative);
  if (known !== undefined) return known;
  const parts = creative.landing_url
    .split(macroPattern)
    .map((part, index) => (index % 2 === 0 ? asciiOnly(part) : part));
  templates.set(creative, parts);
  return parts;
}

/**
 * Where a click leads: the creative's landing page with its macros filled by percent-encoded values. Null if the creative names no http
 * or https page.
 */
export function landingUrl(creative: CreativePublished, billing: Billing, clickId: string): string | null {
  const { selection_id, campaign_id, creative_id, placement_id, line_item_id } = billing;
  const values: Record<Macro, string> = {
    click_id: clickId,
    selection_id,
    campaign_id,
    creative_id,
    placement_id,
    line_item_id,
  };
  const parts = templateOf(creative);
  const url = parts.map((part, index) => (index % 2 === 0 ? part : encodeURIComponent(values[part as Macro]))).join('');
  return /^https?:\/\/[^/{}]/.test(url) ? url : null;
}
