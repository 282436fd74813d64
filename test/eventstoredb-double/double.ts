/**
 * A stand-in for EventStoreDB, for machines on which no server can be had: the Streams and Gossip services over real gRPC, built from the messages that ship
 * inside @eventstore/db-client, so that the real client talks to it. It keeps everything in memory, and in a file if it is given one. What it copies of the server (read in the sources
 * of KurrentDB, src/EventStore.Core):
 *
 * - idempotence at exact revisions only, and none at the end of a stream: Services/Storage/ReaderIndex/IndexWriter.cs, `CheckCommit`; a batch of which a part
 *   is there is a wrong expected version: Services/Storage/StorageWriterService.cs, `CorruptedIdempotency`;
 * - the answers: success with the old revision and position, `WrongExpectedVersion` in the response, "not leader" with the leader's address
 *   and "not ready" as errors: Services/Transport/Grpc/Streams.Append.cs, RpcExceptions.cs;
 * - the append limit of 1 MiB over data, metadata and two bytes for each character of the type: `Event.SizeOnDisk`;
 * - commit and prepare positions; subscriptions with filter and checkpoints, from after a position: Services/Transport/Grpc/Enumerators, `AllSubscriptionFiltered`.
 *   Writes are laid out with a commit record (as transactions are), so that events of one write share a commit position: the general case;
 * - leader discovery: Gossip.Read names nodes and states; who requires the leader is sent to it, others are served by any node.
 *
 * What it does not copy: replication (all nodes share one log), users, deletion, truncation, $-streams, BatchAppend.
 */
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { type sendUnaryData, Server, ServerCredentials } from '@grpc/grpc-js';
import { Cable } from './cable.ts';
import { keepInFile } from './log-file.ts';
import type { Faults, NodeView } from './node-view.ts';
import { streamsHandlers } from './streams-service.ts';
import { TransactionLog } from './transaction-log.ts';

const host = '127.0.0.1';
const mebibyte = 1024 * 1024;

/** One node, reached through a cable. Its faults can be set at any time. */
export interface DoubleNode {
  readonly port: number;
  readonly faults: Faults;
  readonly cable: Cable;
}

export interface DoubleOptions {
  /** One if it is not given. */
  readonly nodes?: number;
  /** As `MaxAppendSize` sets it on the server; 1 MiB. */
  readonly maxAppendBytes?: number;
  /** Of a single node; any free one if it is not given. */
  readonly port?: number;
  /** Keeps what is written; nothing outlives the double without. */
  readonly file?: string;
}

export class EventStoreDbDouble {
  readonly log = new TransactionLog();
  readonly #nodes: DoubleNode[] = [];
  readonly #servers: Server[] = [];
  readonly #options: DoubleOptions;
  #forgetFile = () => {};
  #leader = 0;

  private constructor(options: DoubleOptions) {
    this.#options = options;
    if (options.file !== undefined) this.#forgetFile = keepInFile(this.log, options.file);
  }

  static async start(options: DoubleOptions = {}): Promise<EventStoreDbDouble> {
    const double = new EventStoreDbDouble(options);
    for (let number = 0; number < (options.nodes ?? 1); number += 1) await double.#startNode(number);
    return double;
  }

  get leader(): DoubleNode {
    return this.node(this.#leader);
  }

  node(number: number): DoubleNode {
    const node = this.#nodes[number];
    if (node === undefined) throw new RangeError(`there is no node ${number}`);
    return node;
  }

  /** `host:port` of every node. */
  get addresses(): readonly string[] {
    return this.#nodes.map(({ port }) => `${host}:${port}`);
  }

  elect(number: number): void {
    this.#leader = number;
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map(({ cable }) => cable.close()));
    for (const server of this.#servers) server.forceShutdown();
    this.#forgetFile();
  }

  async #startNode(number: number): Promise<void> {
    const faults = { acknowledgementsToLose: 0, requestsToLose: 0, answerDelayMs: 0, isStarting: false };
    const view: NodeView = {
      log: this.log,
      faults,
      maxAppendBytes: this.#options.maxAppendBytes ?? mebibyte,
      leaderElsewhere: () => (this.#leader === number ? null : { host, port: this.leader.port }),
      cut: () => this.node(number).cable.cut(),
    };
    const server = new Server();
    server.addService(StreamsService, streamsHandlers(view));
    server.addService(GossipService, {
      read: (_call: unknown, answer: sendUnaryData<gossip.ClusterInfo>) => answer(null, this.#members()),
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`${host}:0`, ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    this.#servers.push(server);
    const cable = await Cable.lay(port, this.#options.port ?? 0);
    this.#nodes.push({ port: cable.port, faults, cable });
  }

  #members(): gossip.ClusterInfo {
    const { LEADER, FOLLOWER } = gossip.MemberInfo.VNodeState;
    const members = this.#nodes.map(({ port }, number) => {
      const member = new gossip.MemberInfo();
      member.setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port));
      return member.setIsAlive(true).setState(number === this.#leader ? LEADER : FOLLOWER);
    });
    return new gossip.ClusterInfo().setMembersList(members);
  }
}
