import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of the bytes: `up` from the client to the server, `down` back. */
export type Direction = 'up' | 'down';

/** What a network does to the connections that go through it. */
export type NetworkFault =
  /** New connections are reset at once. */
  | { readonly kind: 'refuse' }
  /** Connections are accepted, and nothing passes in these directions; what was sent comes when it is healed. Both: a black hole; one: half open. */
  | { readonly kind: 'stall'; readonly directions: readonly Direction[] }
  /** Every piece comes so much later. */
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** Each connection is reset once so many bytes have passed in either direction, in the middle of whatever they are. */
  | { readonly kind: 'cut_after'; readonly bytes: number };

interface Target {
  readonly host: string;
  readonly port: number;
}

export interface FaultProxyOptions {
  readonly target: Target;
  /** Address and port on which clients connect; 0: any free port. */
  readonly listen?: Target;
}

const anyOfLoopback: Target = { host: '127.0.0.1', port: 0 };
const msPerSecond = 1_000;

/** Joins two sockets as the proxy's fault allows at each moment. */
class Connection {
  readonly #proxy: FaultProxy;
  readonly #nth: number;
  readonly #sockets: readonly [client: Socket, server: Socket];
  /** Since the fault of now was imposed. */
  #passed = { under: 0, bytes: 0 };

  constructor(proxy: FaultProxy, nth: number, sockets: readonly [client: Socket, server: Socket]) {
    this.#proxy = proxy;
    this.#nth = nth;
    this.#sockets = sockets;
    const [client, server] = sockets;
    for (const socket of sockets) {
      socket.setNoDelay(true);
      // Seen by whoever reads from it, below.
      socket.on('error', () => undefined);
    }
    void this.#carry('up', client, server);
    void this.#carry('down', server, client);
  }

  /** Both ends see a reset. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async #carry(direction: Direction, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) await this.#pass(direction, chunk, to);
      await this.#untilOpen(direction);
      to.end();
    } catch {
      // An end that is lost shows at the other end only once the network carries anything.
      await this.#untilOpen(direction);
      to.resetAndDestroy();
    }
  }

  async #pass(direction: Direction, chunk: Buffer, to: Socket): Promise<void> {
    const fault = await this.#untilOpen(direction);
    if (fault?.kind === 'delay') await sleep(fault.ms);
    if (fault?.kind === 'throttle') await sleep((chunk.length / fault.bytesPerSecond) * msPerSecond);
    const left = fault?.kind === 'cut_after' ? this.#leftOf(fault.bytes) : Number.POSITIVE_INFINITY;
    await write(to, chunk.subarray(0, left));
    this.#passed.bytes += chunk.length;
    if (chunk.length >= left) this.cut();
  }

  #leftOf(bytes: number): number {
    if (this.#passed.under !== this.#proxy.faults) this.#passed = { under: this.#proxy.faults, bytes: 0 };
    return Math.max(0, bytes - this.#passed.bytes);
  }

  /** Waits while nothing passes. @returns what else is wrong, if anything */
  async #untilOpen(direction: Direction): Promise<NetworkFault | null> {
    for (;;) {
      const fault = this.#proxy.faultOf(this.#nth);
      if (fault?.kind !== 'stall' || !fault.directions.includes(direction)) return fault;
      await this.#proxy.changed();
    }
  }
}

/** A TCP proxy before a server, which does to its connections what bad networks do. */
export class FaultProxy {
  /** Connections so far. */
  connections = 0;
  /** Faults that were imposed so far. */
  faults = 0;
  readonly #server: Server;
  readonly #target: Target;
  readonly #open = new Set<Connection>();
  #fault: NetworkFault | null = null;
  #hits: (nth: number) => boolean = () => true;
  #change = Promise.withResolvers<void>();

  private constructor(target: Target) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client));
  }

  static async start({ target, listen = anyOfLoopback }: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    proxy.#server.listen(listen.port, listen.host);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** Where clients connect. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on, until `heal`. @param hits which connections, by number from 0 on; omitted: all */
  impose(fault: NetworkFault, hits: (nth: number) => boolean = () => true): void {
    this.faults += 1;
    this.#hits = hits;
    this.#set(fault);
  }

  heal(): void {
    this.#set(null);
  }

  /** Resets every connection; new ones can be made. */
  cut(): void {
    for (const connection of this.#open) connection.cut();
  }

  async close(): Promise<void> {
    this.heal();
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** What is wrong with one connection now. */
  faultOf(nth: number): NetworkFault | null {
    return this.#hits(nth) ? this.#fault : null;
  }

  /** Resolves when another fault is imposed, or it is healed. */
  changed(): Promise<void> {
    return this.#change.promise;
  }

  #set(fault: NetworkFault | null): void {
    this.#fault = fault;
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  #join(client: Socket): void {
    const nth = this.connections;
    this.connections += 1;
    if (this.faultOf(nth)?.kind === 'refuse') return void client.resetAndDestroy();
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const connection = new Connection(this, nth, [client, server]);
    this.#open.add(connection);
    let open = 2;
    for (const socket of [client, server]) {
      socket.once('close', () => {
        open -= 1;
        if (open === 0) this.#open.delete(connection);
      });
    }
  }
}

/** Resolves when there is room for more. */
async function write(to: Socket, bytes: Buffer): Promise<void> {
  if (bytes.length === 0 || to.write(bytes)) return;
  await new Promise<void>((resolve) => {
    to.once('drain', resolve).once('close', resolve);
  });
}
