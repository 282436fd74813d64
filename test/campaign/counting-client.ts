import { timeOfUuidV7 } from '../../domain/identity.ts';
import type { BeaconKind } from '../../domain/records.ts';
import { Account } from '../../simulate/account.ts';
import type { PublishedCatalog } from '../../simulate/publish-catalog.ts';
import { type Answer, Wire } from '../../simulate/wire.ts';
import type { Dice } from '../simulation/dice.ts';

export interface CountingClientOptions {
  /** Bases of the public sides of all nodes. */
  readonly serveUrls: readonly string[];
  /** Everything that may be sold. */
  readonly catalogs: readonly PublishedCatalog[];
  readonly clickTokenMs: number;
  /** Visits a second, whatever becomes of them. */
  readonly perSecond: number;
  readonly dice: Dice;
}

interface Ad {
  readonly selection_id: string;
  readonly line_item_id: string;
  readonly click_url: string;
  readonly beacons: Readonly<Partial<Record<BeaconKind, string>>>;
  readonly expires_at: string;
}

/** A beacon to be sent until somebody acknowledges it. */
interface Sending {
  readonly ad: Ad;
  readonly kind: BeaconKind;
  readonly url: string;
  /** Unix ms. */
  readonly expiresAt: number;
}

const browser = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36';
const persons = 400;
const mostUnderWay = 200;
const sendAgainMs = 120;
/** A click sooner after its impression was made by no hand. */
const beforeClickMs = 600;
/** Nobody begins what may come too late to be paid for. */
const hurryMs = 2_000;
const rates = { viewable: 0.7, click: 0.8, again: 0.1, person: 0.3 } as const;

/**
 * Visitors who write down what they were promised: every selection with its price, worked out from the catalogue, and every beacon that was acknowledged. Beacons
 * are sent until somebody acknowledges them, to the node that selected, then to another, and some once more.
 */
export class CountingClient {
  readonly account: Account;
  decisions = 0;
  unanswered = 0;
  /** Billable beacons and others, each acknowledgement counted. */
  acknowledged = 0;
  /** Sendings that were refused or had no answer. */
  failures = 0;
  /** Beacons that nobody acknowledged in time. */
  givenUp = 0;
  readonly #options: CountingClientOptions;
  readonly #placementIds: readonly string[];
  readonly #wire = new Wire();
  readonly #visits = new Set<Promise<void>>();
  #running: Promise<void> = Promise.resolve();
  #stopped = true;
  #numbers = 0;

  constructor(options: CountingClientOptions) {
    this.#options = options;
    this.account = new Account(options.catalogs.flatMap(({ lineItems }) => lineItems));
    this.#placementIds = options.catalogs.flatMap(({ placements }) => placements.map((one) => one.placementId));
  }

  start(): void {
    this.#stopped = false;
    this.#running = this.#run();
  }

  /** No further visits; resolves when the last one is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await Promise.all(this.#visits);
    await this.#wire.close();
  }

  /** Asks for one ad until there is one: nodes have the catalogue and leases. */
  async untilSold(withinMs: number): Promise<void> {
    const before = this.account.selections;
    for (const until = Date.now() + withinMs; this.account.selections < before + 10; await pause(100)) {
      if (Date.now() > until) throw new Error('no ads were sold');
    }
  }

  async #run(): Promise<void> {
    const everyMs = 1_000 / this.#options.perSecond;
    for (let dueAt = performance.now(); !this.#stopped; dueAt += everyMs) {
      const waitMs = dueAt - performance.now();
      if (waitMs > 0) await pause(waitMs);
      if (this.#visits.size >= mostUnderWay) continue;
      const visit = this.#visit(this.#numbers++);
      this.#visits.add(visit);
      void visit.finally(() => this.#visits.delete(visit));
    }
  }

  async #visit(number: number): Promise<void> {
    const dice = this.#options.dice.for(`visit ${number}`);
    const slots = [{ id: 'top', placement_id: dice.pick(this.#placementIds) }];
    const user = dice.chance(rates.person) ? { user: { id: `visitor-${number % persons}` } } : {};
    const device = { ua: browser, ip: `203.0.${number % 251}.${number % 241}`, language: 'de' };
    const answer = await this.#wire.send({
      method: 'POST',
      url: `${dice.pick(this.#options.serveUrls)}/v1/decisions`,
      headers: { 'content-type': 'application/json', 'user-agent': browser },
      body: JSON.stringify({ slots, device, consent: { gdpr: false }, ...user }),
      from: null,
    });
    this.decisions += 1;
    if (answer.status !== 200) {
      this.unanswered += 1;
      return;
    }
    const { decisions } = JSON.parse(answer.body) as { readonly decisions: readonly Ad[] };
    await Promise.all(decisions.map((ad) => this.#live(ad, dice)));
  }

  async #live(ad: Ad, dice: Dice): Promise<void> {
    const { selection_id: id, beacons, click_url, expires_at } = ad;
    if (!this.account.selected(id, ad.line_item_id, false)) throw new Error(`an ad of nobody was selected: ${id}`);
    const expiresAt = Date.parse(expires_at);
    const send = (kind: BeaconKind, url = beacons[kind]) =>
      url === undefined ? false : this.#persist({ ad, kind, url, expiresAt }, dice);
    if (!(await send('impression'))) return;
    if (dice.chance(rates.viewable)) await send('viewable');
    if (this.account.billable(id) !== 'click' || !dice.chance(rates.click)) return;
    await pause(beforeClickMs);
    const clickExpiresAt = timeOfUuidV7(id) + this.#options.clickTokenMs;
    await this.#persist({ ad, kind: 'click', url: click_url, expiresAt: clickExpiresAt }, dice);
  }

  /** @returns whether it was acknowledged */
  async #persist(sending: Sending, dice: Dice): Promise<boolean> {
    const own = new URL(sending.url).origin;
    const others = this.#options.serveUrls.filter((one) => one !== own);
    for (let attempt = 0; Date.now() < sending.expiresAt - hurryMs; attempt += 1) {
      const node = attempt % 2 === 1 && others.length > 0 ? dice.pick(others) : own;
      if (await this.#send(sending, node)) {
        if (dice.chance(rates.again)) await this.#send(sending, dice.pick(this.#options.serveUrls));
        return true;
      }
      await pause(sendAgainMs);
    }
    this.givenUp += 1;
    return false;
  }

  async #send({ ad, kind, url, expiresAt }: Sending, node: string): Promise<boolean> {
    const headers = { 'user-agent': browser };
    const { pathname, search } = new URL(url);
    const answer = await this.#wire.send({ method: 'GET', url: `${node}${pathname}${search}`, headers, from: null });
    const acknowledged = isAcknowledged(kind, answer);
    if (acknowledged) this.acknowledged += 1;
    else this.failures += 1;
    const { sentAt, doneAt, reached } = answer;
    if (reached) {
      this.account.attempted({ selectionId: ad.selection_id, kind, expiresAt, sentAt, doneAt, acknowledged });
    }
    return acknowledged;
  }
}

function isAcknowledged(kind: BeaconKind, { status, location }: Answer): boolean {
  return kind === 'click' ? status === 302 && location !== null : status === 200;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
