import { createRequire } from 'node:module';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';

/**
 * Kafka's requests, as kafkajs encodes them. Its public consumer hides what the log needs: a read at an offset that fails if the offset is gone
 * (the consumer jumps), and a group whose members give up a shard before another gets it. So its inner `Cluster` is used: connections,
 * metadata, versions and encodings are its work, the rules are ours. The package is pinned to one version.
 */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** Loads who leads the shards of these topics. */
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findBroker(node: { readonly nodeId: string }): Promise<Broker>;
  /** Node → partitions that it leads. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, number[]>>;
  findGroupCoordinator(group: { readonly groupId: string }): Promise<Broker>;
  fetchTopicsOffset(
    topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
      readonly fromBeginning: boolean;
    }[],
  ): Promise<readonly { readonly partitions: readonly { readonly offset: string }[] }[]>;
}

interface GroupMemberName {
  readonly groupId: string;
  readonly memberId: string;
}

export interface Broker {
  fetch(request: FetchRequest): Promise<{
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly FetchedShard[];
    }[];
  }>;
  produce(request: ProduceRequest): Promise<{
    readonly topics: readonly {
      readonly partitions: readonly { readonly partition: number; readonly baseOffset: string }[];
    }[];
  }>;
  joinGroup(
    request: GroupMemberName & {
      readonly sessionTimeout: number;
      readonly rebalanceTimeout: number;
      readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
    },
  ): Promise<JoinedGroup>;
  syncGroup(
    request: GroupMemberName & {
      readonly generationId: number;
      readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
    },
  ): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(request: GroupMemberName & { readonly groupGenerationId: number }): Promise<unknown>;
  leaveGroup(request: GroupMemberName): Promise<unknown>;
  offsetCommit(
    request: GroupMemberName & {
      readonly groupGenerationId: number;
      readonly retentionTime: number;
      readonly topics: readonly {
        readonly topic: string;
        readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
      }[];
    },
  ): Promise<unknown>;
  offsetFetch(request: {
    readonly groupId: string;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
    }[];
  }): Promise<{ readonly responses: readonly { readonly partitions: readonly { readonly offset: string }[] }[] }>;
}

export interface FetchRequest {
  readonly isolationLevel: number;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly fetchOffset: string;
      readonly maxBytes: number;
    }[];
  }[];
}

export interface FetchedShard {
  readonly partition: number;
  readonly highWatermark: string;
  readonly messages: readonly KafkaMessage[];
}

export interface KafkaMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** A header that is given several times is a list. */
  readonly headers?: Readonly<Record<string, Buffer | readonly Buffer[] | null>>;
  readonly isControlRecord?: boolean;
}

export interface NewKafkaMessage {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly timestamp: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ProduceRequest {
  readonly acks: number;
  readonly timeout: number;
  readonly compression: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly messages: readonly NewKafkaMessage[];
    }[];
  }[];
}

export interface JoinedGroup {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  /** Everybody, if this member leads; else nobody. */
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

/** How brokers are reached. */
export interface BrokerAccess {
  /** `host:port`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls?: TlsOptions;
  readonly sasl?: SASLOptions;
}

interface SilentLogger {
  readonly namespace: () => SilentLogger;
  readonly debug: () => void;
  readonly info: () => void;
  readonly warn: () => void;
  readonly error: () => void;
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

const load = createRequire(import.meta.url);
const ClusterOfKafkajs = load('kafkajs/src/cluster/index.js') as new (options: object) => Cluster;
const RequestQueueOfKafkajs = load('kafkajs/src/network/requestQueue/index.js') as { readonly prototype: RequestQueue };

// kafkajs looks after every answer for requests that wait for their turn, even if none does: a timer that fires for ever at 1 ms, and under
// Node 24 a TimeoutNegativeWarning on stderr (its issues 1704 and 1751). A request that begins to wait starts the same check itself.
const queue = RequestQueueOfKafkajs.prototype;
const check = queue.scheduleCheckPendingRequests;
queue.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) check.call(this);
};

const silent: SilentLogger = {
  namespace: () => silent,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

/** What kafkajs's admin client needs to be as quiet. */
export const quietly = { logLevel: 0, logCreator: () => () => {} } as const;

/** A client of its own connections, and the means to drop them at once. */
export function createCluster(
  { brokers, clientId, tls, sasl }: BrokerAccess,
  { requestMs, connectMs }: { readonly requestMs: number; readonly connectMs: number },
): { readonly cluster: Cluster; readonly drop: () => void } {
  const sockets = new Set<Socket>();
  const socketFactory = ({ host, port, ssl, onConnect }: SocketRequest): Socket => {
    const isName = /[a-z]/i.test(host) && !host.includes(':');
    const socket = ssl
      ? connectTls({ host, port, ...(isName && { servername: host }), ...ssl }, onConnect)
      : connectPlain({ host, port }, onConnect);
    sockets.add(socket.setKeepAlive(true, 60_000).setNoDelay(true));
    return socket.on('close', () => sockets.delete(socket));
  };
  const cluster = new ClusterOfKafkajs({
    logger: silent,
    socketFactory,
    brokers,
    ssl: tls ?? null,
    sasl: sasl ?? null,
    clientId,
    connectionTimeout: connectMs,
    authenticationTimeout: connectMs,
    requestTimeout: requestMs,
    enforceRequestTimeout: true,
    metadataMaxAge: 300_000,
    // Tried again by whoever asked, who knows how long it may take.
    retry: { retries: 1, initialRetryTime: 30, maxRetryTime: 100 },
    allowAutoTopicCreation: false,
    isolationLevel: readUncommitted,
  });
  return {
    cluster,
    drop: () => {
      // With an error, so that kafkajs rejects what waits for an answer.
      for (const socket of sockets) socket.destroy(new Error('given up'));
    },
  };
}

/** The log has no transactions; somebody else's open one must not hold readers back. */
export const readUncommitted = 0;

interface SocketRequest {
  readonly host: string;
  readonly port: number;
  readonly ssl: TlsOptions | null;
  readonly onConnect: () => void;
}
