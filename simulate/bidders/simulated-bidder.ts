import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { Random } from '../../ports/random.ts';
import { type BidRequest, bidsOf, responseOf } from './bid-response.ts';
import { BidderTally } from './bidder-tally.ts';
import { lieNames, lies, type WireAnswer } from './lies.ts';
import { type BidderClass, latencyMs, type Profile, profiles } from './profiles.ts';

export interface SimulatedBidderOptions {
  readonly name: string;
  readonly of: BidderClass;
  readonly random: Random;
  readonly host: string;
}

/** Bytes of a request that are read. */
const mostBytes = 1_000_000;
/** Bids that are remembered, so that notices can be known. */
const mostBids = 500_000;
const none: WireAnswer = { status: 204, body: '' };
const garbage: WireAnswer = { status: 200, body: '}{ not a bid response \u0000\uffff' };
const chunk = Buffer.alloc(16 * 1024, ' ');

/** One bidder: a server of its own, as in the world, so that what becomes of its connections is its own affair. */
export class SimulatedBidder {
  readonly name: string;
  readonly of: BidderClass;
  tally = new BidderTally();
  readonly #random: Random;
  readonly #host: string;
  readonly #server: Server;
  #profile: Profile;
  #port = 0;
  #bidNumber = 0;

  constructor({ name, of, random, host }: SimulatedBidderOptions) {
    this.name = name;
    this.of = of;
    this.#random = random;
    this.#host = host;
    this.#profile = profiles[of];
    this.#server = createServer((request, response) => void this.#take(request, response));
    this.#server.keepAliveTimeout = 120_000;
  }

  get url(): string {
    return `http://${this.#host}:${this.#port}`;
  }

  get profile(): Profile {
    return this.#profile;
  }

  /** Takes a port, which it keeps while it refuses connections. */
  async start(): Promise<void> {
    await this.#listen();
    if (this.#profile.behaviour === 'refuses') await this.#unlisten();
  }

  async change(profile: Profile): Promise<void> {
    const [before, after] = [this.#profile.behaviour, profile.behaviour];
    this.#profile = profile;
    if (after === 'refuses' && before !== 'refuses') await this.#unlisten();
    if (after !== 'refuses' && before === 'refuses') await this.#listen();
  }

  async stop(): Promise<void> {
    if (this.#server.listening) await this.#unlisten();
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.#server.once('error', reject).listen(this.#port, this.#host, () => resolve()),
    );
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #unlisten(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') return this.#notice(request, response);
    const body = await bodyOf(request);
    if (body === null) return;
    this.tally.received += 1;
    const profile = this.#profile;
    if (profile.behaviour === 'silent') return;
    const asked = JSON.parse(body.toString()) as BidRequest;
    const waitMs = latencyMs(profile, this.#random);
    const answer = () => this.#answer(asked, profile, response);
    if (waitMs < 1) answer();
    else setTimeout(answer, waitMs);
  }

  #answer(asked: BidRequest, profile: Profile, response: ServerResponse): void {
    if (response.destroyed) {
      this.tally.abandoned += 1;
      return;
    }
    const { behaviour } = profile;
    if (behaviour === 'drips' || behaviour === 'streams') return this.#flow(behaviour, response);
    if (behaviour === 'garbage') return this.#write('garbage', garbage, response);
    if (this.#random.fraction() >= profile.bidShare) return this.#write('no_bid', none, response);
    this.#bidNumber += 1;
    const bids = this.#bids(asked, profile);
    if (behaviour === 'answers') {
      this.#remember(bids);
      return this.#write('bid', { status: 200, body: JSON.stringify(responseOf(asked, bids)) }, response);
    }
    const lie = lieNames[this.#bidNumber % lieNames.length] as (typeof lieNames)[number];
    this.#write(lie, lies[lie](asked, bids), response);
  }

  #bids(asked: BidRequest, { price, lossShare }: Profile): Record<string, unknown>[] {
    const units = Math.round(price * (0.5 + this.#random.fraction()) * 10_000) / 10_000;
    const wantsLoss = this.#random.fraction() < lossShare;
    return bidsOf(asked, {
      wantsLoss,
      notices: this.url,
      name: this.name,
      price: units,
      bidId: `${this.name}-${this.#bidNumber}`,
      turn: this.#bidNumber,
    });
  }

  #remember(bids: readonly Record<string, unknown>[]): void {
    const known = this.tally.bids;
    for (const { id, price } of bids) known.set(String(id), Math.round(Number(price) * 1_000_000));
    for (const oldest of known.keys()) {
      if (known.size <= mostBids) return;
      known.delete(oldest);
    }
  }

  #write(what: string, { status, headers = {}, body }: WireAnswer, response: ServerResponse): void {
    this.tally.answer(what);
    response.writeHead(status, {
      ...(status !== 204 && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...headers,
    });
    response.end(body);
  }

  /** A body without an end. */
  #flow(behaviour: 'drips' | 'streams', response: ServerResponse): void {
    this.tally.answer(behaviour);
    response.writeHead(200, { 'content-type': 'application/json' });
    const next = setInterval(
      () => {
        // Nobody reads any more if it piles up.
        if (response.writableLength < 4 * chunk.length) response.write(behaviour === 'drips' ? ' ' : chunk);
      },
      behaviour === 'drips' ? 100 : 1,
    );
    response.on('close', () => clearInterval(next));
  }

  #notice(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const kind = pathname.slice(1);
    if (kind !== 'win' && kind !== 'billing' && kind !== 'loss') return void response.writeHead(404).end();
    this.tally.notice(kind, searchParams.get('bid') ?? '', searchParams.get('price') ?? '');
    response.writeHead(204).end();
  }
}

/** Null: it went away, or sent more than a bid request is long. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > mostBytes) return null;
      chunks.push(part);
    }
  } catch {
    return null; // the asker hung up in the middle
  }
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}
