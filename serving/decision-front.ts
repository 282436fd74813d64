import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { AdtallyError } from '../domain/errors.ts';
import type { Admission } from './admission.ts';
import type { Answered, DecisionAnswer, DecisionDesk } from './decision-desk.ts';
import { readDecisionRequest, requestLimits } from './decision-request.ts';
import type { Caller } from './enrichment.ts';
import { asAdtallyError, problemOf } from './problem.ts';
import { TurnBatch, type TurnBatchOptions } from './turn-batch.ts';

export const decisionPath = '/v1/decisions';

/** Who sent a request; `arrivedUs` monotonic, microseconds. */
export type CallerOf = (request: Pick<IncomingMessage, 'socket' | 'headers'>, arrivedUs: number) => Caller;

export interface DecisionFrontDeps {
  readonly desk: DecisionDesk;
  readonly admission: Admission;
  /** Monotonic time, microseconds. */
  readonly monotonicUs: () => number;
  readonly endOfTurn: TurnBatchOptions<Asked>['endOfTurn'];
  /** An error that is ours, not the client's. */
  readonly onError: (error: Error) => void;
}

/** What the route itself does with a request, so that both ways give the same. */
export interface RouteWays {
  readonly callerOf: CallerOf;
  /** Error: what the router's parser throws. */
  readonly parse: (body: string) => unknown;
  readonly serialize: (answer: DecisionAnswer) => string;
}

/** The first of them waits for the last: some milliseconds. */
const mostTogether = 64;

const anyOrigin = { 'access-control-allow-origin': '*' };
const json = 'application/json; charset=utf-8';

function refusal(): { readonly headers: string[]; readonly body: string } {
  const shed = new AdtallyError('TOO_MANY_REQUESTS', 'more is asked than can be answered: try again');
  const { headers, body } = problemOf(shed);
  const all = { ...anyOrigin, ...headers, 'content-length': String(body.length) };
  return { headers: Object.entries(all).flat(), body: body.toString('latin1') };
}

const shed = refusal();

/**
 * Tells a client that its request is shed: 429 with Retry-After; an exchange, which would count an error against us, gets the 204 of OpenRTB that means
 * no bid.
 */
export function sendShed(response: ServerResponse, channel: Caller['channel']): void {
  if (channel === 'openrtb') response.writeHead(204, { 'retry-after': '1' }).end();
  else response.writeHead(429, shed.headers).end(shed.body, 'latin1');
}

/**
 * Answers `POST /v1/decisions` before it comes to the router, whose share of a request that is shed would be most of it. Takes a body of JSON whose length is
 * given; for any other, and while the process ends, the route does the same.
 */
export class DecisionFront {
  readonly #deps: DecisionFrontDeps;
  readonly #turn: TurnBatch<Asked>;
  #ways: RouteWays | null = null;

  constructor(deps: DecisionFrontDeps) {
    this.#deps = deps;
    this.#turn = new TurnBatch({
      endOfTurn: deps.endOfTurn,
      work: (asked) => this.#answerAll(asked),
      most: mostTogether,
    });
  }

  /** From here on requests are answered. */
  open(ways: RouteWays): void {
    this.#ways = ways;
  }

  /** From here on the router answers. */
  close(): void {
    this.#ways = null;
  }

  answers(request: IncomingMessage, response: ServerResponse): boolean {
    const ways = this.#ways;
    if (ways === null || request.method !== 'POST' || request.url !== decisionPath) return false;
    if (!isPlainJson(request.headers)) return false;
    const arrivedUs = this.#deps.monotonicUs();
    const take = (body: string) => {
      const completeUs = this.#deps.monotonicUs();
      this.#turn.add({ request, response, ways, arrivedUs, completeUs, body });
    };
    readBody(request, take);
    return true;
  }

  /** All are read, then all are decided on, then all are answered; one that needs a person is answered when the person is there. */
  #answerAll(all: readonly Asked[]): void {
    const { admission, desk, monotonicUs } = this.#deps;
    const [first] = all;
    if (first === undefined) return;
    // For as long as the first has waited, the process has been busy with others.
    const waitedMs = (monotonicUs() - first.completeUs) / 1000;
    const read = this.#step(all, (asked) => {
      if (!admission.takesBody(asked.body, waitedMs)) {
        sendShed(asked.response, 'api');
        return null;
      }
      return { ...asked, decision: readDecisionRequest(asked.ways.parse(asked.body)) };
    });
    const decided = this.#step(read, (asked) => {
      const { request, response, ways, arrivedUs } = asked;
      const answered = desk.decide(asked.decision, ways.callerOf(request, arrivedUs));
      if (!(answered instanceof Promise)) return { ...asked, answered };
      answered.then((late) => this.#send(response, late, ways)).catch((error: unknown) => this.#fail(response, error));
      return null;
    });
    this.#step(decided, ({ response, answered, ways }) => {
      this.#send(response, answered, ways);
      return null;
    });
  }

  /** One step for all of them. What it gives null for is done with; so is what fails. */
  #step<In extends Asked, Out>(all: readonly In[], run: (asked: In) => Out | null): Out[] {
    const done: Out[] = [];
    for (const asked of all) {
      try {
        const out = run(asked);
        if (out !== null) done.push(out);
      } catch (error) {
        this.#fail(asked.response, error);
      }
    }
    return done;
  }

  #send(response: ServerResponse, answered: Answered, { serialize }: RouteWays): void {
    const text = serialize(answered.body);
    const headers = { ...anyOrigin, 'content-type': json, 'content-length': String(Buffer.byteLength(text)) };
    response.writeHead(200, headers);
    response.end(text, () => this.#deps.desk.markReturned(answered));
  }

  #fail(response: ServerResponse, error: unknown): void {
    const known = asAdtallyError(error as Error);
    if (known.status === 500) this.#deps.onError(error as Error);
    const problem = problemOf(known);
    const length = { 'content-length': String(problem.body.length) };
    response.writeHead(known.status, { ...anyOrigin, ...problem.headers, ...length });
    response.end(problem.body);
  }
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly ways: RouteWays;
  /** Time of its headers, and of the last byte of its body: monotonic, microseconds. */
  readonly arrivedUs: number;
  readonly completeUs: number;
  readonly body: string;
}

/** JSON by its type, in one piece by its length, and no more than a request may have: all that is needed to read it without further questions. */
function isPlainJson(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type'];
  if (type !== 'application/json' && type?.startsWith('application/json;') !== true) return false;
  const length = Number(headers['content-length'] ?? 0);
  return length > 0 && length <= requestLimits.bodyBytes && headers['content-encoding'] === undefined;
}

/** A body that is broken off never ends, and nobody waits for its answer. */
function readBody(request: IncomingMessage, take: (body: string) => void): void {
  let whole: Buffer | null = null;
  request.on('data', (chunk: Buffer) => {
    whole = whole === null ? chunk : Buffer.concat([whole, chunk]);
  });
  request.on('end', () => take(whole === null ? '' : whole.toString('utf8')));
}
