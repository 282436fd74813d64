import type { BidderNotice, DurableNotices } from '../../../ports/bidder-connection.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Disk } from '../../../ports/disk.ts';
import type { Random } from '../../../ports/random.ts';
import { NoticeBook } from './notice-book.ts';

/** How a notice is brought to its bidder. */
export interface NoticeTransport {
  /** Never rejects. */
  get(url: string, timeoutMs: number): Promise<NoticeAnswer>;
  close(): Promise<void>;
}

export type NoticeAnswer =
  | { readonly status: number }
  | { readonly failure: 'address_refused' | 'failed'; readonly detail: string };

/**
 * What became of notices: `delivered` (200 or 204), `expired` (not within its life), `refused` (its URL leads nowhere that may be reached), `repeated` (its id
 * was known), `dropped` (its bidder had too many waiting), `failed` (one try; it is tried again).
 */
export type NoticeOutcome = 'delivered' | 'expired' | 'refused' | 'repeated' | 'dropped' | 'failed';

export interface NoticeCount {
  readonly kind: BidderNotice['kind'];
  readonly outcome: NoticeOutcome;
  readonly count: number;
}

export interface NoticeDelivery extends DurableNotices {
  counts(): readonly NoticeCount[];
  /** Notices that wait for a try or for its end. */
  waiting(): number;
  /** What was not delivered is tried again by the next life. */
  close(): Promise<void>;
}

export interface NoticeDeliveryOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly transport: NoticeTransport;
  /** Of this process alone. */
  readonly folder: string;
  readonly failed: (error: unknown) => void;
  /** Notices that wait for one bidder, at most. */
  readonly queueLimit?: number;
}

const tryMs = 2_000;
const atOnce = 4;
const firstBackoffMs = 500;
const longestBackoffMs = 60_000;

/** Opens the book of this process and goes on with what an earlier life left undelivered. */
export async function openNoticeDelivery(options: NoticeDeliveryOptions): Promise<NoticeDelivery> {
  return new Delivery(options, await NoticeBook.open(options));
}

/** Notices of one bidder: a few are under way, the others wait for their turn or for the end of their back-off. */
interface BidderQueue {
  readonly ready: Waiting[];
  underWay: number;
  /** Ready, under way or backing off. */
  size: number;
}

interface Waiting {
  readonly notice: BidderNotice;
  tries: number;
}

class Delivery implements NoticeDelivery {
  readonly #options: NoticeDeliveryOptions;
  readonly #book: NoticeBook;
  readonly #queues = new Map<string, BidderQueue>();
  readonly #counts = new Map<string, number>();
  #closed = false;

  constructor(options: NoticeDeliveryOptions, book: NoticeBook) {
    this.#options = options;
    this.#book = book;
    for (const notice of book.waiting()) this.#enqueue(notice);
  }

  send(notice: BidderNotice): void {
    if (this.#closed) return this.#count(notice, 'dropped');
    if (this.#book.knows(notice.id)) return this.#count(notice, 'repeated');
    if (notice.expiresAt <= this.#options.clock.now()) return this.#count(notice, 'expired');
    const { queueLimit = 10_000 } = this.#options;
    if (this.#queue(notice.bidderId).size >= queueLimit) return this.#count(notice, 'dropped');
    this.#book.add(notice);
    this.#enqueue(notice);
  }

  kept(): Promise<void> {
    return this.#book.kept();
  }

  counts(): readonly NoticeCount[] {
    return [...this.#counts].map(([name, count]) => {
      const [kind, outcome] = name.split(' ') as [BidderNotice['kind'], NoticeOutcome];
      return { kind, outcome, count };
    });
  }

  waiting(): number {
    let waiting = 0;
    for (const { size } of this.#queues.values()) waiting += size;
    return waiting;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#options.transport.close();
    await this.#book.close();
  }

  #queue(bidderId: string): BidderQueue {
    let queue = this.#queues.get(bidderId);
    if (queue === undefined) {
      queue = { ready: [], underWay: 0, size: 0 };
      this.#queues.set(bidderId, queue);
    }
    return queue;
  }

  #enqueue(notice: BidderNotice): void {
    const queue = this.#queue(notice.bidderId);
    queue.size += 1;
    queue.ready.push({ notice, tries: 0 });
    this.#pump(queue);
  }

  #pump(queue: BidderQueue): void {
    while (!this.#closed && queue.underWay < atOnce) {
      const next = queue.ready.shift();
      if (next === undefined) return;
      if (next.notice.expiresAt <= this.#options.clock.now()) this.#settle(queue, next.notice, 'expired');
      else void this.#try(queue, next);
    }
  }

  async #try(queue: BidderQueue, next: Waiting): Promise<void> {
    queue.underWay += 1;
    const answer = await this.#options.transport.get(next.notice.url, tryMs);
    queue.underWay -= 1;
    if (this.#closed) return;
    if ('status' in answer && (answer.status === 200 || answer.status === 204))
      this.#settle(queue, next.notice, 'delivered');
    else if ('failure' in answer && answer.failure === 'address_refused') this.#settle(queue, next.notice, 'refused');
    else this.#tryLater(queue, next);
    this.#pump(queue);
  }

  #tryLater(queue: BidderQueue, next: Waiting): void {
    const { clock, random } = this.#options;
    this.#count(next.notice, 'failed');
    const backoffMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** next.tries);
    next.tries += 1;
    const delayMs = backoffMs * (0.5 + random.fraction() / 2);
    if (clock.now() + delayMs >= next.notice.expiresAt) return this.#settle(queue, next.notice, 'expired');
    clock.after(delayMs, () => {
      queue.ready.push(next);
      this.#pump(queue);
    });
  }

  #settle(queue: BidderQueue, notice: BidderNotice, outcome: NoticeOutcome): void {
    queue.size -= 1;
    this.#book.settle(notice);
    this.#count(notice, outcome);
  }

  #count({ kind }: BidderNotice, outcome: NoticeOutcome): void {
    const name = `${kind} ${outcome}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}
