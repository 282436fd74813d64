import { trackerMacros } from '../../domain/macros.ts';
import type { Macro, MacroValues } from './ad-source.ts';

/** Other words in braces are the template's own: style sheets and scripts are full of them. */
const macroPattern = new RegExp(`\\{(${trackerMacros.join('|')})\\}`);

/** Literal, macro, literal, macro … literal. */
export type MacroTemplate = readonly string[];

/** A text, cut at its macros. `{asset_url}` is filled at once: it is the same for every ad of a creative. */
export function cutTemplate(text: string, assetUrl: string): MacroTemplate {
  return text.replaceAll('{asset_url}', () => assetUrl).split(macroPattern);
}

export function fillTemplate(template: MacroTemplate, values: MacroValues, encode: (value: string) => string): string {
  let text = template[0] as string;
  for (let index = 1; index < template.length; index += 2) {
    text += encode(values[template[index] as Macro]) + (template[index + 1] as string);
  }
  return text;
}

/** A URL with its macros: percent-encoded, but whole where the URL begins with one. */
export function fillUrl(template: MacroTemplate, values: MacroValues): string {
  if (template[0] !== '' || template.length === 1) return fillTemplate(template, values, encodeURIComponent);
  const [, first, ...rest] = template;
  return values[first as Macro] + fillTemplate(rest, values, encodeURIComponent);
}

export function asWritten(value: string): string {
  return value;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** In HTML and in XML: a value can't break out of an attribute or an element. */
export function escapeMarkup(value: string): string {
  return /[&<>"']/.test(value) ? value.replace(/[&<>"']/g, (character) => escapes[character] as string) : value;
}
