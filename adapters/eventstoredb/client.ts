import { readFileSync } from 'node:fs';
import { EventStoreDBClient } from '@eventstore/db-client';

/** Where EventStoreDB is and how to speak to it. `LEDGER_URL` gives it; the client never sees the URL itself, because it prints URLs. */
export interface EventStoreDbAddress {
  /** One: the node. Several: nodes of a cluster, each of which knows the leader. */
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
  /** The one endpoint is a name in the DNS that stands for a cluster. */
  readonly isDiscovered: boolean;
  readonly tls: boolean;
  /** File of the certificate authority, PEM; null: those that Node trusts. */
  readonly caFile: string | null;
  readonly credentials: { readonly username: string; readonly password: string } | null;
  /** Put before the names of streams, so that several installations and other users can share a cluster. */
  readonly streamPrefix: string;
  /** How long any call may take, ms. */
  readonly deadlineMs: number;
  readonly keepAliveIntervalMs: number;
  readonly keepAliveTimeoutMs: number;
}

type Channel = Awaited<ReturnType<EventStoreDBClient['getChannel']>>;
type EndPoint = EventStoreDbAddress['endpoints'][number];
type Parameters = ConstructorParameters<typeof EventStoreDBClient>;
/** What the client's overloads take, in one type. */
type Target = { endpoint: EndPoint } | { endpoints: EndPoint[] } | { discover: EndPoint };

/** The client, with a way to give its connection back. */
class ClosableClient extends EventStoreDBClient {
  #channel: Channel | undefined;

  constructor(target: Target, settings: Omit<Parameters[0], 'endpoint'>, security: Parameters[1], user: Parameters[2]) {
    super({ ...settings, ...target } as Parameters[0], security, user);
    const getChannel = this.getChannel;
    this.getChannel = async () => {
      this.#channel = await getChannel();
      return this.#channel;
    };
  }

  async close(): Promise<void> {
    await this.dispose();
    this.#channel?.close();
  }
}

export function createClient(address: EventStoreDbAddress): ClosableClient {
  const [first] = address.endpoints;
  if (first === undefined) throw new RangeError('an EventStoreDB address without an endpoint');
  const settings = {
    throwOnAppendFailure: true,
    defaultDeadline: address.deadlineMs,
    keepAliveInterval: address.keepAliveIntervalMs,
    keepAliveTimeout: address.keepAliveTimeoutMs,
    connectionName: `adtally-${process.pid}`,
  };
  const { endpoints, tls, caFile, credentials } = address;
  const authority = tls && caFile !== null ? { rootCertificate: readFileSync(caFile) } : {};
  const security = { insecure: !tls, ...authority };
  const cluster = address.isDiscovered ? { discover: first } : { endpoints: [...endpoints] };
  const target = !address.isDiscovered && endpoints.length === 1 ? { endpoint: first } : cluster;
  return new ClosableClient(target, settings, security, credentials ?? undefined);
}

export type { ClosableClient };
