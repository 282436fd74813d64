import { connect, type Socket } from 'node:net';

/** A request as it goes over the wire, and what its answers are counted under. */
export interface TaggedRequest {
  readonly bytes: Buffer;
  readonly tag: string;
}

export interface OpenLoad {
  readonly port: number;
  /** Connections at most; a request that finds none free waits for one, and its time runs. */
  readonly connections: number;
  readonly requests: readonly TaggedRequest[];
  readonly perSecond: number;
  readonly forMs: number;
  /** All connections are there before the first request is due, as those of exchanges are. */
  readonly connectFirst?: boolean;
}

/** Makes a server accept a connection; counted nowhere. */
const hello: TaggedRequest = { bytes: Buffer.from('GET /readyz HTTP/1.1\r\nHost: ads.example\r\n\r\n'), tag: '' };
/** Below the backlog of any server. */
const connectedTogether = 50;

export interface TagResult {
  /** Due within the time. */
  offered: number;
  /** Answers by status; 0: none, the connection broke or no answer came. */
  readonly statuses: Map<number, number>;
  /** From when a request was due to its 200, ms. */
  readonly latenciesMs: number[];
  /** Of that, the wait for a connection: what the generator could not send, ms. */
  readonly unsentMs: number[];
}

/** What is noted of every answer: when it came, after the start, its status, and how long it took from when it was due. */
export interface Noted {
  readonly atMs: number;
  readonly status: number;
  readonly tookMs: number;
}

export interface OpenResult {
  readonly byTag: ReadonlyMap<string, TagResult>;
  readonly noted: readonly Noted[];
  readonly elapsedMs: number;
}

interface Due {
  readonly request: TaggedRequest;
  readonly dueAt: number;
  /** When it went to the socket. */
  sentAt: number;
}

/** After the end so long is waited for what is under way, ms. */
const lastAnswersMs = 3000;

/** Sends so many requests a second whatever comes back, as many people would who know nothing of each other. */
export async function runOpenLoop(load: OpenLoad): Promise<OpenResult> {
  const byTag = new Map<string, TagResult>();
  const noted: Noted[] = [];
  /** In the order in which they were due; those before `taken` have been sent. Taking the first out of a long list would cost more than sending it. */
  const waiting: Due[] = [];
  let taken = 0;
  const idle: Channel[] = [];
  const all: Channel[] = [];
  let startedAt = performance.now();
  const tagged = (tag: string): TagResult => {
    const known = byTag.get(tag) ?? { offered: 0, statuses: new Map<number, number>(), latenciesMs: [], unsentMs: [] };
    byTag.set(tag, known);
    return known;
  };
  const note = ({ request, dueAt, sentAt }: Due, status: number) => {
    if (request === hello) return;
    const { statuses, latenciesMs, unsentMs } = tagged(request.tag);
    const [now, before] = [performance.now(), statuses.get(status) ?? 0];
    statuses.set(status, before + 1);
    if (status === 200) latenciesMs.push(now - dueAt);
    if (status === 200) unsentMs.push(sentAt - dueAt);
    noted.push({ atMs: now - startedAt, status, tookMs: now - dueAt });
  };
  const free = (channel: Channel) => {
    const next = waiting[taken];
    if (next === undefined) return void idle.push(channel);
    taken += 1;
    channel.send(next);
  };
  const send = (due: Due) => {
    const channel = idle.pop();
    if (channel !== undefined) return channel.send(due);
    if (all.length >= load.connections) return void waiting.push(due);
    const made = new Channel(load.port, note, free);
    all.push(made);
    made.send(due);
  };
  while (load.connectFirst === true && all.length < load.connections) {
    const made = Array.from({ length: connectedTogether }, () => new Channel(load.port, note, free));
    all.push(...made);
    for (const channel of made) channel.send({ request: hello, dueAt: 0, sentAt: 0 });
    while (made.some(({ isBusy }) => isBusy)) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  startedAt = performance.now();
  let number = 0;
  for (let now = startedAt; now - startedAt < load.forMs; now = performance.now()) {
    // The first is due at once.
    const dueCount = 1 + Math.floor(((now - startedAt) * load.perSecond) / 1000);
    for (; number < dueCount; number += 1) {
      const request = load.requests[number % load.requests.length] as TaggedRequest;
      tagged(request.tag).offered += 1;
      send({ request, dueAt: startedAt + (1000 * number) / load.perSecond, sentAt: 0 });
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const elapsedMs = performance.now() - startedAt;
  const under = () => waiting.length - taken + all.filter(({ isBusy }) => isBusy).length;
  for (let tries = 0; tries < lastAnswersMs / 20 && under() > 0; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const due of waiting.slice(taken)) note(due, 0);
  for (const channel of all) channel.close();
  return { byTag, noted, elapsedMs };
}

/** A keep-alive connection that sends one request at a time and is made anew when it breaks. */
class Channel {
  readonly #port: number;
  readonly #note: (due: Due, status: number) => void;
  readonly #free: (channel: Channel) => void;
  #socket: Socket | null = null;
  #due: Due | null = null;
  #head = '';
  #left = -1;
  #status = 0;

  constructor(port: number, note: (due: Due, status: number) => void, free: (channel: Channel) => void) {
    this.#port = port;
    this.#note = note;
    this.#free = free;
  }

  get isBusy(): boolean {
    return this.#due !== null;
  }

  send(due: Due): void {
    this.#due = due;
    due.sentAt = performance.now();
    this.#socket ??= this.#connect();
    this.#socket.write(due.request.bytes);
  }

  close(): void {
    if (this.#due !== null) this.#note(this.#due, 0);
    this.#due = null;
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (this.#due !== null) this.#done(0);
    });
    return socket;
  }

  #receive(chunk: Buffer): void {
    if (this.#left < 0) {
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.#status = Number(this.#head.slice(9, 12));
      const length = /content-length: ([0-9]+)/i.exec(this.#head.slice(0, end))?.[1] ?? '0';
      this.#left = Number(length) - (this.#head.length - end - 4);
    } else this.#left -= chunk.length;
    if (this.#left <= 0) this.#done(this.#status);
  }

  #done(status: number): void {
    const due = this.#due;
    this.#head = '';
    this.#left = -1;
    this.#due = null;
    if (due !== null) this.#note(due, status);
    this.#free(this);
  }
}
