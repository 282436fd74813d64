import type { KafkaConnection } from './connection.ts';
import type { Broker, Cluster, JoinedGroup } from './protocol.ts';
import {
  assignmentRule,
  assignShards,
  decodeAssignment,
  decodeClaim,
  encodeAssignment,
  encodeClaim,
} from './shard-assignment.ts';

export interface GroupSessionOptions {
  readonly connection: KafkaConnection;
  readonly groupId: string;
  /** Kafka's name → number of shards. */
  readonly topics: ReadonlyMap<string, number>;
  /** A member that gave no sign of life for so long has lost its shards. */
  readonly sessionMs: number;
  /** How long the others wait for a member to join again when somebody comes or goes. */
  readonly rebalanceMs: number;
}

const nobody = { memberId: '', generation: -1 };

/**
 * One member's side of Kafka's group protocol. Errors: Kafka's `REBALANCE_IN_PROGRESS` (join again), `UNKNOWN_MEMBER_ID` and `ILLEGAL_GENERATION`
 * (struck off), `LOG_UNAVAILABLE`.
 */
export class GroupSession {
  readonly #options: GroupSessionOptions;
  #current = nobody;

  constructor(options: GroupSessionOptions) {
    this.#options = options;
  }

  get memberId(): string {
    return this.#current.memberId;
  }

  /** Joins, or joins again, and resolves with the shards assigned. Waits for all others. @param owned what it still has */
  async join(owned: readonly number[]): Promise<readonly number[]> {
    const { connection, topics, sessionMs, rebalanceMs } = this.#options;
    const metadata = encodeClaim([...topics.keys()], { owned, generation: this.#current.generation });
    const ask = async (cluster: Cluster) => {
      const broker = await this.#coordinator(cluster);
      const joined = await broker.joinGroup({
        ...this.#member(),
        sessionTimeout: sessionMs,
        rebalanceTimeout: rebalanceMs,
        groupProtocols: [{ name: assignmentRule, metadata }],
      });
      this.#current = { memberId: joined.memberId, generation: joined.generationId };
      const { memberAssignment } = await broker.syncGroup({
        ...this.#member(),
        generationId: joined.generationId,
        groupAssignment: this.#divide(joined),
      });
      return decodeAssignment(memberAssignment);
    };
    return connection.run(ask, 2 * rebalanceMs);
  }

  /** A sign of life. */
  async heartbeat(): Promise<void> {
    const groupGenerationId = this.#current.generation;
    await this.#options.connection.run(async (cluster) => {
      await (await this.#coordinator(cluster)).heartbeat({ ...this.#member(), groupGenerationId });
    });
  }

  /** @param connection another one: the session's own may be waiting for the others */
  async leave(connection: KafkaConnection): Promise<void> {
    const member = this.#member();
    if (member.memberId === '') return;
    this.forget();
    await connection.run(async (cluster) => (await this.#coordinator(cluster)).leaveGroup(member));
  }

  /** It was struck off: what it knew of its membership holds no longer. */
  forget(): void {
    this.#current = nobody;
  }

  #divide({ leaderId, memberId, members }: JoinedGroup) {
    if (leaderId !== memberId) return [];
    const { topics } = this.#options;
    const claims = members.map((one) => decodeClaim(one.memberId, one.memberMetadata));
    return [...assignShards(claims, Math.max(...topics.values()))].map(([id, shards]) => ({
      memberId: id,
      memberAssignment: encodeAssignment(topics, shards),
    }));
  }

  #coordinator(cluster: Cluster): Promise<Broker> {
    return cluster.findGroupCoordinator({ groupId: this.#options.groupId });
  }

  #member() {
    return { groupId: this.#options.groupId, memberId: this.#current.memberId };
  }
}
