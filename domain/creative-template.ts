import { markupMacros, urlFault } from './macros.ts';

/** A file that a player may choose. */
export interface MediaFile {
  readonly url: string;
  /** MIME type. */
  readonly type: string;
  /** Pixels; 0 for audio. */
  readonly width: number;
  readonly height: number;
  readonly bitrateKbps: number | null;
  readonly codec: string | null;
  readonly delivery: 'progressive' | 'streaming';
}

/** A banner beside the player: an image or HTML. */
export interface Companion {
  readonly width: number;
  readonly height: number;
  readonly image: { readonly url: string; readonly type: string } | null;
  readonly html: string | null;
  readonly alt: string | null;
}

/** A script of a measurer, for the player's Open Measurement SDK. */
export interface Verification {
  readonly vendor: string;
  readonly url: string;
  readonly parameters: string | null;
}

/** What the markup of a video or audio creative says. */
export interface MediaTemplate {
  /** None: `wrapper` names the document that has them. */
  readonly media: readonly MediaFile[];
  readonly wrapper: { readonly url: string; readonly followWrappers: boolean } | null;
  readonly companions: readonly Companion[];
  readonly verifications: readonly Verification[];
  readonly skipAfterMs: number | null;
}

/** One asset of a native ad, with the type by which OpenRTB Native 1.2 asks for it (§7.2 to §7.4). */
export type NativeAsset =
  | { readonly kind: 'title'; readonly text: string }
  | { readonly kind: 'img'; readonly type: number; readonly url: string; readonly w: number; readonly h: number }
  | { readonly kind: 'data'; readonly type: number; readonly value: string };

/** What the markup of a native creative says. */
export interface NativeTemplate {
  readonly assets: readonly NativeAsset[];
  readonly privacy: string | null;
}

/** What is wrong with a markup: where in it, and a sentence without its subject. */
export interface TemplateFault {
  readonly path: string;
  readonly detail: string;
}

const limits = { media: 20, companions: 10, verifications: 10, assets: 20, pixels: 20_000, text: 1_000, html: 20_000 };
const mimeForm = /^[a-z]+\/[0-9A-Za-z][0-9A-Za-z.+-]{0,98}$/;
const dayMs = 86_400_000;

type Fields = Readonly<Record<string, unknown>>;

class Wrong extends Error {
  readonly fault: TemplateFault;
  constructor(path: string, detail: string) {
    super(`${path} ${detail}`);
    this.fault = { path, detail };
  }
}

/** The result of a reader, or the fault that it met. */
function judged<T>(read: () => T): T | TemplateFault {
  try {
    return read();
  } catch (error) {
    if (error instanceof Wrong) return error.fault;
    throw error;
  }
}

export function isTemplateFault(value: object): value is TemplateFault {
  return 'detail' in value;
}

function fieldsOf(value: unknown, path: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Wrong(path, 'must be an object');
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Wrong(`${path}.${unknown.slice(0, 40)}`, `is unknown; known are ${known.join(', ')}`);
  return value as Fields;
}

function list<T>(value: unknown, path: string, most: number, read: (item: unknown, path: string) => T): T[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > most) throw new Wrong(path, `must be a list of at most ${most}`);
  return value.map((item, index) => read(item, `${path}[${index}]`));
}

function text(value: unknown, path: string, most = limits.text): string {
  if (typeof value === 'string' && value !== '' && value.length <= most) return value;
  throw new Wrong(path, `must be a text of 1 to ${most} characters`);
}

function optionalText(value: unknown, path: string): string | null {
  return value === undefined ? null : text(value, path);
}

function whole(value: unknown, path: string, most: number, least = 0): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  throw new Wrong(path, `must be a whole number from ${least} to ${most}`);
}

function mime(value: unknown, path: string): string {
  if (typeof value === 'string' && mimeForm.test(value)) return value;
  throw new Wrong(path, 'must be a MIME type');
}

/** http or https; may begin with `{asset_url}` and hold the macros of markups. */
function url(value: unknown, path: string): string {
  const given = text(value, path, 2_000);
  const fault = urlFault(given.replace(/^\{asset_url\}/, 'https://asset.example'), markupMacros);
  if (fault !== null) throw new Wrong(path, fault);
  return given;
}

function readMediaFile(value: unknown, path: string): MediaFile {
  const fields = fieldsOf(value, path, ['url', 'type', 'width', 'height', 'bitrate_kbps', 'codec', 'delivery']);
  const { delivery = 'progressive', bitrate_kbps: bitrate } = fields;
  if (delivery !== 'progressive' && delivery !== 'streaming') {
    throw new Wrong(`${path}.delivery`, 'must be progressive or streaming');
  }
  return {
    url: url(fields['url'], `${path}.url`),
    type: mime(fields['type'], `${path}.type`),
    width: whole(fields['width'] ?? 0, `${path}.width`, limits.pixels),
    height: whole(fields['height'] ?? 0, `${path}.height`, limits.pixels),
    bitrateKbps: bitrate === undefined ? null : whole(bitrate, `${path}.bitrate_kbps`, 1_000_000, 1),
    codec: optionalText(fields['codec'], `${path}.codec`),
    delivery,
  };
}

function readCompanion(value: unknown, path: string): Companion {
  const fields = fieldsOf(value, path, ['width', 'height', 'image', 'type', 'html', 'alt']);
  const { image, html } = fields;
  if ((image === undefined) === (html === undefined)) throw new Wrong(path, 'must have either image or html');
  return {
    width: whole(fields['width'], `${path}.width`, limits.pixels, 1),
    height: whole(fields['height'], `${path}.height`, limits.pixels, 1),
    image:
      image === undefined ? null : { url: url(image, `${path}.image`), type: mime(fields['type'], `${path}.type`) },
    html: html === undefined ? null : text(html, `${path}.html`, limits.html),
    alt: optionalText(fields['alt'], `${path}.alt`),
  };
}

function readVerification(value: unknown, path: string): Verification {
  const fields = fieldsOf(value, path, ['vendor', 'url', 'parameters']);
  return {
    vendor: text(fields['vendor'], `${path}.vendor`),
    url: url(fields['url'], `${path}.url`),
    parameters: optionalText(fields['parameters'], `${path}.parameters`),
  };
}

function readWrapper(value: unknown, path: string): NonNullable<MediaTemplate['wrapper']> {
  const fields = fieldsOf(value, path, ['url', 'follow_wrappers']);
  const { follow_wrappers: follow = true } = fields;
  if (typeof follow !== 'boolean') throw new Wrong(`${path}.follow_wrappers`, 'must be true or false');
  return { url: url(fields['url'], `${path}.url`), followWrappers: follow };
}

function parsed(markup: string): unknown {
  try {
    return JSON.parse(markup) as unknown;
  } catch (error) {
    throw new Wrong('', `is no JSON: ${(error as Error).message}`);
  }
}

function readMedia(markup: string): MediaTemplate {
  const known = ['media', 'wrapper', 'companions', 'verifications', 'skip_after_ms'];
  const fields = fieldsOf(parsed(markup), '', known);
  const { wrapper, skip_after_ms: skip } = fields;
  const media = list(fields['media'], 'media', limits.media, readMediaFile);
  if ((media.length === 0) === (wrapper === undefined)) {
    throw new Wrong('media', 'must hold a file, unless `wrapper` names a VAST document; never both');
  }
  return {
    media,
    wrapper: wrapper === undefined ? null : readWrapper(wrapper, 'wrapper'),
    companions: list(fields['companions'], 'companions', limits.companions, readCompanion),
    verifications: list(fields['verifications'], 'verifications', limits.verifications, readVerification),
    skipAfterMs: skip === undefined ? null : whole(skip, 'skip_after_ms', dayMs),
  };
}

/**
 * Reads the markup of a video or audio creative: a JSON object, or the URL of a VAST document alone. Null if it is neither: HTML of a player of one's own.
 */
export function readMediaTemplate(markup: string): MediaTemplate | TemplateFault | null {
  const trimmed = markup.trim();
  if (trimmed.startsWith('{"') || /^\{\s/.test(trimmed)) return judged(() => readMedia(trimmed));
  if (!/^https?:\/\/\S*$/.test(trimmed)) return null;
  return judged(() => readMedia(JSON.stringify({ wrapper: { url: trimmed } })));
}

function readAsset(value: unknown, path: string): NativeAsset {
  const asset = fieldsOf(value, path, ['title', 'img', 'data']);
  const [kind, ...more] = Object.keys(asset);
  if (kind === undefined || more.length > 0) throw new Wrong(path, 'must have one of title, img, data');
  const at = `${path}.${kind}`;
  if (kind === 'title') return { kind, text: text(fieldsOf(asset['title'], at, ['text'])['text'], `${at}.text`) };
  if (kind === 'data') {
    const data = fieldsOf(asset['data'], at, ['type', 'value']);
    return { kind, type: whole(data['type'], `${at}.type`, 999, 1), value: text(data['value'], `${at}.value`) };
  }
  const img = fieldsOf(asset['img'], at, ['type', 'url', 'w', 'h']);
  return {
    kind: 'img',
    type: whole(img['type'], `${at}.type`, 999, 1),
    url: url(img['url'], `${at}.url`),
    w: whole(img['w'], `${at}.w`, limits.pixels, 1),
    h: whole(img['h'], `${at}.h`, limits.pixels, 1),
  };
}

function readNative(markup: string): NativeTemplate {
  const fields = fieldsOf(parsed(markup), '', ['assets', 'privacy']);
  const assets = list(fields['assets'], 'assets', limits.assets, readAsset);
  if (assets.length === 0) throw new Wrong('assets', 'must hold at least one');
  return { assets, privacy: fields['privacy'] === undefined ? null : url(fields['privacy'], 'privacy') };
}

/** Reads the markup of a native creative: a JSON object. Null if it is none: HTML, of which only the text is taken. */
export function readNativeTemplate(markup: string): NativeTemplate | TemplateFault | null {
  const trimmed = markup.trim();
  return trimmed.startsWith('{"') || /^\{\s/.test(trimmed) ? judged(() => readNative(trimmed)) : null;
}
