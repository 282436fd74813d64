import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A connection between clients and a server on this machine that can be cut. */
export class Cable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isPlugged = true;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#join(client, targetPort));
  }

  /** @param port where clients connect; 0: any free one */
  static async lay(targetPort: number, port = 0): Promise<Cable> {
    const cable = new Cable(targetPort);
    cable.#server.listen(port, '127.0.0.1');
    await once(cable.#server, 'listening');
    return cable;
  }

  /** Where clients connect. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends every connection, as a reset; new ones can be made. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Cuts, and refuses new connections until it is plugged in again. */
  unplug(): void {
    this.#isPlugged = false;
    this.cut();
  }

  plugIn(): void {
    this.#isPlugged = true;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, targetPort: number): void {
    if (!this.#isPlugged) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.pipe(other);
      // A reset is what this is for; whoever is at the other end sees it as well.
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
