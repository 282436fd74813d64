import { connect, type Socket } from 'node:net';

export interface Load {
  readonly port: number;
  readonly connections: number;
  /** Whole requests as they go over the wire; each is sent once, in order, over whichever connection is free. */
  readonly requests: readonly Buffer[];
  /** Stops earlier, ms. */
  readonly forMs: number;
}

export interface LoadResult {
  readonly answered: number;
  readonly elapsedMs: number;
  /** The first answer, for comparison with another server's. */
  readonly sample: string;
}

/**
 * Closed-loop load over keep-alive connections, with as little work as can be, so that the server has the CPU. Every answer must be as long as
 * the first one. Throws if one is not a 2xx.
 */
export async function runLoad(load: Load): Promise<LoadResult> {
  const state = { next: 0, answered: 0, sample: '' };
  const startedAt = performance.now();
  const endsAt = startedAt + load.forMs;
  const done = Array.from({ length: load.connections }, () => runConnection(load, state, endsAt));
  await Promise.all(done);
  return { answered: state.answered, elapsedMs: performance.now() - startedAt, sample: state.sample };
}

interface State {
  next: number;
  answered: number;
  sample: string;
}

function runConnection({ port, requests }: Load, state: State, endsAt: number): Promise<void> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  return new Promise((resolve, reject) => {
    let received = 0;
    const sendNext = () => {
      const request = requests[state.next];
      if (request === undefined || performance.now() >= endsAt) {
        socket.destroy();
        return resolve();
      }
      state.next += 1;
      received = 0;
      socket.write(request);
    };
    socket.on('connect', sendNext);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      if (received === 0 && chunk[9] !== 0x32) return reject(new Error(chunk.toString('latin1').slice(0, 300)));
      if (state.sample === '') state.sample = chunk.toString('latin1');
      received += chunk.length;
      if (received < state.sample.length) return;
      state.answered += 1;
      sendNext();
    });
  });
}
