import { ask } from './api.ts';
import { byId, wait } from './dom.ts';
import { duration, money } from './format.ts';
import { type Ad, beaconsOf, billableUrl, billingOf, fire, type Playground } from './playground.ts';
import type { EntryRow, Story } from './types.ts';
import { otherPriceMicros, withOtherPrice } from './token-price.ts';

/** Both ledgers' growth and the state of the platform, as `/demo/api/entries` gives them. */
export interface Tail {
  readonly now: string;
  readonly serve_pid: number | null;
  readonly quarantine_next: number;
  readonly to: string;
  readonly ledger_time: string | null;
  readonly entries: readonly (EntryRow & { readonly stream: string })[];
  readonly cut_short: boolean;
}

/** What was to be seen before and after, and what both ledgers booked in between. */
export interface Seen {
  readonly before: Story;
  readonly after: Story;
  /** Entries of this ad, without those that time alone brings (certification, release). */
  readonly own: Tail['entries'];
  readonly rejected: number;
  readonly acknowledged: number;
  readonly note: string;
}

/** How a cheat is tried: on what, by which deed, and what then must hold. */
export interface Cheat {
  readonly id: string;
  readonly title: string;
  readonly deed: string;
  readonly expects: string;
  readonly button: string;
  /** Brings the playground to where the deed can be done. */
  readonly prepare: (ground: Playground, say: Say) => Promise<Ad>;
  readonly act: (
    ground: Playground,
    ad: Ad,
    say: Say,
  ) => Promise<{ readonly acknowledged: number; readonly note: string }>;
  /** An empty list: it holds. */
  readonly faults: (seen: Seen) => string[];
}

export type Say = (sentence: string) => void;

const copies = 100;
const copiesAtOnce = 10;
const shortLifeMs = 4_000;
const backWithinMs = 60_000;
/** Records of the fold may come somewhat later than the hold's end. */
const certifySlackMs = 30_000;
/** Nobody keeps all buttons waiting for longer. */
const longestWaitMs = 180_000;

export function isCharged(story: Story): boolean {
  return micros(story, 'incurred_micros') > 0n;
}

function isFinal(story: Story): boolean {
  return micros(story, 'certified_micros') > 0n;
}

export function micros(story: Story, name: string): bigint {
  return BigInt(story.amounts[name] ?? '0');
}

async function chargedAd(ground: Playground, say: Say): Promise<Ad> {
  if (ground.ad !== null && ground.story !== null && isCharged(ground.story)) return ground.ad;
  return freshChargedAd(ground, say);
}

/** A new ad, charged by whatever it is paid for. */
async function freshChargedAd(ground: Playground, say: Say): Promise<Ad> {
  say('Showing an ad …');
  const ad = await ground.showAd();
  const { events } = await ground.until((story) => billingOf(story) !== undefined, 'its selection in the log');
  const billing = billingOf({ events } as Story);
  if (billing?.pricing_model === 'NONE') throw new Error('this ad costs nothing: choose another placement');
  // Only what is in view is viewable, and the buttons are below the ad.
  if (billing?.pricing_model === 'VCPM') byId('slot').scrollIntoView({ block: 'center' });
  if (billing?.pricing_model === 'CPC') {
    await ground.until((story) => beaconsOf(story).length > 0, 'its impression');
    await wait(2_000); // a person sees before they click
    await fire(ad.click_url);
  }
  await ground.until(isCharged, 'its charge in the tentative ledger');
  return ad;
}

function urlOf(ground: Playground, ad: Ad): string {
  const billing = ground.story === null ? undefined : billingOf(ground.story);
  return billing === undefined ? (ad.beacons['impression'] ?? ad.click_url) : billableUrl(ad, billing);
}

function unmoved({ before, after, own }: Seen): string[] {
  const faults = own.map(
    ({ kind, amount_micros: amount, currency }) => `${kind} of ${money(amount, currency)} was booked`,
  );
  if (micros(before, 'incurred_micros') !== micros(after, 'incurred_micros')) faults.push('the charge changed');
  return faults;
}

function chargeOf(story: Story): string {
  return money(story.amounts['incurred_micros'] ?? '0', story.currency ?? '');
}

const repeat: Cheat = {
  id: 'repeat',
  title: 'Send this beacon 100 times',
  deed: 'The beacon that this ad is paid by goes out a hundred more times, each a genuine request with the genuine token.',
  expects: 'A hundred receipts more in the evidence, since all are kept. In the ledgers: nothing.',
  button: 'Send it 100 times',
  prepare: chargedAd,
  async act(ground, ad, say) {
    let acknowledged = 0;
    for (let sent = 0; sent < copies; sent += copiesAtOnce) {
      say(`Sent ${sent} of ${copies} …`);
      const answers = await Promise.all(Array.from({ length: copiesAtOnce }, () => fire(urlOf(ground, ad))));
      acknowledged += answers.filter((isTaken) => isTaken).length;
    }
    return { acknowledged, note: `${acknowledged} of ${copies} were acknowledged.` };
  },
  faults: (seen) => {
    const faults = unmoved(seen);
    const more = beaconsOf(seen.after).length - beaconsOf(seen.before).length;
    if (more < seen.acknowledged)
      faults.push(`only ${more} of ${seen.acknowledged} acknowledged beacons are in the log`);
    return faults;
  },
};

const forge: Cheat = {
  id: 'forge',
  title: 'Change the price in the token',
  deed: 'The price in the token is changed, its signature left as it was, and the beacon sent.',
  expects:
    'The page gets its pixel, so that nothing breaks; the beacon goes to quarantine as forged. In the ledgers: nothing.',
  button: 'Send a forged price',
  prepare: chargedAd,
  async act(ground, ad) {
    const url = urlOf(ground, ad);
    const token = url.slice(url.lastIndexOf('/') + 1);
    const acknowledged = (await fire(url.replace(token, withOtherPrice(token)))) ? 1 : 0;
    const { price_micros: price = '0', currency = '' } = (ground.story && billingOf(ground.story)) ?? {};
    const said = money(String(otherPriceMicros(Number(price))), currency);
    return { acknowledged, note: `The token said ${said} instead of ${money(price, currency)}.` };
  },
  faults: (seen) => [...unmoved(seen), ...(seen.rejected > 0 ? [] : ['nothing came to quarantine'])],
};

const late: Cheat = {
  id: 'late',
  title: 'Come back after it expired',
  deed: `An ad is asked for whose beacons live ${duration(shortLifeMs)} only, and kept silent. Its impression is sent when its token has really expired.`,
  expects:
    'The beacon is recorded and judged late. In the ledgers: the reservation stays a reservation, and nothing is charged.',
  button: 'Wait, then send it',
  async prepare(ground, say) {
    say('Asking for an ad with a short life …');
    const ad = await ground.showAd({ beaconLifeMs: shortLifeMs, silent: true });
    await ground.until(
      (story) => story.events.length >= 2 && story.state !== 'unbooked',
      'its reservation in the ledger',
    );
    return ad;
  },
  async act(ground, ad, say) {
    for (;;) {
      const leftMs = Date.parse(ad.expires_at) - Date.parse((await readTail(null)).now);
      if (leftMs < -250) break;
      say(`Its token expires in ${Math.max(0, leftMs / 1000).toFixed(1)} s …`);
      await wait(Math.min(500, Math.max(50, leftMs + 300)));
    }
    const isTaken = await fire(ad.beacons['impression'] ?? ad.click_url);
    await ground.until(
      (story) => beaconsOf(story).some(({ judgement }) => judgement === 'LATE'),
      'the late beacon in the log',
    );
    return { acknowledged: isTaken ? 1 : 0, note: 'It was sent after its end, and answered with the pixel.' };
  },
  faults: (seen) => [...unmoved(seen), ...(isCharged(seen.after) ? ['it was charged'] : [])],
};

const kill: Cheat = {
  id: 'kill',
  title: 'kill -9 serve',
  deed: 'A new ad is shown; the moment its beacon is acknowledged, the serving process is killed. The supervisor starts it again; the same beacon is sent once more.',
  expects: 'What was acknowledged is charged exactly once, and nothing is absorbed.',
  button: 'kill -9 serve',
  async prepare(ground, say) {
    say('Showing an ad …');
    const ad = await ground.showAd({ silent: true });
    await ground.until((story) => billingOf(story) !== undefined && story.state !== 'unbooked', 'its reservation');
    return ad;
  },
  async act(ground, ad, say) {
    const url = urlOf(ground, ad);
    const isTaken = await fire(url);
    const { killed } = await ask<{ killed: number }>('/demo/api/kill', {});
    say(`Killed process ${killed} …`);
    const end = performance.now() + backWithinMs;
    for (;;) {
      const { serve_pid: pid } = await readTail(null);
      if (pid !== null && pid !== killed && (await fire(url))) {
        return { acknowledged: isTaken ? 2 : 1, note: `Process ${killed} was killed, process ${pid} took over.` };
      }
      if (performance.now() > end) throw new Error('serve did not come back');
      await wait(300);
    }
  },
  faults: ({ after, own }) => {
    const faults: string[] = [];
    const charges = own.filter(({ kind }) => kind === 'incur').length;
    if (charges !== 1) faults.push(`it was charged ${charges} times`);
    const price = billingOf(after)?.price_micros;
    if (after.amounts['incurred_micros'] !== price) faults.push(`${chargeOf(after)} was charged`);
    if (micros(after, 'absorbed_micros') !== 0n) faults.push('it was absorbed');
    return faults;
  },
};

async function accuse(ad: Ad): Promise<{ readonly acknowledged: number; readonly note: string }> {
  const { shard, offset } = await ask<{ shard: number; offset: number }>('/demo/api/verdicts', {
    selection_id: ad.selection_id,
  });
  return { acknowledged: 1, note: `The verdict is record spend/${shard}/${offset}.` };
}

const early: Cheat = {
  id: 'fraud-before',
  title: 'Mark as fraud before certification',
  deed: 'A new ad is charged; while its hold still runs, it is declared fraud.',
  expects: 'The tentative ledger voids the charge, all of it, once. The final ledger never hears of it.',
  button: 'Mark as fraud now',
  prepare: freshChargedAd,
  async act(ground, ad) {
    const said = await accuse(ad);
    await ground.until(({ state }) => state === 'voided', 'the voided charge');
    return said;
  },
  faults: ({ before, after, own }) => {
    const faults: string[] = [];
    if (micros(after, 'voided_micros') !== micros(before, 'incurred_micros'))
      faults.push('not the whole charge was voided');
    if (own.some(({ kind }) => kind !== 'void')) faults.push('more was booked than the voiding');
    if (after.final.length > 0) faults.push('the final ledger has entries');
    return faults;
  },
};

const afterwards: Cheat = {
  id: 'fraud-after',
  title: 'Mark as fraud after certification',
  deed: 'A new ad is charged and its hold awaited; once it is final, it is declared fraud.',
  expects:
    'The final ledger reverses everything that it booked: the advertiser, the publisher and we are back at zero. The tentative ledger is not touched.',
  button: 'Wait, then mark as fraud',
  async prepare(ground, say) {
    const ad =
      ground.story !== null && ground.story.state === 'final' && ground.ad !== null
        ? ground.ad
        : await freshChargedAd(ground, say);
    const { hold_ms: holdMs } = ground.setup;
    if (holdMs > longestWaitMs && (ground.story === null || !isFinal(ground.story))) {
      const when = `the hold is ${duration(holdMs)} here; leave this ad open until it is final`;
      throw new Error(`${when}, or see it at once with HOLD_MS=10s DATA_DIR=./data-short npm start`);
    }
    const end = performance.now() + ground.setup.hold_ms + certifySlackMs;
    for (let at = performance.now(); ground.story === null || !isFinal(ground.story); at = performance.now()) {
      if (at > end) throw new Error('it did not become final');
      say(
        `Its hold of ${duration(ground.setup.hold_ms)} passes: ${duration(Math.max(0, end - certifySlackMs - at))} left …`,
      );
      await wait(250);
    }
    return ad;
  },
  async act(ground, ad) {
    const said = await accuse(ad);
    await ground.until(({ state }) => state === 'reversed', 'the reversal');
    return said;
  },
  faults: ({ after, own }) => {
    const faults: string[] = [];
    if (micros(after, 'reversed_micros') !== micros(after, 'certified_micros'))
      faults.push('not everything was reversed');
    if (own.some(({ stream }) => stream.startsWith('tentative'))) faults.push('the tentative ledger moved');
    const sums = accountSums(after.final);
    for (const account of ['advertiser:unbilled', 'publisher:payable', 'platform:revenue', 'rounding']) {
      if ((sums.get(account) ?? 0n) !== 0n) faults.push(`${account} is not back at zero`);
    }
    return faults;
  },
};

export const cheats: readonly Cheat[] = [repeat, forge, late, kill, early, afterwards];

/** Credits − debits by account. */
export function accountSums(entries: readonly EntryRow[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { debit_account: debit, credit_account: credit, amount_micros: amount } of entries) {
    sums.set(debit, (sums.get(debit) ?? 0n) - BigInt(amount));
    sums.set(credit, (sums.get(credit) ?? 0n) + BigInt(amount));
  }
  return sums;
}

/** Where the ledgers are, and what they booked since a place that was read before. */
export function readTail(from: string | null): Promise<Tail> {
  return ask<Tail>(`/demo/api/entries${from === null ? '' : `?from=${encodeURIComponent(from)}`}`);
}
