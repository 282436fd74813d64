import { openQueue } from './beacons.ts';
import { readConsent } from './consent.ts';
import { showNative } from './native.ts';
import { play } from './player.ts';
import type { Adtally, AdtallyOptions, Decision, Slot, SlotOptions, Track } from './types.ts';
import { stretch, watchView } from './viewability.ts';

export type { AdFormat, Adtally, AdtallyOptions, Decision, NativeAd, Slot, SlotOptions } from './types.ts';

const viewableMs = 1_000;
const leastRefreshMs = 5_000;
const longestTmaxMs = 5_000;
/** As many slots as one request may have. */
const slotsAtOnce = 10;
/** Lazy slots that come near together ask together. */
const gatherMs = 20;

/** A slot as this script knows it. */
interface Held extends Slot {
  readonly id: string;
  readonly options: SlotOptions;
  /** When an ad was asked for last, in the time of `performance.now()`. */
  askedAt: number;
  /** Shows an ad, or nothing for a reason. */
  fill(ad: Decision | null, reason: string): void;
}

interface Answer {
  readonly decisions?: readonly Decision[];
  readonly no_ad?: readonly { readonly slot_id: string; readonly reason: string }[];
}

/** Slots by their elements, shared by all copies of this script on a page: a page that loads it twice still shows each ad once. */
const holder = window as { __adtally?: WeakMap<Element, Slot> };
const taken = (holder.__adtally ??= new WeakMap<Element, Slot>());
let named = 0;

/** The ads of a page. */
export function createAdtally(config: AdtallyOptions): Adtally {
  const queue = openQueue();
  const slots = new Map<string, Held>();
  const waiting = new Set<Held>();
  const minRefreshMs = Math.max(leastRefreshMs, config.minRefreshMs ?? 30_000);
  const waitMs = config.timeoutMs ?? 2_000;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const consent = readConsent(config.consentMs ?? 1_000).then((given) => {
    if (given.storage) queue.store();
    return given;
  });

  const track: Track = (urls, sequence = 0) => {
    for (const url of urls) {
      if (url && !queue.add(url, sequence) && /^https?:/.test(url)) new Image().src = url;
    }
  };

  async function ask(asked: readonly Held[]): Promise<void> {
    for (const held of asked) held.askedAt = performance.now();
    const answer = await decide(asked).catch(() => null);
    const ads = new Map(answer?.decisions?.map((ad) => [ad.slot_id, ad]));
    const reasons = new Map(answer?.no_ad?.map(({ slot_id: id, reason }) => [id, reason]));
    for (const held of asked) {
      if (slots.get(held.id) === held) held.fill(ads.get(held.id) ?? null, reasons.get(held.id) ?? 'unreachable');
    }
    // A page that was opened without a network asks again when there is one.
    if (!answer)
      addEventListener('online', () => void load(asked.filter((held) => slots.has(held.id))), { once: true });
  }

  async function decide(asked: readonly Held[]): Promise<Answer> {
    const { signals, personal } = await consent;
    const { protocol, origin, pathname } = location;
    const { language } = navigator;
    const body = {
      slots: asked.map(({ id, options }) => ({
        id,
        placement_id: options.placement,
        ...(options.sizes && { sizes: options.sizes }),
        ...(options.formats && { formats: options.formats }),
        ...(options.keyValues && { key_values: options.keyValues }),
      })),
      consent: signals,
      tmax: Math.min(waitMs >> 1, longestTmaxMs),
      ...(protocol.startsWith('http') && { context: { url: origin + pathname } }),
      ...(/^[a-z]{2,3}(-\w{2,8})*$/i.test(language) && { device: { language } }),
      ...(personal && config.user && { user: config.user }),
      ...(config.test && { test: true }),
    };
    // A text needs no preflight.
    const response = await fetch(`${config.url}/v1/decisions`, {
      method: 'POST',
      body: JSON.stringify(body),
      credentials: 'omit',
      signal: AbortSignal.timeout(waitMs),
    });
    return response.ok ? ((await response.json()) as Answer) : {};
  }

  async function load(held: readonly Held[]): Promise<void> {
    for (const one of held) waiting.delete(one);
    const parts: Promise<void>[] = [];
    for (let at = 0; at < held.length; at += slotsAtOnce) parts.push(ask(held.slice(at, at + slotsAtOnce)));
    await Promise.all(parts);
  }

  return {
    slot(options) {
      const { element: given } = options;
      const element = typeof given === 'string' ? document.querySelector<HTMLElement>(given) : given;
      if (!element) throw new Error(`no element for ${options.placement}`);
      const known = taken.get(element);
      if (known) return known;
      const held = holdSlot(options, { element, track, minRefreshMs, load, forget: () => slots.delete(held.id) });
      taken.set(element, held);
      slots.set(held.id, held);
      if (options.lazy) {
        const near = new IntersectionObserver(
          (entries) => {
            if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
            near.disconnect();
            if (!slots.has(held.id)) return;
            waiting.add(held);
            clearTimeout(timer);
            timer = setTimeout(() => void load([...waiting]), gatherMs);
          },
          { rootMargin: '200px' },
        );
        near.observe(element);
      } else waiting.add(held);
      return held;
    },
    load: () => load([...waiting]),
    destroy() {
      for (const held of slots.values()) held.destroy();
    },
  };
}

interface Surroundings {
  readonly element: HTMLElement;
  readonly track: Track;
  readonly minRefreshMs: number;
  readonly load: (held: readonly Held[]) => Promise<void>;
  readonly forget: () => void;
}

function holdSlot(options: SlotOptions, { element, track, minRefreshMs, load, forget }: Surroundings): Held {
  let stops: (() => void)[] = [];
  let isGone = false;
  const clear = (): void => {
    for (const stop of stops) stop();
    stops = [];
    element.replaceChildren();
  };
  const held: Held = {
    id: `s${(named += 1)}`,
    options,
    askedAt: -Infinity,
    fill(ad, reason) {
      clear();
      if (!ad) return options.onEmpty?.(reason);
      const shown = { element, options, track, onEnd: clear };
      stops.push(showAd(ad, shown), ...refreshing());
      options.onAd?.(ad);
    },
    async refresh() {
      if (isGone || performance.now() - held.askedAt < minRefreshMs) return false;
      await load([held]);
      return true;
    },
    destroy() {
      isGone = true;
      clear();
      taken.delete(element);
      forget();
    },
  };

  /** Another ad once this one was there for long enough and the slot is in view. */
  function refreshing(): (() => void)[] {
    if (!options.refreshMs) return [];
    let inView = false;
    let isDue = false;
    const next = (): void => {
      if (isDue && inView) void held.refresh();
    };
    const timer = setTimeout(
      () => {
        isDue = true;
        next();
      },
      Math.max(options.refreshMs, minRefreshMs),
    );
    const stop = watchView(element, (isIn) => {
      inView = isIn;
      next();
    });
    return [stop, () => clearTimeout(timer)];
  }
  return held;
}

interface Shown {
  readonly element: HTMLElement;
  readonly options: SlotOptions;
  readonly track: Track;
  readonly onEnd: () => void;
}

/** Shows an ad and reports what becomes of it. Returns what stops it. */
function showAd(ad: Decision, { element, options, track, onEnd }: Shown): () => void {
  if (ad.format === 'video' || ad.format === 'audio') {
    let stop: (() => void) | null = null;
    let isStopped = false;
    void play({ element, vast: ad.markup, isAudio: ad.format === 'audio', track, onEnd }).then((stopping) => {
      if (isStopped) stopping?.();
      else stop = stopping;
    });
    return () => {
      isStopped = true;
      stop?.();
    };
  }
  const third = (event: string) => ad.trackers?.flatMap((one) => (one.event === event ? [one.url] : [])) ?? [];
  const watch = (tell: () => void): (() => void) => {
    const seen = stretch(viewableMs, tell);
    const stop = watchView(element.firstElementChild ?? element, seen);
    return () => {
      stop();
      seen(false);
    };
  };
  if (ad.format === 'native') {
    const gone = new AbortController();
    const tell = showNative(ad.markup, { element, show: options.native, track, signal: gone.signal });
    tell(1);
    const stop = watch(() => tell(2));
    return () => {
      gone.abort();
      stop();
    };
  }
  const frame = document.createElement('iframe');
  frame.title = 'Advertisement';
  frame.setAttribute('sandbox', 'allow-scripts allow-popups allow-popups-to-escape-sandbox');
  frame.setAttribute('scrolling', 'no');
  frame.style.border = '0';
  frame.width = ad.width ? `${ad.width}` : '100%';
  frame.height = `${ad.height || 100}`;
  frame.srcdoc = ad.markup;
  const report = (event: string): void => track([ad.beacons[event], ...third(event)]);
  let stop = (): void => {};
  frame.addEventListener(
    'load',
    () => {
      if (!frame.isConnected) return;
      report('impression');
      stop = watch(() => report('viewable'));
    },
    { once: true },
  );
  element.replaceChildren(frame);
  return () => stop();
}
