import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from '../../ports/random.ts';
import { BidderTally } from './bidder-tally.ts';
import { type BidderClass, bidderClasses, type Profile, profiles } from './profiles.ts';
import { SimulatedBidder } from './simulated-bidder.ts';

export interface BidderFieldOptions {
  readonly classes: readonly BidderClass[];
  readonly seed: string;
  readonly randomOf: (seed: string) => Random;
  readonly host: string;
  /** Of the control side; 0: any free one. */
  readonly port: number;
}

/** A bidder as the control side shows it. */
export interface ShownBidder {
  readonly name: string;
  readonly class: BidderClass;
  readonly endpoint: string;
  readonly profile: Profile;
}

/** Several bidders in this process, and a side from which they are watched and changed while they run. */
export class BidderField {
  readonly bidders: readonly SimulatedBidder[];
  readonly #options: BidderFieldOptions;
  readonly #control: Server;

  constructor(options: BidderFieldOptions) {
    const { classes, seed, randomOf, host } = options;
    this.#options = options;
    this.bidders = classes.map((of, index) => {
      const name = `${of}-${index + 1}`;
      return new SimulatedBidder({ name, of, host, random: randomOf(`${seed}/bidder/${index}`) });
    });
    this.#control = createServer((request, response) => void this.#answer(request, response));
  }

  get controlUrl(): string {
    return `http://${this.#options.host}:${(this.#control.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    for (const bidder of this.bidders) await bidder.start();
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) =>
      this.#control.once('error', reject).listen(port, host, () => resolve()),
    );
  }

  async stop(): Promise<void> {
    this.#control.closeAllConnections();
    await new Promise<void>((resolve) => this.#control.close(() => resolve()));
    await Promise.all(this.bidders.map((bidder) => bidder.stop()));
  }

  shown(): readonly ShownBidder[] {
    return this.bidders.map(({ name, of, url, profile }) => ({ name, class: of, endpoint: `${url}/bid`, profile }));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { status, body } = await this.#act(request);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    } catch (error) {
      response.writeHead(400).end(JSON.stringify({ error: String(error) }));
    }
  }

  async #act(request: IncomingMessage): Promise<{ readonly status: number; readonly body: unknown }> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control');
    const [, place, name] = pathname.split('/');
    if (request.method === 'GET' && place === 'bidders') return { status: 200, body: this.shown() };
    if (request.method === 'GET' && place === 'counts') {
      const details = searchParams.get('details') === 'true';
      const counts = this.bidders.map((bidder) => [bidder.name, { class: bidder.of, ...bidder.tally.toJson(details) }]);
      return { status: 200, body: Object.fromEntries(counts) };
    }
    if (request.method === 'POST' && place === 'reset') {
      for (const bidder of this.bidders) bidder.tally = new BidderTally();
      return { status: 200, body: {} };
    }
    const bidder = this.bidders.find((one) => one.name === name);
    if (request.method !== 'POST' || place !== 'bidders' || bidder === undefined) return { status: 404, body: {} };
    const asked = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Change;
    await bidder.change(changed(bidder.profile, asked));
    return { status: 200, body: bidder.profile };
  }
}

/** `class` sets the whole profile of one; the others change what they name; `addMs` makes it slower by so much. */
type Change = Partial<Profile> & { readonly class?: string; readonly addMs?: number };

function changed(profile: Profile, { class: of, addMs = 0, ...change }: Change): Profile {
  const known = bidderClasses.find((one) => one === of);
  const { leastMs, ...rest } = { ...profile, ...(known !== undefined && profiles[known]), ...change };
  return { ...rest, leastMs: leastMs + addMs };
}
