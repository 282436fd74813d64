import kafkajs from 'kafkajs';
import { divideShards } from '../embedded/group-roster.ts';

/** What a member says of itself when it joins. */
export interface Claim {
  readonly memberId: string;
  /** What it owns and has not finished giving up. */
  readonly owned: readonly number[];
  /** The generation of the group in which it got them: of two that claim a shard the later one is right. */
  readonly generation: number;
}

/** The name of the rule by which shards are divided; all members of a group must have the same. */
export const assignmentRule = 'adtally-shards-1';

/**
 * Who gets what in this generation: shards divided evenly, moving as few as possible, but none that another member still has. That one is told
 * by its own assignment to give it up, joins again when it has, and then the shard is free.
 */
export function assignShards(claims: readonly Claim[], shards: number): ReadonlyMap<string, readonly number[]> {
  const owners = new Map<number, string>();
  const trusted = claims.toSorted((a, b) => b.generation - a.generation || (a.memberId < b.memberId ? -1 : 1));
  for (const { memberId, owned } of trusted) {
    for (const shard of owned) if (shard < shards && !owners.has(shard)) owners.set(shard, memberId);
  }
  const members = claims.map(({ memberId }) => ({ id: memberId, beat: 0, process: '' }));
  const target = divideShards({ members: members.toSorted((a, b) => (a.id < b.id ? -1 : 1)), owners }, shards);
  const assigned = new Map(claims.map(({ memberId }) => [memberId, [] as number[]]));
  for (let shard = 0; shard < shards; shard++) {
    const next = target.get(shard) ?? '';
    if ((owners.get(shard) ?? next) === next) assigned.get(next)?.push(shard);
  }
  return assigned;
}

/** In the format of Kafka's consumers, so that its tools show topics and owners. */
export function encodeClaim(topics: readonly string[], { owned, generation }: Omit<Claim, 'memberId'>): Buffer {
  const userData = Buffer.from(JSON.stringify({ owned, generation }));
  return kafkajs.AssignerProtocol.MemberMetadata.encode({ version: 0, topics: [...topics], userData });
}

export function decodeClaim(memberId: string, metadata: Buffer): Claim {
  const { userData } = kafkajs.AssignerProtocol.MemberMetadata.decode(metadata) ?? {};
  const { owned, generation } = JSON.parse(userData?.toString() ?? '{}') as Partial<Claim>;
  return { memberId, owned: owned ?? [], generation: generation ?? -1 };
}

/** @param topics Kafka's name → number of shards */
export function encodeAssignment(topics: ReadonlyMap<string, number>, shards: readonly number[]): Buffer {
  const assignment: Record<string, number[]> = {};
  for (const [topic, count] of topics) assignment[topic] = shards.filter((shard) => shard < count);
  return kafkajs.AssignerProtocol.MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) });
}

/** Co-keyed topics: whoever has a shard of the largest has it of all. */
export function decodeAssignment(assignment: Buffer): readonly number[] {
  const byTopic = kafkajs.AssignerProtocol.MemberAssignment.decode(assignment)?.assignment ?? {};
  return [...new Set(Object.values(byTopic).flat())].toSorted((a, b) => a - b);
}
