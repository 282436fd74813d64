/** What a player needs of VAST, with the trackers of all wrappers on the way. */
export interface VastAd {
  readonly media: readonly { readonly url: string; readonly type: string; readonly width: number }[];
  readonly durationMs: number;
  readonly skipMs: number | null;
  readonly click: string | undefined;
  /** By names of VAST: `impression`, `viewable`, `clickTracking`, `error`, `start`, `firstQuartile` … */
  readonly trackers: Readonly<Record<string, readonly string[]>>;
}

/** A number of VAST 4.2 (§2.3.6.3), with whom to tell. */
export interface VastFault {
  readonly code: number;
  readonly trackers: VastAd['trackers'];
}

/** §2.4.3.4. */
const mostWrappers = 5;
const wrapperMs = 5_000;

function milliseconds(time: string | null | undefined, ofMs = 0): number {
  const [, hours, minutes, seconds] = /(\d+):(\d+):([\d.]+)/.exec(time ?? '') ?? [];
  if (seconds === undefined) return (parseFloat(time ?? '') / 100) * ofMs;
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

/** Reads a document; wrappers are fetched and followed. */
export async function readVast(text: string): Promise<VastAd | VastFault> {
  const trackers: Record<string, string[]> = {};
  const fault = (code: number): VastFault => ({ code, trackers });
  let document = text;
  let mayFollow = true;
  for (let depth = 0; ; depth += 1) {
    const xml = new DOMParser().parseFromString(document, 'text/xml');
    if (xml.querySelector('parsererror')) return fault(100);
    const ad = xml.querySelector('Ad');
    if (!ad) return fault(303);
    gather(ad, trackers);
    const next = ad.querySelector('VASTAdTagURI')?.textContent?.trim();
    if (!next) return inline(ad, trackers) ?? fault(400);
    if (!mayFollow || depth === mostWrappers) return fault(302);
    mayFollow = ad.querySelector('Wrapper')?.getAttribute('followAdditionalWrappers') !== 'false';
    try {
      document = await (await fetch(next, { signal: AbortSignal.timeout(wrapperMs) })).text();
    } catch {
      return fault(301);
    }
  }
}

function gather(ad: Element, trackers: Record<string, string[]>): void {
  for (const one of ad.querySelectorAll('Impression,Error,Viewable,Linear Tracking,ClickTracking')) {
    const name = one.getAttribute('event') ?? one.tagName[0]?.toLowerCase() + one.tagName.slice(1);
    (trackers[name] ??= []).push(one.textContent?.trim() ?? '');
  }
}

function inline(ad: Element, trackers: VastAd['trackers']): VastAd | null {
  const linear = ad.querySelector('Linear');
  if (!linear) return null;
  const durationMs = milliseconds(linear.querySelector('Duration')?.textContent);
  const skip = linear.getAttribute('skipoffset');
  return {
    media: [...linear.querySelectorAll('MediaFile')].map((file) => ({
      url: file.textContent?.trim() ?? '',
      type: file.getAttribute('type') ?? '',
      width: Number(file.getAttribute('width')),
    })),
    durationMs,
    skipMs: skip === null ? null : milliseconds(skip, durationMs),
    click: linear.querySelector('ClickThrough')?.textContent?.trim(),
    trackers,
  };
}
