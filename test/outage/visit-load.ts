import { Agent, request } from 'undici';

/** A decision that was asked for. Times are ms of the load's own clock. */
export interface AskedDecision {
  /** When it was to be asked. */
  readonly dueMs: number;
  /** From then to the whole answer. */
  readonly tookMs: number;
  /** Of a person with consent. */
  readonly isPerson: boolean;
  /** 0 if no answer came. */
  readonly status: number;
  readonly ads: number;
}

/** An impression whose beacon was sent until somebody acknowledged it. */
export interface Impression {
  readonly selectionId: string;
  readonly seenMs: number;
  /** Sendings that were refused or not answered, each with its status (0: no answer). */
  readonly failures: readonly number[];
  /** Unix ms; null until then. */
  readonly acknowledgedAt: number | null;
}

export interface VisitLoadOptions {
  readonly serveUrl: string;
  readonly placementIds: readonly string[];
  /** Decisions a second, whatever becomes of them. */
  readonly perSecond: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Answer {
  readonly decisions: readonly {
    readonly selection_id: string;
    readonly beacons: { readonly impression: string };
  }[];
}

const browser = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36';
const headers = { 'content-type': 'application/json', 'user-agent': browser };
/** One decision in five is of a person, of whom there are so many that few are remembered from the last time. */
const [personEvery, persons] = [5, 5_000];
const sendAgainMs = 200;
const answerWithinMs = 30_000;

/**
 * Visitors in an open loop: a decision falls due every so often, answered or not, and is timed from when it was due. The impression of each ad is sent as a beacon
 * until it is acknowledged.
 */
export class VisitLoad {
  readonly decisions: AskedDecision[] = [];
  readonly impressions: Impression[] = [];
  readonly #options: VisitLoadOptions;
  readonly #agent = new Agent({ connections: 256, headersTimeout: answerWithinMs, bodyTimeout: answerWithinMs });
  readonly #visits = new Set<Promise<void>>();
  readonly #startedMs = performance.now();
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: VisitLoadOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ms since the load was made. */
  now(): number {
    return performance.now() - this.#startedMs;
  }

  /** No further visits; resolves when the last one is over and all its beacons are acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await Promise.all(this.#visits);
    await this.#agent.destroy();
  }

  async #run(): Promise<void> {
    const everyMs = 1000 / this.#options.perSecond;
    let dueMs = this.now();
    for (let number = 0; !this.#stopped; number += 1, dueMs += everyMs) {
      const waitMs = dueMs - this.now();
      if (waitMs > 0) await pause(waitMs);
      const visit = this.#visit(number, dueMs);
      this.#visits.add(visit);
      void visit.finally(() => this.#visits.delete(visit));
    }
  }

  async #visit(number: number, dueMs: number): Promise<void> {
    const { serveUrl } = this.#options;
    const isPerson = number % personEvery === 0;
    const { status, text } = await this.#send('POST', `${serveUrl}/v1/decisions`, this.#body(number, isPerson));
    const { decisions }: Answer = status === 200 ? (JSON.parse(text) as Answer) : { decisions: [] };
    this.decisions.push({ dueMs, tookMs: this.now() - dueMs, isPerson, status, ads: decisions.length });
    await Promise.all(decisions.map(({ selection_id, beacons }) => this.#see(selection_id, beacons.impression)));
  }

  async #see(selectionId: string, url: string): Promise<void> {
    const failures: number[] = [];
    const seen: Mutable<Impression> = { selectionId, seenMs: this.now(), failures, acknowledgedAt: null };
    this.impressions.push(seen);
    for (;;) {
      const { status } = await this.#send('GET', url);
      if (status === 200) break;
      failures.push(status);
      await pause(sendAgainMs);
    }
    seen.acknowledgedAt = Date.now();
  }

  #body(number: number, isPerson: boolean): string {
    const { placementIds } = this.#options;
    const placement_id = placementIds[number % placementIds.length];
    // A stride that meets every person before it meets one again.
    const person = { user: { id: `visitor-${(number * 7919) % persons}` }, consent: { gdpr: false } };
    const device = { ua: browser, ip: `203.0.${number % 251}.${number % 241}`, language: 'de' };
    return JSON.stringify({
      slots: [{ id: 'top', placement_id }],
      device,
      ...(isPerson ? person : { consent: { gdpr: true } }),
    });
  }

  async #send(method: 'GET' | 'POST', url: string, body: string | null = null) {
    try {
      const { statusCode, body: answer } = await request(url, { method, headers, body, dispatcher: this.#agent });
      return { status: statusCode, text: await answer.text() };
    } catch {
      // Refused, reset or too late: counted as no answer.
      return { status: 0, text: '' };
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
