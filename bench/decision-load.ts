import { connect, type Socket } from 'node:net';

export interface DecisionLoad {
  readonly port: number;
  readonly connections: number;
  /** Whole requests as they go over the wire, sent in turn. */
  readonly requests: readonly Buffer[];
  readonly forMs: number;
  /** Open loop: so many a second, timed from when each was due; omitted: as fast as answers come. */
  readonly perSecond?: number;
  /** A 429 is no error; it is not counted as an answer. */
  readonly mayShed?: boolean;
}

export interface DecisionLoadResult {
  readonly answered: number;
  /** Answers with an ad. */
  readonly filled: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  /** From when a request was due to its answer, ms, ascending. */
  readonly latenciesMs: readonly number[];
}

interface Answer {
  readonly shed: boolean;
  readonly bytes: number;
  readonly filled: boolean;
}

const headEnd = '\r\n\r\n';
const lengthHeader = 'content-length: ';

/** A keep-alive connection that sends one request at a time. */
class Connection {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #received = 0;
  readonly #mayShed: boolean;
  #shed = false;
  #wanted = 0;
  #done: ((answer: Answer) => void) | null = null;
  #fail: ((error: Error) => void) | null = null;

  constructor({ port, mayShed = false }: DecisionLoad) {
    this.#mayShed = mayShed;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.#fail?.(error));
  }

  send(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#fail = reject;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#received === 0) {
      this.#shed = this.#mayShed && chunk.toString('latin1', 9, 12) === '429';
      if (chunk[9] !== 0x32 && !this.#shed) return this.#fail?.(new Error(chunk.toString('latin1').slice(0, 300)));
      const head = chunk.indexOf(headEnd);
      const at = chunk.indexOf(lengthHeader) + lengthHeader.length;
      this.#wanted = head + headEnd.length + Number(chunk.toString('latin1', at, chunk.indexOf('\r', at)));
    }
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    if (this.#received < this.#wanted) return;
    const filled = this.#chunks.some((part) => part.includes('"selection_id"'));
    this.#chunks = [];
    this.#received = 0;
    this.#done?.({ shed: this.#shed, bytes: this.#wanted, filled });
  }
}

/** Closed or open loop over keep-alive connections. Throws if an answer is not a 2xx. */
export async function runDecisionLoad(load: DecisionLoad): Promise<DecisionLoadResult> {
  const connections = Array.from({ length: load.connections }, () => new Connection(load));
  const state = { next: 0, answered: 0, filled: 0, bytes: 0, latenciesMs: [] as number[] };
  const startedAt = performance.now();
  const oneLoop = async (connection: Connection): Promise<void> => {
    for (;;) {
      const number = state.next++;
      const dueAt = load.perSecond === undefined ? performance.now() : startedAt + (1000 * number) / load.perSecond;
      if (dueAt - startedAt >= load.forMs) return connection.close();
      const waitMs = dueAt - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const { shed, bytes, filled } = await connection.send(load.requests[number % load.requests.length] as Buffer);
      if (shed) continue;
      state.answered += 1;
      state.bytes += bytes;
      if (filled) state.filled += 1;
      state.latenciesMs.push(performance.now() - dueAt);
    }
  };
  await Promise.all(connections.map(oneLoop));
  const latenciesMs = state.latenciesMs.toSorted((a, b) => a - b);
  return { ...state, latenciesMs, elapsedMs: performance.now() - startedAt };
}
