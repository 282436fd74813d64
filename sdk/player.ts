import type { Track } from './types.ts';
import { readVast, type VastAd, type VastFault } from './vast.ts';
import { stretch, watchView } from './viewability.ts';

const viewableMs = 2_000;
const quartiles = ['firstQuartile', 'midpoint', 'thirdQuartile'] as const;

export interface Player {
  readonly element: HTMLElement;
  readonly vast: string;
  readonly isAudio: boolean;
  readonly track: Track;
  /** Something was skipped, or can't be played. */
  readonly onEnd: () => void;
}

function filled(urls: readonly string[] = [], code = 900): string[] {
  const macros: Readonly<Record<string, string | number>> = {
    ERRORCODE: code,
    CACHEBUSTING: `${Math.random()}`.slice(2, 10),
    TIMESTAMP: encodeURIComponent(new Date().toISOString()),
  };
  return urls.map((url) => url.replace(/\[([A-Z]+)\]/g, (macro, name: string) => `${macros[name] ?? macro}`));
}

/** Plays what a VAST document says, and reports what the document wants to know. Returns what stops it; null if it can't be played. */
export async function play(player: Player): Promise<(() => void) | null> {
  const ad = await readVast(player.vast);
  const fail = (code: number, { trackers }: VastAd | VastFault = ad): null => {
    player.track(filled(trackers['error'], code));
    player.onEnd();
    return null;
  };
  if ('code' in ad) return fail(ad.code);
  const media = document.createElement(player.isAudio ? 'audio' : 'video');
  const room = player.element.clientWidth * devicePixelRatio;
  const [file] = ad.media
    .filter(({ type, url }) => media.canPlayType(type) && /^https?:/.test(url))
    .sort((a, b) => Math.abs(a.width - room) - Math.abs(b.width - room));
  if (file === undefined) return fail(ad.media.length === 0 ? 401 : 403);
  media.src = file.url;
  media.controls = true;
  media.muted = !player.isAudio;
  if (media instanceof HTMLVideoElement) media.playsInline = true;
  media.style.cssText = 'display:block;width:100%';
  player.element.replaceChildren(media, ...linkOf(ad, player.track));
  return follow(media, { ad, player, fail });
}

function linkOf({ click, trackers }: VastAd, track: Track): HTMLElement[] {
  if (!click || !/^https?:/.test(click)) return [];
  const link = document.createElement('a');
  link.href = click;
  link.target = '_blank';
  link.rel = 'noopener';
  link.textContent = 'Visit the advertiser';
  link.addEventListener('click', () => track(filled(trackers['clickTracking'])));
  return [link];
}

interface Played {
  readonly ad: VastAd;
  readonly player: Player;
  readonly fail: (code: number) => null;
}

function follow(media: HTMLMediaElement, { ad, player, fail }: Played): () => void {
  const counts: Record<string, number> = {};
  const stopped = new AbortController();
  const { signal } = stopped;
  /** Once, unless it may happen again: then with its number. */
  const report = (event: string, isRepeated = false): void => {
    const count = counts[event] ?? 0;
    counts[event] = count + 1;
    if (count === 0 || isRepeated) player.track(filled(ad.trackers[event]), count);
  };
  const seen = stretch(viewableMs, () => report('viewable'));
  let inView = false;
  let isMuted = media.muted;
  let isPaused = false;
  const on = (event: string, act: () => void): void => media.addEventListener(event, act, { signal });
  const judge = (): void => seen(inView && !media.paused && !media.ended);
  const stopWatching = watchView(media, (isIn) => {
    inView = isIn;
    // A browser that refuses leaves it to the person to press play.
    if (isIn && !counts['start'] && !player.isAudio) media.play().catch(() => {});
    judge();
  });
  on('playing', () => {
    if (isPaused) report('resume', true);
    isPaused = false;
    report('impression');
    report('start');
    judge();
  });
  on('pause', () => {
    judge();
    if (media.ended || !counts['start']) return;
    isPaused = true;
    report('pause', true);
  });
  on('timeupdate', () => {
    const lengthMs = ad.durationMs || media.duration * 1000;
    for (const [index, event] of quartiles.entries()) {
      if (media.currentTime * 1000 >= (lengthMs * (index + 1)) / 4) report(event);
    }
  });
  on('ended', () => {
    for (const event of quartiles) report(event);
    report('complete');
    judge();
  });
  on('volumechange', () => {
    const now = media.muted || media.volume === 0;
    if (now !== isMuted) report(now ? 'mute' : 'unmute', true);
    isMuted = now;
  });
  on('error', () => fail(405));
  if (ad.skipMs !== null)
    offerSkip(media, ad.skipMs, () => {
      report('skip');
      player.onEnd();
    });
  return () => {
    stopped.abort();
    stopWatching();
    seen(false);
    media.pause();
    media.removeAttribute('src');
    media.load();
  };
}

function offerSkip(media: HTMLMediaElement, skipMs: number, skip: () => void): void {
  const button = document.createElement('button');
  button.textContent = 'Skip';
  button.hidden = true;
  button.addEventListener('click', skip);
  media.addEventListener('timeupdate', () => (button.hidden = media.currentTime * 1000 < skipMs));
  media.after(button);
}
