import { ask, sentenceOf } from './api.ts';
import { byId, h, show, wait } from './dom.ts';
import { duration, money } from './format.ts';
import { ledgers, stateBadge, storyParts } from './story.ts';
import type { Beacon, Billing, Story } from './types.ts';

/** What `/demo/api/setup` says. */
export interface Setup {
  readonly serve_url: string;
  readonly page_url: string;
  readonly hold_ms: number;
  readonly impression_token_ms: number;
  readonly placements: readonly { readonly placement_id: string; readonly name: string }[];
}

/** An ad as serve answered. */
export interface Ad {
  readonly selection_id: string;
  readonly markup: string;
  readonly width: number;
  readonly height: number;
  readonly click_url: string;
  readonly beacons: Readonly<Record<string, string>>;
  readonly expires_at: string;
}

interface DecisionAnswer {
  readonly decisions: readonly Ad[];
  readonly no_ad: readonly { readonly reason: string }[];
}

const lookMs = 700;
const viewableMs = 1_000;
const patienceMs = 60_000;
const againMs = 400;
/** An ad that is wider stands above its story. */
const widestBeside = 420;

/** A page of a publisher with one slot, and the story of the ad in it. */
export class Playground {
  readonly setup: Setup;
  ad: Ad | null = null;
  /** As it was last read; null until the first record of the ad is in the log. */
  story: Story | null = null;
  #turn = 0;
  #trackers: (() => void)[] = [];

  constructor(setup: Setup) {
    this.setup = setup;
  }

  /** Asks serve for an ad through the browser, shows it, and lets the page send its beacons as any page does. */
  async showAd(options: { readonly beaconLifeMs?: number; readonly silent?: boolean } = {}): Promise<Ad> {
    const ad = await this.#decide(options.beaconLifeMs);
    this.#turn += 1;
    for (const stop of this.#trackers.splice(0)) stop();
    this.ad = ad;
    this.story = null;
    const frame = frameOf(ad);
    byId('slot').replaceChildren(frame);
    byId('columns').classList.toggle('wide', ad.width > widestBeside);
    if (options.silent !== true) this.#track(frame, ad);
    void this.#follow(this.#turn, ad);
    return ad;
  }

  /** A platform that has just started has no leases yet and is slow: it is asked again for a while. */
  async #decide(beaconLifeMs: number | undefined): Promise<Ad> {
    const end = performance.now() + patienceMs;
    for (;;) {
      const { decisions, no_ad: refusals } = await this.#request(beaconLifeMs);
      const [ad] = decisions;
      if (ad !== undefined) return ad;
      if (performance.now() > end) throw new Error(`serve has no ad: ${refusals[0]?.reason ?? 'no reason given'}`);
      await wait(againMs);
    }
  }

  async #request(beaconLifeMs: number | undefined): Promise<DecisionAnswer> {
    const { serve_url: serve, page_url: url } = this.setup;
    const body = {
      slots: [{ id: 'top', placement_id: byId<HTMLSelectElement>('placement').value }],
      context: { url },
      ...(beaconLifeMs !== undefined && { beacon_life_ms: beaconLifeMs }),
    };
    const response = await fetch(`${serve}/v1/decisions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as DecisionAnswer & { readonly detail?: string };
    if (!response.ok) throw new Error(answer.detail ?? `serve answered ${response.status}`);
    return answer;
  }

  /** Rendered: impression. Half of it in view for a second: viewable. */
  #track(frame: HTMLIFrameElement, ad: Ad): void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const observer = new IntersectionObserver(
      ([entry]) => {
        clearTimeout(timer);
        if ((entry?.intersectionRatio ?? 0) < 0.5) return;
        timer = setTimeout(() => {
          observer.disconnect();
          if (ad.beacons['viewable'] !== undefined) void fire(ad.beacons['viewable']);
        }, viewableMs);
      },
      { threshold: [0.5] },
    );
    frame.addEventListener('load', () => {
      if (ad.beacons['impression'] !== undefined) void fire(ad.beacons['impression']);
      observer.observe(frame);
    });
    this.#trackers.push(() => {
      clearTimeout(timer);
      observer.disconnect();
    });
  }

  /** Reads the story again and again while the ad is the one shown. */
  async #follow(turn: number, ad: Ad): Promise<void> {
    while (turn === this.#turn) {
      try {
        const story = await ask<Story>(`/demo/api/selections/${ad.selection_id}`);
        if (turn !== this.#turn) return;
        this.story = story;
        this.#show(ad, story);
        byId('trouble').textContent = '';
      } catch (error) {
        byId('trouble').textContent = sentenceOf(error);
      }
      await wait(lookMs);
    }
  }

  #show(ad: Ad, story: Story): void {
    const { cut: _cut, digest: _digest, as_of_position: _position, ...fixed } = story;
    show(byId('story'), fixed, () => shortStory(story, this.setup));
    show(byId('detail'), fixed, () => storyParts(story));
    show(byId('ad-facts'), [ad.selection_id, billingOf(story)?.price_micros], () => adFacts(ad, story));
  }

  /** Waits until the story is as wanted. Error: after a minute, or as `withinMs` says. */
  async until(wanted: (story: Story) => boolean, what: string, withinMs = patienceMs): Promise<Story> {
    const end = performance.now() + withinMs;
    for (;;) {
      if (this.story !== null && wanted(this.story)) return this.story;
      if (performance.now() > end) throw new Error(`waited ${duration(withinMs)} in vain: ${what}`);
      await wait(100);
    }
  }
}

/** Sends a beacon as the browser would, and says whether it was acknowledged. */
export async function fire(url: string): Promise<boolean> {
  try {
    // A click answers with a redirect to another site: it is taken, not followed.
    const response = await fetch(url, { cache: 'no-store', redirect: 'manual', credentials: 'omit' });
    return response.ok || response.type === 'opaqueredirect';
  } catch (error) {
    // No answer is no acknowledgement; the caller counts it.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

export function billingOf(story: Story): Billing | undefined {
  return story.events.find(({ name }) => name === 'AdSelected')?.value?.billing;
}

/** Each arrival once: what a crash interrupts while it is drained is drained again and stands in the log twice, with one receipt. */
export function beaconsOf(story: Story): Beacon[] {
  const beacons = story.events.flatMap(({ value }) => (value?.beacon === undefined ? [] : [value.beacon]));
  return [...new Map(beacons.map((beacon) => [beacon.receipt_id, beacon])).values()];
}

/** The one beacon that is billed. */
export function billableUrl(ad: Ad, billing: Billing): string {
  if (billing.pricing_model === 'CPC') return ad.click_url;
  return ad.beacons[billing.pricing_model === 'VCPM' ? 'viewable' : 'impression'] ?? ad.click_url;
}

function frameOf({ markup, width, height }: Ad): HTMLIFrameElement {
  const frame = h('iframe', {
    title: 'Advertisement',
    sandbox: 'allow-popups allow-popups-to-escape-sandbox',
    scrolling: 'no',
  });
  frame.width = String(width || 300);
  frame.height = String(height || 100);
  frame.srcdoc = markup;
  return frame;
}

function adFacts(ad: Ad, story: Story): HTMLElement[] {
  const billing = billingOf(story);
  if (billing === undefined) return [];
  const share = `${billing.revenue_share_ppm / 10_000} %`;
  const paid = { CPM: 'an impression', VCPM: 'a viewable impression', CPC: 'a click', NONE: 'nothing' }[
    billing.pricing_model
  ];
  return [
    h(
      'p',
      {},
      'Costs ',
      h('b', {}, money(billing.price_micros, billing.currency)),
      ` for ${paid} (${billing.pricing_model}); the publisher gets ${share} of it.`,
    ),
    h('p', { class: 'dim' }, `Its impression token ends at ${ad.expires_at.slice(11, 19)} UTC.`),
  ];
}

const milestones = [
  ['selected', 'Selected'],
  ['returned', 'Returned'],
  ['impression', 'Impression'],
  ['viewable', 'Viewable'],
  ['billable', 'Billable'],
  ['final', 'Final'],
] as const;

function reachedBy(story: Story): Record<string, boolean> {
  const has = (name: string) => story.events.some((event) => event.name === name);
  const accepted = (kind: string) =>
    beaconsOf(story).some((beacon) => beacon.kind === kind && beacon.judgement === 'ACCEPTED');
  return {
    selected: has('AdSelected'),
    returned: has('MarkupReturned'),
    impression: accepted('impression'),
    viewable: accepted('viewable'),
    billable: has('SpendIncurred'),
    final: story.amounts['certified_micros'] !== undefined && story.amounts['certified_micros'] !== '0',
  };
}

function shortStory(story: Story, setup: Setup): HTMLElement[] {
  const reached = reachedBy(story);
  const steps = milestones.map(([name, title]) =>
    h('li', { class: reached[name] ? 'reached' : '', 'data-step': name }, `${reached[name] ? '✓ ' : ''}${title}`),
  );
  const voided = BigInt(story.amounts['voided_micros'] ?? 0) > 0n;
  const reversed = BigInt(story.amounts['reversed_micros'] ?? 0) > 0n;
  if (voided) steps.push(h('li', { class: 'taken' }, '✓ Voided'));
  if (reversed) steps.push(h('li', { class: 'taken' }, '✓ Reversed'));
  const waits =
    story.state === 'incurred' ? `It becomes final once its hold of ${duration(setup.hold_ms)} has passed.` : '';
  return [
    h('p', { class: 'row' }, stateBadge(story.state), h('span', { class: 'mono' }, story.selection_id)),
    h('ol', { class: 'steps', 'aria-label': 'How far it came' }, ...steps),
    h('ul', {}, ...story.why.map((sentence) => h('li', {}, sentence))),
    h('p', { class: 'dim' }, waits),
    ledgers(story, 'stacked'),
  ];
}
