import type { Json } from './console-client.ts';

const day = 86_400_000;

/** From the start of the day before, so that a day in any zone lies in it whole. */
export function flightFrom(nowMs: number, days: number): Json {
  const startsAt = Math.floor(nowMs / day) * day - day;
  return { starts_at: new Date(startsAt).toISOString(), ends_at: new Date(startsAt + days * day).toISOString() };
}

/** A banner drawn by the browser alone: it fetches nothing. */
export function banner(
  name: string,
  [width, height]: readonly [number, number],
  [from, to]: readonly [string, string],
): Json {
  const size = width === 0 ? 'width:100%;min-height:90px' : `width:${width}px;height:${height}px`;
  const style = `${size};display:flex;flex-direction:column;align-items:center;justify-content:center;gap:6px;box-sizing:border-box;padding:12px;background:linear-gradient(135deg, ${from}, ${to});color:white;font:600 20px/1.2 system-ui, sans-serif;text-decoration:none;text-align:center`;
  const call = '<span style="font:400 13px system-ui, sans-serif;opacity:.9">Find out more →</span>';
  return {
    name: `${name} ${width === 0 ? 'any size' : `${width}×${height}`}`,
    format: 'banner',
    width,
    height,
    markup: `<a href="{click_url}" target="_blank" rel="noopener" style="${style}">${name}${call}</a>`,
    landing_url: 'https://advertiser.example/landing?click={click_id}&selection={selection_id}',
  };
}

/** `url`: of its file; where advertisers host theirs, if omitted. */
export function video(name: string, url = '{asset_url}/spot.webm', durationMs = 15_000): Json {
  return {
    name: `${name} video`,
    format: 'video',
    width: 640,
    height: 360,
    duration_ms: durationMs,
    markup: JSON.stringify({ media: [{ url, type: 'video/webm' }] }),
    landing_url: 'https://advertiser.example/video?click={click_id}',
  };
}

export function audio(name: string): Json {
  return {
    name: `${name} spot`,
    format: 'audio',
    duration_ms: 20_000,
    markup: JSON.stringify({ media: [{ url: '{asset_url}/spot.mp3', type: 'audio/mpeg' }] }),
    landing_url: 'https://advertiser.example/audio?click={click_id}',
  };
}

/** `image`: URL of a picture of 1200×627; where advertisers host theirs, if omitted. */
export function native(name: string, image = '{asset_url}/card.jpg'): Json {
  const assets = [
    { title: { text: name } },
    { img: { type: 3, url: image, w: 1200, h: 627 } },
    { data: { type: 2, value: `All about ${name}.` } },
    { data: { type: 1, value: name } },
    { data: { type: 12, value: 'Find out more' } },
  ];
  return {
    name: `${name} native`,
    format: 'native',
    width: 0,
    height: 0,
    markup: JSON.stringify({ assets }),
    landing_url: 'https://advertiser.example/native?click={click_id}',
  };
}

export function placement(
  name: string,
  formats: readonly string[],
  sizes: readonly string[],
  floorMicros: string,
): Json {
  return { name, formats, sizes, floor_micros: floorMicros, floor_currency: 'EUR', auction: 'first_price' };
}
