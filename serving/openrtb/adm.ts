import { fitNative } from '../formats/native-fit.ts';
import type { IssuedAd } from '../issue.ts';
import type { NativeOffer } from './native-request.ts';

/**
 * The markup of a bid. A banner tells us by itself that it is rendered and seen, since nothing of ours stands around it on the page of an exchange; a native ad is cut to
 * what was asked for. Null if a native ad lacks something that is required.
 */
export function admOf({ decision }: Pick<IssuedAd, 'decision'>, native: NativeOffer | null | undefined): string | null {
  const { format, markup, beacons } = decision;
  if (format === 'native') return native ? fitNative(markup, { ...native.request }) : null;
  return format === 'banner' ? markup + bannerBeacons(markup, beacons) : markup;
}

/** Tracking that a banner lacks: its picture, and a script that sends another once half of it was in view for a second (MRC). */
function bannerBeacons(markup: string, { impression, viewable }: IssuedAd['decision']['beacons']): string {
  const isTracked = impression === undefined || markup.includes(impression);
  const picture = isTracked
    ? ''
    : `<img src="${impression}" width="1" height="1" alt="" style="position:absolute;visibility:hidden">`;
  if (viewable === undefined || markup.includes(viewable)) return picture;
  return `${picture}<script>${viewScript(viewable)}</script>`;
}

const share = 0.5;
const viewedMs = 1000;

/** In a frame of another origin the observer still measures against the window of the person. */
function viewScript(url: string): string {
  return `(function(){if(!self.IntersectionObserver)return;var t,o=new IntersectionObserver(function(e){if(e[e.length-1].intersectionRatio>=${share}){t=t||setTimeout(function(){o.disconnect();new Image().src=${JSON.stringify(url)}},${viewedMs})}else{clearTimeout(t);t=0}},{threshold:[${share}]});o.observe(document.body||document.documentElement)})()`;
}
