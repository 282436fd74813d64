import { AdtallyError } from '../domain/errors.ts';
import type { Answer, Wire } from './wire.ts';

export interface ConsoleClientOptions {
  readonly wire: Wire;
  /** Base of the private side, without a slash at the end. */
  readonly url: string;
  readonly key: string;
}

export type Json = Readonly<Record<string, unknown>>;

const patienceMs = 60_000;
const pauseMs = 250;

/** Whoever works with the private side: asks again while it restarts, says what it refused. */
export class ConsoleClient {
  readonly #options: ConsoleClientOptions;

  constructor(options: ConsoleClientOptions) {
    this.#options = options;
  }

  /** The key that lets it in. */
  get key(): string {
    return this.#options.key;
  }

  /** Error: `HTTP_FAILED`, with what the console answered. */
  async get<T = Json>(path: string): Promise<T> {
    return this.#read('GET', path, await this.#persist(() => this.#send('GET', path)));
  }

  /** Text as it came, e.g. NDJSON. */
  async getText(path: string, accept: string): Promise<string> {
    const answer = await this.#persist(() => this.#send('GET', path, undefined, { accept }));
    if (answer.status !== 200) throw refused('GET', path, answer);
    return answer.body;
  }

  /** A creation: the key makes repeating it harmless. A question that creates nothing needs none. */
  async post<T = Json>(path: string, body: Json, idempotencyKey?: string): Promise<T> {
    const headers: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    return this.#read('POST', path, await this.#persist(() => this.#send('POST', path, body, headers)));
  }

  #send(method: 'GET' | 'POST', path: string, body?: Json, headers: Record<string, string> = {}): Promise<Answer> {
    const { wire, url, key } = this.#options;
    return wire.send({
      method,
      url: `${url}${path}`,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      from: null,
    });
  }

  async #persist(send: () => Promise<Answer>): Promise<Answer> {
    const until = Date.now() + patienceMs;
    for (;;) {
      const answer = await send();
      const again = answer.status === 0 || answer.status === 429 || answer.status >= 500;
      if (!again || Date.now() > until) return answer;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #read<T>(method: string, path: string, answer: Answer): T {
    if (answer.status < 200 || answer.status > 299) throw refused(method, path, answer);
    return JSON.parse(answer.body) as T;
  }
}

function refused(method: string, path: string, { status, body }: Answer): AdtallyError {
  const said = status === 0 ? 'no answer' : `${status} ${problemText(body)}`;
  return new AdtallyError('HTTP_FAILED', `${method} ${path}: ${said}`);
}

/** Code and sentence of a problem; any other body as it came. */
function problemText(body: string): string {
  const start = body.slice(0, 400);
  if (!body.startsWith('{"type":')) return start;
  const { code, detail } = JSON.parse(body) as { readonly code?: string; readonly detail?: string };
  return code === undefined ? start : `${code}: ${detail ?? ''}`;
}
