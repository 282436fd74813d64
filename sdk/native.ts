import type { NativeAd, SlotOptions, Track } from './types.ts';

/** Types of data of OpenRTB Native 1.2 (§7.4), in the order in which they are shown. */
const shown = [2, 12, 1];

function isWeb(url: string): boolean {
  return /^https?:/.test(url);
}

/** A plain native ad: image, title, text, call and brand in one link. */
function build(ad: NativeAd, element: HTMLElement): void {
  const link = document.createElement('a');
  if (isWeb(ad.link.url)) link.href = ad.link.url;
  link.target = '_blank';
  link.rel = 'noopener sponsored';
  const add = (tag: string, text: string): void => {
    const child = document.createElement(tag);
    child.textContent = text;
    link.append(child);
  };
  const images = ad.assets.flatMap(({ img }) => (img && isWeb(img.url) ? [img] : []));
  const image = images.find(({ type }) => type === 3) ?? images[0];
  if (image) {
    const picture = new Image();
    picture.src = image.url;
    picture.alt = '';
    picture.style.maxWidth = '100%';
    link.append(picture);
  }
  for (const { title } of ad.assets) if (title) add('strong', title.text);
  for (const type of shown) for (const { data } of ad.assets) if (data?.type === type) add('p', data.value);
  element.replaceChildren(link);
}

interface Place {
  readonly element: HTMLElement;
  readonly show: SlotOptions['native'];
  readonly track: Track;
  /** Aborted when the ad goes. */
  readonly signal: AbortSignal;
}

/** Shows a native ad and returns who is to be told of an event (1 impression, 2 viewable; §7.6). */
export function showNative(markup: string, { element, show, track, signal }: Place): (event: number) => void {
  const ad = JSON.parse(markup) as NativeAd;
  (show ?? build)(ad, element);
  const click = ({ target }: Event): void => {
    if (target instanceof Element && target.closest('a')) track(ad.link.clicktrackers ?? []);
  };
  element.addEventListener('click', click, { signal });
  return (event) =>
    track((ad.eventtrackers ?? []).flatMap((one) => (one.event === event && one.method === 1 ? [one.url] : [])));
}
