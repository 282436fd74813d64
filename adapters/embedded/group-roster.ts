/** Who belongs to a consumer group and who owns which shard: plain data, changed by pure functions, kept by a `RosterStore`. */
export interface Roster {
  /** In the order of joining. */
  readonly members: readonly RosterMember[];
  readonly owners: ReadonlyMap<number, string>;
}

export interface RosterMember {
  readonly id: string;
  /** Grows with every sign of life. Compared with itself over the observer's own time, so that no two clocks are compared. */
  readonly beat: number;
  readonly process: string;
}

export interface RosterStore {
  read(group: string): Promise<Roster>;
  /** Replaces the roster by what `change` makes of it, atomically among all members; resolves with the new one. */
  update(group: string, change: (roster: Roster) => Roster): Promise<Roster>;
}

export interface Plan {
  readonly claim: readonly number[];
  readonly release: readonly number[];
}

export const emptyRoster: Roster = { members: [], owners: new Map() };

/** What a member may take and has to give up now. A shard that another still owns is claimed only after that one released it. */
export function planFor(memberId: string, roster: Roster, shards: number): Plan {
  const target = divideShards(roster, shards);
  const all = Array.from({ length: shards }, (_, shard) => shard);
  return {
    claim: all.filter((shard) => target.get(shard) === memberId && !roster.owners.has(shard)),
    release: all.filter((shard) => target.get(shard) !== memberId && roster.owners.get(shard) === memberId),
  };
}

/**
 * Divides the shards 0..shards-1 as evenly as possible, moving as few as possible: every member keeps up to its quota of what it has, who
 * holds most has the larger quota, and what is free goes to the first member in order of joining that is below its quota.
 */
export function divideShards({ members, owners }: Roster, shards: number): ReadonlyMap<number, string> {
  const held = new Map(members.map(({ id }) => [id, [] as number[]]));
  for (let shard = 0; shard < shards; shard++) held.get(owners.get(shard) ?? '')?.push(shard);
  const byHeld = [...held].toSorted(([, a], [, b]) => b.length - a.length);
  const larger = new Set(byHeld.slice(0, shards % members.length).map(([id]) => id));
  const quota = (id: string) => Math.floor(shards / members.length) + (larger.has(id) ? 1 : 0);

  const target = new Map<number, string>();
  for (const [id, kept] of held) for (const shard of kept.slice(0, quota(id))) target.set(shard, id);
  const free = Array.from({ length: shards }, (_, shard) => shard).filter((shard) => !target.has(shard));
  for (const [id, kept] of held) {
    for (const shard of free.splice(0, Math.max(0, quota(id) - kept.length))) target.set(shard, id);
  }
  return target;
}

export function addMember(roster: Roster, member: RosterMember): Roster {
  return { ...roster, members: [...roster.members.filter(({ id }) => id !== member.id), member] };
}

/** Takes members away together with all that they own. */
export function removeMembers(roster: Roster, ids: ReadonlySet<string>): Roster {
  return {
    members: roster.members.filter(({ id }) => !ids.has(id)),
    owners: new Map([...roster.owners].filter(([, owner]) => !ids.has(owner))),
  };
}

export function claimShards(roster: Roster, memberId: string, shards: readonly number[]): Roster {
  return { ...roster, owners: new Map([...roster.owners, ...shards.map((shard) => [shard, memberId] as const)]) };
}

/** Gives up shards; those that meanwhile belong to another member stay with it. */
export function releaseShards(roster: Roster, memberId: string, shards: readonly number[]): Roster {
  const released = new Set(shards);
  const stays = ([shard, owner]: readonly [number, string]) => owner !== memberId || !released.has(shard);
  return { ...roster, owners: new Map([...roster.owners].filter(stays)) };
}

export function beat(roster: Roster, memberId: string): Roster {
  const members = roster.members.map((one) => (one.id === memberId ? { ...one, beat: one.beat + 1 } : one));
  return { ...roster, members };
}
