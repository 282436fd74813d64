import type { CreativePublished } from '../domain/records.ts';

/** What a slot takes: its formats and, for banners, its sizes (WxH; none: any). */
export interface SlotShape {
  readonly formats: readonly string[];
  readonly sizes: readonly string[];
}

/** A banner without a size of its own fills any slot. */
const fluid = 'banner:fluid';
const anyBanner = 'banner';

/** Names under which a creative is indexed: a slot that asks for one of them can show it. */
export function creativeKeys({ format, width, height }: CreativePublished): string[] {
  if (format !== 'banner') return [format];
  return [anyBanner, width === 0 && height === 0 ? fluid : `banner:${width}x${height}`];
}

/** Names of the creatives that a slot can show. Sizes bind banners only: players and native layouts scale. */
export function slotKeys({ formats, sizes }: SlotShape): string[] {
  return formats.flatMap((format) => {
    if (format !== 'banner') return [format];
    return sizes.length === 0 ? [anyBanner] : [fluid, ...sizes.map((size) => `banner:${size}`)];
  });
}

/** Width and height in CSS pixels in which a creative is shown: its own or, if it has none, those of the first size of the slot. */
export function shownSize(creative: CreativePublished, { sizes }: SlotShape): { width: number; height: number } {
  if (creative.width > 0 && creative.height > 0) return { width: creative.width, height: creative.height };
  const [width = 0, height = 0] = (sizes[0] ?? '').split('x').map(Number);
  return { width, height };
}
