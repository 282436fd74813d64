import { Agent, type Dispatcher, request } from 'undici';

/** What went over the wire, or why nothing came back. `status` 0: no answer (refused, reset or timed out). */
export interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly body: string;
  /** False if there was not even a connection: then nothing can have come of it. */
  readonly reached: boolean;
  /** Unix ms, before the first byte was sent and after the last one arrived. */
  readonly sentAt: number;
  readonly doneAt: number;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Address that the connection comes from; null: any. */
  readonly from: string | null;
}

const timeoutMs = 8_000;
/** Connections kept from one address. */
const connections = 8;

/**
 * HTTP of the simulated people: kept-alive connections, each person from an address of its own where the system allows it (on Linux all of
 * 127.0.0.0/8 is this machine), so that networks can be told apart as they are in the world.
 */
export class Wire {
  readonly #agents = new Map<string | null, Agent>();
  /** Requests without an answer yet. */
  underWay = 0;

  async send({ method, url, headers, body, from }: Call): Promise<Answer> {
    const sentAt = Date.now();
    this.underWay += 1;
    try {
      const response = await request(url, {
        dispatcher: this.#agent(from),
        method,
        headers: { ...headers },
        body: body ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      const text = await response.body.text();
      const { location } = response.headers;
      const to = typeof location === 'string' ? location : null;
      return { status: response.statusCode, location: to, body: text, reached: true, sentAt, doneAt: Date.now() };
    } catch (error) {
      // Whatever a network does: the caller sees that no answer came and tries again.
      return { status: 0, location: null, body: '', reached: !isRefusal(error), sentAt, doneAt: Date.now() };
    } finally {
      this.underWay -= 1;
    }
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#agents.values(), (agent) => agent.destroy()));
  }

  #agent(from: string | null): Dispatcher {
    let agent = this.#agents.get(from);
    if (agent === undefined) {
      agent = new Agent({ connections, ...(from !== null && { localAddress: from }) });
      this.#agents.set(from, agent);
    }
    return agent;
  }
}

function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ECONNREFUSED' || code === 'UND_ERR_CONNECT_TIMEOUT';
}
