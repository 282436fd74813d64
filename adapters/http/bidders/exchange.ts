import { type Dispatcher, errors } from 'undici';
import type { BidderCall, BidderFailure, BidderReply } from '../../../ports/bidder-connection.ts';
import type { Clock, Timer } from '../../../ports/clock.ts';
import { unpack } from './answer-body.ts';
import { AddressRefused } from './guarded-connector.ts';

/**
 * A bidder that is late is told nothing and loses nothing but this auction: its answer is read and thrown away if its head comes within this time, so
 * that the connection stays warm. Whoever has begun to answer at the time-out and has not finished is cut off at once.
 */
const lateMs = 100;

export interface ExchangeOptions {
  readonly call: BidderCall;
  readonly clock: Clock;
  readonly signal: AbortSignal | null;
  /** Called once, with what came of the call. */
  readonly settled: (reply: BidderReply) => void;
  /** Called once, when nothing of it is under way any more; at the same time as `settled` or later. */
  readonly over: () => void;
}

/** One for all: thousands a second are cut off, and a stack costs more than the rest. */
const cutOff = new Error('cut off');

/** One request and its answer, as undici drives it. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #startedUs: number;
  #timer: Timer;
  #controller: Dispatcher.DispatchController | null = null;
  #phase: 'waiting' | 'sent' | 'answering' | 'over' = 'waiting';
  #settled = false;
  #status = 0;
  #encoding = '';
  #chunks: Buffer[] = [];
  #received = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { clock, call, signal } = options;
    this.#startedUs = clock.monotonicUs();
    this.#timer = clock.after(call.timeoutMs, () =>
      this.#cut('timed_out', `nothing whole within ${call.timeoutMs} ms`),
    );
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // undici takes the request out of its queue and keeps the connection if this throws; an abort would end the connection.
    if (this.#settled) throw cutOff;
    this.#controller = controller;
    this.#phase = 'sent';
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return;
    this.#phase = 'answering';
    this.#status = status;
    this.#encoding = String(headers['content-encoding'] ?? '').toLowerCase();
    if (status !== 200 && status !== 204) this.#settle('bad_status', `status ${status}`);
    if (Number(headers['content-length'] ?? 0) > this.#options.call.maxAnswerBytes) this.#refuseLength();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#received += chunk.length;
    if (this.#received > this.#options.call.maxAnswerBytes) this.#refuseLength();
    else if (!this.#settled) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.#settled) this.#read();
    this.#end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle(failureOf(error), error.message);
    this.#end();
  }

  #read(): void {
    const { call } = this.#options;
    const late = this.#elapsedUs() > call.timeoutMs * 1000;
    // The timer may fire after the answer when the process was busy; the cut is the time, not the timer.
    if (late) return this.#settle('timed_out', `nothing whole within ${call.timeoutMs} ms`);
    const unpacked = unpack(Buffer.concat(this.#chunks), this.#encoding, call.maxAnswerBytes);
    if ('failure' in unpacked) return this.#settle(unpacked.failure, unpacked.detail);
    const latencyUs = this.#elapsedUs();
    if (this.#status === 204 || unpacked.body.length === 0) return this.#tell({ outcome: 'no_bid', latencyUs });
    this.#tell({ outcome: 'answered', body: unpacked.body, latencyUs });
  }

  #refuseLength(): void {
    this.#settle('too_large', `more than ${this.#options.call.maxAnswerBytes} bytes`);
    this.#drop();
  }

  readonly #onAbort = (): void => this.#cut('aborted', 'no longer awaited');

  /** The caller waits no longer. */
  #cut(outcome: 'timed_out' | 'aborted', detail: string): void {
    const phase = this.#phase;
    this.#settle(outcome, detail);
    if (phase === 'answering' && outcome === 'timed_out') return this.#drop();
    if (phase === 'over') return;
    this.#timer.cancel();
    this.#timer = this.#options.clock.after(lateMs, () => this.#drop());
  }

  #drop(): void {
    // What waits for a connection has none to drop; it goes when its turn comes.
    this.#controller?.abort(cutOff);
  }

  #settle(outcome: BidderFailure, detail: string): void {
    this.#tell({ outcome, latencyUs: this.#elapsedUs(), detail });
  }

  #tell(reply: BidderReply): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#chunks = [];
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#options.settled(reply);
  }

  #end(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#timer.cancel();
    this.#options.over();
  }

  #elapsedUs(): number {
    return this.#options.clock.monotonicUs() - this.#startedUs;
  }
}

function failureOf(error: unknown): BidderFailure {
  if (error instanceof AddressRefused) return 'address_refused';
  if (error instanceof AggregateError && error.errors.some((one) => one instanceof AddressRefused))
    return 'address_refused';
  if (error instanceof errors.HeadersOverflowError) return 'too_large';
  // What is no HTTP at all.
  if (error instanceof errors.HTTPParserError) return 'bad_encoding';
  return 'connect_failed';
}
