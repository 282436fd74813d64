/** Macros that a landing page's URL may hold; filled at the click. */
export const landingMacros = [
  'click_id',
  'selection_id',
  'campaign_id',
  'creative_id',
  'placement_id',
  'line_item_id',
] as const;

/** Macros that the markup of a creative and its third-party trackers may hold; filled when the ad is returned. */
export const trackerMacros = [
  'click_url',
  'impression_url',
  'viewable_url',
  'selection_id',
  'advertiser_id',
  'campaign_id',
  'line_item_id',
  'creative_id',
  'placement_id',
  'publisher_id',
  'width',
  'height',
  'duration_ms',
  'landing_url',
  'cachebuster',
] as const;
export const markupMacros = [...trackerMacros, 'asset_url'] as const;

/** Letters and underscores in braces, without a space. */
const bracedName = /\{([A-Za-z]+(?:_[A-Za-z]+)*)\}/g;

function bracedNames(text: string): string[] {
  return [...new Set([...text.matchAll(bracedName)].map(([, name]) => name ?? ''))];
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '');
}

/**
 * Names in braces in a markup that are meant as macros but are none, each once: `{click_uri}`, `{CLICK_URL}`, `{clickurl}`. Style sheets and scripts
 * are full of braces, so a word without underscore that resembles no macro is left alone.
 */
export function mistakenMacros(markup: string): string[] {
  const known: readonly string[] = markupMacros;
  const resembled = new Set(known.map(plain));
  return bracedNames(markup).filter((name) => {
    return !known.includes(name) && (name.includes('_') || resembled.has(plain(name)));
  });
}

/** Why a URL with macros can't be used, or null: http or https, a host of its own before the first macro, no user name, no spaces. */
export function urlFault(url: string, macros: readonly string[]): string | null {
  const unknown = bracedNames(url).find((name) => !macros.includes(name));
  if (unknown !== undefined) {
    return `has the unknown macro {${unknown}}; known are ${macros.map((name) => `{${name}}`).join(', ') || 'none'}`;
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020\u007f"<>\\^`]/.test(url))
    return 'holds a space, a quote or another character that no URL may hold';
  const host = /^https?:\/\/([^/?#]*)/.exec(url)?.[1];
  if (host === undefined || host === '') return 'is no http or https URL';
  if (/[{}@]/.test(host)) return 'has a macro or a user name in its host';
  const filled = url.replaceAll(bracedName, 'x');
  return /[{}]/.test(filled) || !URL.canParse(filled) ? 'is no URL' : null;
}
