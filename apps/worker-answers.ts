import cluster, { type Worker } from 'node:cluster';
import type { SharedAnswers } from '../serving/openrtb/coalescing.ts';
import type { ExchangeAnswer } from '../serving/openrtb/exchange.ts';

/** Of a worker: may I answer this? and: this I answered. Of who runs them: you may, or here it is; and: what did you answer? `ask` numbers the questions of a worker. */
export type AnswerMessage =
  | { readonly adtally: 'claim'; readonly ask: number; readonly key: string }
  | { readonly adtally: 'claimed'; readonly ask: number; readonly text: string | null }
  | { readonly adtally: 'tell'; readonly key: string }
  | { readonly adtally: 'told'; readonly key: string; readonly text: string | null };

/** For so long an answer is that of everybody who asks the same, ms. */
const sharedMs = 1_000;
/** Keys that are known at the same time. */
const mostKeys = 20_000;
/** Who waits longer for another's answer gives one itself: money is then held twice, until the second one expires. */
const longestWaitMs = 250;

interface Claim<W> {
  readonly owner: W;
  readonly atMs: number;
  readonly waiting: { readonly worker: W; readonly ask: number }[];
}

/** In the process that runs the workers: the first to claim a key answers, all others get its answer. */
export class AnswerRelay<W> {
  readonly #send: (worker: W, message: AnswerMessage) => void;
  readonly #nowMs: () => number;
  readonly #claims = new Map<string, Claim<W>>();

  constructor(send: (worker: W, message: AnswerMessage) => void, nowMs: () => number) {
    this.#send = send;
    this.#nowMs = nowMs;
  }

  take(worker: W, message: AnswerMessage): void {
    if (message.adtally === 'claim') this.#claim(worker, message);
    else if (message.adtally === 'told') this.#told(worker, message);
  }

  /** Who waits for a worker that ended answers itself. */
  lose(worker: W): void {
    for (const [key, { owner }] of this.#claims) if (owner === worker) this.#settle(key, null);
  }

  #claim(worker: W, { ask, key }: Extract<AnswerMessage, { adtally: 'claim' }>): void {
    const nowMs = this.#nowMs();
    this.#forget(nowMs);
    const claim = this.#claims.get(key);
    if (claim === undefined || claim.owner === worker) {
      this.#claims.set(key, { owner: worker, atMs: nowMs, waiting: [] });
      return this.#send(worker, { adtally: 'claimed', ask, text: null });
    }
    claim.waiting.push({ worker, ask });
    this.#send(claim.owner, { adtally: 'tell', key });
  }

  #told(worker: W, { key, text }: Extract<AnswerMessage, { adtally: 'told' }>): void {
    if (this.#claims.get(key)?.owner === worker) this.#settle(key, text);
  }

  #settle(key: string, text: string | null): void {
    const claim = this.#claims.get(key);
    if (claim === undefined) return;
    if (text === null) this.#claims.delete(key);
    for (const { worker, ask } of claim.waiting.splice(0)) this.#send(worker, { adtally: 'claimed', ask, text });
  }

  #forget(nowMs: number): void {
    for (const [key, { atMs }] of this.#claims) {
      if (nowMs - atMs < sharedMs && this.#claims.size < mostKeys) return;
      this.#settle(key, null);
      this.#claims.delete(key);
    }
  }
}

/** In a worker: claims what it is asked, and tells the others what it answered. */
export class WorkerAnswers implements SharedAnswers<ExchangeAnswer> {
  readonly #send: (message: AnswerMessage) => void;
  readonly #waiting = new Map<number, (text: string | null) => void>();
  readonly #made = new Map<string, Promise<ExchangeAnswer>>();
  #asks = 0;

  constructor(send: (message: AnswerMessage) => void) {
    this.#send = send;
  }

  answer(key: string, make: () => Promise<ExchangeAnswer>): Promise<ExchangeAnswer> {
    const answer = this.#claim(key).then((text) => (text === null ? make() : readAnswer(text)));
    // Kept before it is claimed: another may want it in the moment in which it becomes ours.
    this.#made.set(key, answer);
    setTimeout(() => this.#made.delete(key), sharedMs + longestWaitMs).unref();
    return answer;
  }

  take(message: AnswerMessage): void {
    if (message.adtally === 'claimed') this.#waiting.get(message.ask)?.(message.text);
    if (message.adtally !== 'tell') return;
    const { key } = message;
    const tell = (text: string | null): void => this.#send({ adtally: 'told', key, text });
    const made = this.#made.get(key);
    if (made === undefined) return tell(null);
    // What failed is tried anew by whoever asks.
    made.then(
      (answer) => tell(writeAnswer(answer)),
      () => tell(null),
    );
  }

  #claim(key: string): Promise<string | null> {
    this.#asks += 1;
    const ask = this.#asks;
    return new Promise((resolve) => {
      const settle = (text: string | null): void => {
        clearTimeout(timer);
        this.#waiting.delete(ask);
        resolve(text);
      };
      const timer = setTimeout(() => settle(null), longestWaitMs);
      this.#waiting.set(ask, settle);
      this.#send({ adtally: 'claim', ask, key });
    });
  }
}

function writeAnswer({ response, noBid, wantsBody }: ExchangeAnswer): string {
  return JSON.stringify({ response, noBid, wantsBody });
}

/** Nothing was decided here, so there is nothing to mark as returned. */
function readAnswer(text: string): ExchangeAnswer {
  const body = { request_id: '', decisions: [], no_ad: [], warnings: [] };
  const answered = { body, ads: [], arrivedUs: 0, endsUs: null };
  return { ...(JSON.parse(text) as Omit<ExchangeAnswer, 'answered'>), answered };
}

const kinds: readonly unknown[] = ['claim', 'claimed', 'tell', 'told'];

function isAnswerMessage(message: unknown): message is AnswerMessage {
  return typeof message === 'object' && message !== null && 'adtally' in message && kinds.includes(message.adtally);
}

/** In the process that runs the workers. */
export function relayAnswers(): void {
  const send = (worker: Worker, message: AnswerMessage): void => {
    if (worker.isConnected()) worker.send(message);
  };
  const relay = new AnswerRelay<Worker>(send, () => performance.now());
  cluster.on('message', (worker, message: unknown) => {
    if (isAnswerMessage(message)) relay.take(worker, message);
  });
  cluster.on('exit', (worker) => relay.lose(worker));
}

/** In a process of serving; null where there is none beside it. */
export function answersOfAll(): SharedAnswers<ExchangeAnswer> | null {
  if (!cluster.isWorker) return null;
  const answers = new WorkerAnswers((message) => {
    if (process.connected) process.send?.(message);
  });
  process.on('message', (message: unknown) => {
    if (isAnswerMessage(message)) answers.take(message);
  });
  return answers;
}
