import type { BeaconKind } from '../domain/records.ts';
import { timeOfUuidV7 } from '../domain/identity.ts';
import type { Account } from './account.ts';
import type { Ask, Asks } from './decision-body.ts';
import { forgeToken } from './forge-token.ts';
import type { PublishedCatalog } from './publish-catalog.ts';
import { placementTerms, type PlacementTerms, type Sale } from './sale-price.ts';
import type { OutsideBid, Tallies } from './tallies.ts';
import type { Visit } from './visit-plan.ts';
import type { Answer, Wire } from './wire.ts';

export interface CrowdOptions {
  readonly wire: Wire;
  /** Bases of the public sides of all nodes, without a slash at the end. */
  readonly serveUrls: readonly string[];
  readonly clickTokenMs: number;
  readonly account: Account;
  readonly tallies: Tallies;
  readonly asks: Asks;
  readonly catalog: Pick<PublishedCatalog, 'placements'>;
  /** A key with which decisions are explained. */
  readonly debugKey: string;
  /** Whether people may come from addresses of their own below 127.0.0.0/8. */
  readonly ownAddresses: boolean;
  /** Called with every selection that is the simulator's. */
  readonly onSelected: (visit: Visit, selectionId: string, ask: Ask) => void;
}

/** An ad as a client sees it. */
interface ShownAd {
  readonly visit: Visit;
  readonly selectionId: string;
  readonly beacons: Readonly<Partial<Record<BeaconKind, string>>>;
  readonly clickUrl: string;
  readonly impressionExpiresAt: number;
  readonly clickExpiresAt: number;
  readonly test: boolean;
  readonly userAgent: string;
}

interface DecisionAnswer {
  readonly decisions: readonly {
    readonly selection_id: string;
    readonly placement_id: string;
    readonly line_item_id: string;
    readonly markup: string;
    readonly explain?: { readonly price?: { readonly runner_up_ecpm_micros: string | null } };
    readonly click_url: string;
    readonly beacons: Readonly<Partial<Record<BeaconKind, string>>>;
    readonly expires_at: string;
  }[];
  readonly no_ad: readonly { readonly slot_id: string; readonly reason: string }[];
}

const retryMs = 150;
/** A beacon that nobody acknowledges for so long is given up. */
const patienceMs = 60_000;
/** How long after its expiry a late beacon comes, at least: well beyond any doubt. */
const lateByMs = 1_500;
/** Nobody waits longer than this for a token to expire: where tokens live longer, nothing comes late. */
const longestWaitMs = 90_000;

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/** What people do with ads: open-loop, each visit from its intended moment on, whatever became of the others. */
export class Crowd {
  readonly #options: CrowdOptions;
  readonly #terms: ReadonlyMap<string, PlacementTerms>;

  constructor(options: CrowdOptions) {
    this.#options = options;
    const { placements } = options.catalog;
    this.#terms = new Map(placements.map(({ placementId, body }) => [placementId, placementTerms(body)]));
  }

  /** One visit: asks for ads, then lives with each of them. Resolves when nothing of it is under way any more. */
  async visit(visit: Visit, intendedAt: number): Promise<void> {
    const { wire, tallies, asks } = this.#options;
    const asked = asks.make(visit);
    tallies.visits.add(visit.label);
    const answer = await wire.send({
      method: 'POST',
      url: `${this.#nodeOf(visit)}/v1/decisions`,
      headers: {
        'content-type': 'application/json',
        'user-agent': asked.askingAgent,
        ...(asked.body['debug'] === true && { authorization: `Bearer ${this.#options.debugKey}` }),
      },
      body: JSON.stringify(asked.body),
      from: this.#addressOf(visit),
    });
    tallies.decisionMs.push(answer.doneAt - intendedAt);
    if (answer.status !== 200) {
      tallies.unanswered.add(String(answer.status));
      return;
    }
    const { decisions, no_ad } = JSON.parse(answer.body) as DecisionAnswer;
    for (const { reason } of no_ad) tallies.noAd.add(reason);
    await Promise.all(decisions.map((decision) => this.#meet(visit, asked, decision)));
  }

  async #meet(visit: Visit, ask: Ask, decision: DecisionAnswer['decisions'][number]): Promise<void> {
    const { account, clickTokenMs, onSelected, tallies } = this.#options;
    const { selection_id: selectionId, line_item_id, beacons, click_url: clickUrl, expires_at } = decision;
    const test = ask.body['test'] === true;
    const bid = outsideBid(decision.markup);
    const sale = { ...this.#saleOf(decision), ...(bid !== null && { bidMicros: bid.bidMicros }) };
    if (!account.selected(selectionId, line_item_id, test, sale)) return;
    if (bid !== null && !test) tallies.outsideBids.set(selectionId, bid);
    onSelected(visit, selectionId, ask);
    tallies.lastSelectedAt = Date.now();
    await this.#live({
      visit,
      selectionId,
      beacons,
      clickUrl,
      impressionExpiresAt: Date.parse(expires_at),
      clickExpiresAt: timeOfUuidV7(selectionId) + clickTokenMs,
      test,
      userAgent: ask.beaconAgent,
    });
  }

  #saleOf({ placement_id, explain }: DecisionAnswer['decisions'][number]): Sale {
    const rival = explain?.price?.runner_up_ecpm_micros;
    const runnerUpMicros = typeof rival === 'string' ? Number(rival) : rival;
    return { terms: this.#terms.get(placement_id), runnerUpMicros };
  }

  /** The ad is shown, seen and clicked on, as the plan of the visit says. */
  async #live(ad: ShownAd): Promise<void> {
    const { visit } = ad;
    const { render, view, click } = visit;
    const running: Promise<void>[] = [];
    if (isLate(ad, ad.impressionExpiresAt)) await sleep(Math.max(0, ad.impressionExpiresAt - Date.now()) + lateByMs);
    await sleep(render.afterMs);
    const forged = visit.forgery !== null;
    if (forged) running.push(this.#forge(ad));
    const genuine = !(forged && visit.onlyForged);
    if (render.happens && genuine) {
      const seen = view.happens && 'viewable' in ad.beacons;
      if (visit.transport === 'sdk') running.push(this.#batch(ad, seen));
      else running.push(this.#pixels(ad, seen));
    }
    if (visit.wrongKind) running.push(this.#clickWithImpressionToken(ad));
    if (click.happens && genuine && (render.happens || visit.label === 'impossible_clicker')) {
      await sleep(click.afterMs);
      running.push(this.#click(ad));
    }
    await Promise.all(running);
  }

  async #pixels(ad: ShownAd, seen: boolean): Promise<void> {
    await this.#pixel(ad, 'impression');
    if (seen) {
      await sleep(ad.visit.view.afterMs);
      await this.#pixel(ad, 'viewable');
    }
    if ('start' in ad.beacons && ad.visit.number % 2 === 0) {
      await this.#pixel(ad, 'start');
      await this.#pixel(ad, 'first_quartile');
    }
  }

  /** One beacon by pixel, acknowledged, then sent again as often as the plan says. */
  async #pixel(ad: ShownAd, kind: BeaconKind): Promise<void> {
    const url = ad.beacons[kind];
    if (url === undefined) return;
    const { visit } = ad;
    const send = (from: string) =>
      this.#persist(
        [{ ad, kind, expiresAt: this.#expiry(ad, kind) }],
        () => this.#get(ad, from),
        (answer) => answer.status === 200,
      );
    await send(url);
    for (let again = 0; again < visit.repeats; again += 1) {
      this.#repeat(ad, 'duplicate_pixel');
      await send(url);
    }
    const own = this.#nodeOf(visit);
    const other = this.#options.serveUrls.find((one) => one !== own);
    if (visit.replayElsewhere && other !== undefined) {
      this.#options.tallies.misdeeds.add('replay_on_another_node');
      await send(url.replace(own, other));
    }
  }

  /** All beacons of an ad at once, as an SDK sends them. */
  async #batch(ad: ShownAd, seen: boolean): Promise<void> {
    if (seen) await sleep(ad.visit.view.afterMs);
    const kinds: BeaconKind[] = ['impression', ...(seen ? (['viewable'] as const) : [])];
    if ('complete' in ad.beacons) kinds.push('start', 'first_quartile', 'midpoint', 'third_quartile', 'complete');
    const beacons = kinds.map((event) => ({ event, token: tokenOf(ad.beacons[event] ?? '') }));
    const body = JSON.stringify({ beacons });
    const items = kinds.map((kind) => ({ ad, kind, expiresAt: this.#expiry(ad, kind) }));
    const accepted = (answer: Answer) =>
      answer.status === 202 && (JSON.parse(answer.body) as { accepted: number }).accepted === beacons.length;
    for (let time = 0; time <= ad.visit.repeats; time += 1) {
      if (time > 0) this.#repeat(ad, 'duplicate_batch');
      await this.#persist(items, () => this.#post(ad, body), accepted);
    }
  }

  async #click(ad: ShownAd): Promise<void> {
    if (isLate(ad, ad.clickExpiresAt)) await sleep(Math.max(0, ad.clickExpiresAt - Date.now()) + lateByMs);
    const items = [{ ad, kind: 'click' as const, expiresAt: ad.clickExpiresAt }];
    for (let time = 0; time <= ad.visit.repeats; time += 1) {
      if (time > 0) this.#repeat(ad, 'duplicate_click');
      await this.#persist(
        items,
        () => this.#get(ad, ad.clickUrl),
        (answer) => answer.status === 302,
      );
    }
  }

  /** Must be answered as if nothing were wrong, and move nothing: a pixel by its picture, a click by 404, a batch by a rejection. */
  async #forge(ad: ShownAd): Promise<void> {
    const { visit } = ad;
    const { tallies } = this.#options;
    const serveUrl = this.#nodeOf(visit);
    if (visit.forgery === null) return;
    tallies.misdeeds.add(`forged_${visit.forgery}`);
    const url = ad.beacons.impression ?? '';
    const forged = forgeToken(tokenOf(url), visit.forgery, visit.random);
    const pixel = await this.#get(ad, `${serveUrl}/v1/b/impression/${forged}`);
    if (pixel.status !== 200 && pixel.status !== 0) tallies.surprises.add(`forged pixel: ${pixel.status}`);
    const click = forgeToken(tokenOf(ad.clickUrl), visit.forgery, visit.random);
    const clicked = await this.#get(ad, `${serveUrl}/v1/click/${click}`);
    if (clicked.status !== 404 && clicked.status !== 0) tallies.surprises.add(`forged click: ${clicked.status}`);
    const batch = await this.#post(ad, JSON.stringify({ beacons: [{ event: 'impression', token: forged }] }));
    const accepted = batch.status === 202 ? (JSON.parse(batch.body) as { accepted: number }).accepted : 0;
    if (accepted !== 0) tallies.surprises.add('forged batch accepted');
  }

  async #clickWithImpressionToken(ad: ShownAd): Promise<void> {
    const { tallies } = this.#options;
    tallies.misdeeds.add('impression_token_as_click');
    const answer = await this.#get(ad, `${this.#nodeOf(ad.visit)}/v1/click/${tokenOf(ad.beacons.impression ?? '')}`);
    if (answer.status !== 404 && answer.status !== 0) tallies.surprises.add(`wrong kind: ${answer.status}`);
  }

  /** Sends until it is acknowledged, and tells the account of every try. */
  async #persist(
    items: readonly { readonly ad: ShownAd; readonly kind: BeaconKind; readonly expiresAt: number }[],
    send: () => Promise<Answer>,
    isAcknowledged: (answer: Answer) => boolean,
  ): Promise<void> {
    const { account, tallies } = this.#options;
    const until = Date.now() + patienceMs;
    for (;;) {
      const answer = await send();
      const acknowledged = isAcknowledged(answer);
      const { sentAt, doneAt } = answer;
      for (const { ad, kind, expiresAt } of items) {
        if (answer.reached) {
          account.attempted({ selectionId: ad.selectionId, kind, expiresAt, sentAt, doneAt, acknowledged });
        }
        if (acknowledged) tallies.acknowledge(ad.selectionId, kind, sentAt > expiresAt);
      }
      tallies.beaconMs.push(doneAt - sentAt);
      if (acknowledged) return;
      if (answer.status !== 0 && answer.status < 500) {
        tallies.surprises.add(
          `genuine ${items.map(({ kind }) => kind).join('+')}: ${answer.status} ${answer.body.slice(0, 80)}`,
        );
        return;
      }
      tallies.retries.add(String(answer.status));
      if (Date.now() > until) {
        tallies.surprises.add('beacon given up');
        return;
      }
      await sleep(retryMs);
    }
  }

  #get(ad: ShownAd, url: string): Promise<Answer> {
    return this.#options.wire.send({
      method: 'GET',
      url,
      headers: { 'user-agent': ad.userAgent },
      from: this.#addressOf(ad.visit),
    });
  }

  #post(ad: ShownAd, body: string): Promise<Answer> {
    return this.#options.wire.send({
      method: 'POST',
      url: `${this.#nodeOf(ad.visit)}/v1/beacons`,
      headers: { 'user-agent': ad.userAgent, 'content-type': 'application/json' },
      body,
      from: this.#addressOf(ad.visit),
    });
  }

  #repeat({ selectionId }: ShownAd, misdeed: string): void {
    this.#options.tallies.misdeeds.add(misdeed);
    this.#options.tallies.repeated.add(selectionId);
  }

  #expiry(ad: ShownAd, kind: BeaconKind): number {
    return kind === 'click' ? ad.clickExpiresAt : ad.impressionExpiresAt;
  }

  /** As a load balancer would have it: visits go round the nodes. */
  #nodeOf({ number }: Visit): string {
    const { serveUrls } = this.#options;
    return serveUrls[number % serveUrls.length] ?? '';
  }

  #addressOf({ person }: Visit): string | null {
    return this.#options.ownAddresses ? person.address : null;
  }
}

function tokenOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

function isLate({ visit }: ShownAd, expiresAt: number): boolean {
  return visit.late && expiresAt - Date.now() < longestWaitMs;
}

/** In a banner, or in the URL of a tracker. */
const shownBid = /(?:data-bid="|[?]bid=)([0-9A-Za-z.-]{1,80})(?:" data-price="|&price=)([0-9.]{1,20})/;

/** The bid of a simulated bidder that an ad is of; null if it is not. */
function outsideBid(markup: string): OutsideBid | null {
  const [, bidId, price] = shownBid.exec(markup) ?? [];
  if (bidId === undefined || price === undefined) return null;
  return { bidId, bidMicros: Math.round(Number(price) * 1_000_000) };
}
