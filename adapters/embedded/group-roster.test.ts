import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMember,
  claimShards,
  divideShards,
  emptyRoster,
  planFor,
  releaseShards,
  removeMembers,
  type Roster,
} from './group-roster.ts';

const memberId = (n: number) => `m${n}`;
const rosterOf = (members: number, owners: Record<number, string> = {}): Roster => ({
  members: Array.from({ length: members }, (_, n) => ({ id: memberId(n), beat: 0, process: 'p' })),
  owners: new Map(Object.entries(owners).map(([shard, owner]) => [Number(shard), owner])),
});

/** Rosters in any state, owners that are gone included. */
const anyRoster = fc
  .tuple(
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 12 }),
    fc.array(fc.nat(7), { minLength: 12, maxLength: 12 }),
  )
  .map(([members, shards, owners]) => {
    const owned = Object.fromEntries(owners.slice(0, shards).map((owner, shard) => [shard, memberId(owner)]));
    const held = Object.fromEntries(Object.entries(owned).filter(([, owner]) => owner !== memberId(7)));
    return { shards, members, roster: rosterOf(members, held) };
  });

describe('The division of shards', () => {
  it('gives every shard to one member, and no member more than one shard more than another', () => {
    fc.assert(
      fc.property(anyRoster, ({ roster, shards, members }) => {
        const target = divideShards(roster, shards);
        expect([...target.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: shards }, (_, i) => i));
        const counts = roster.members.map(({ id }) => [...target.values()].filter((owner) => owner === id).length);
        expect(Math.max(...counts)).toBeLessThanOrEqual(Math.ceil(shards / members));
        expect(Math.min(...counts)).toBeGreaterThanOrEqual(Math.floor(shards / members));
      }),
    );
  });

  it('takes shards only from members that have too many', () => {
    fc.assert(
      fc.property(anyRoster, ({ roster, shards, members }) => {
        const target = divideShards(roster, shards);
        for (const { id } of roster.members) {
          const held = [...roster.owners].filter(([, owner]) => owner === id).map(([shard]) => shard);
          const kept = held.filter((shard) => target.get(shard) === id);
          expect(kept.length).toBeGreaterThanOrEqual(Math.min(held.length, Math.floor(shards / members)));
        }
      }),
    );
  });

  it('is come to by members that act one after the other in any order, and then stays', () => {
    fc.assert(
      fc.property(anyRoster, fc.infiniteStream(fc.nat(5)), ({ roster: start, shards, members }, turns) => {
        const living = new Set(start.members.map(({ id }) => id));
        const gone = new Set([...start.owners.values()].filter((owner) => !living.has(owner)));
        let roster = removeMembers(start, gone);
        for (const turn of turns.take(60)) roster = act(roster, memberId(turn % members), shards);
        for (let n = 0; n < members; n++) roster = act(roster, memberId(n), shards);
        for (let n = 0; n < members; n++) roster = act(roster, memberId(n), shards);
        expect(roster.owners.size).toBe(shards);
        for (let n = 0; n < members; n++)
          expect(planFor(memberId(n), roster, shards)).toEqual({ claim: [], release: [] });
      }),
    );
  });
});

/** What one member does in a step. */
function act(roster: Roster, id: string, shards: number): Roster {
  const plan = planFor(id, roster, shards);
  return releaseShards(claimShards(roster, id, plan.claim), id, plan.release);
}

describe('A roster', () => {
  it('lets nobody claim what another still owns', () => {
    const roster = rosterOf(2, { 0: 'm0', 1: 'm0', 2: 'm0', 3: 'm0' });
    expect(planFor('m1', roster, 4)).toEqual({ claim: [], release: [] });
    expect(planFor('m0', roster, 4)).toEqual({ claim: [], release: [2, 3] });
    expect(planFor('m1', releaseShards(roster, 'm0', [2, 3]), 4)).toEqual({ claim: [2, 3], release: [] });
  });

  it('does not take from a new owner what an old one releases late', () => {
    const roster = rosterOf(2, { 0: 'm0', 1: 'm1' });
    expect(releaseShards(roster, 'm0', [0, 1]).owners).toEqual(new Map([[1, 'm1']]));
  });

  it('loses with a member all that it owns', () => {
    const roster = removeMembers(rosterOf(2, { 0: 'm0', 1: 'm1' }), new Set(['m1']));
    expect(roster.members.map(({ id }) => id)).toEqual(['m0']);
    expect(roster.owners).toEqual(new Map([[0, 'm0']]));
  });

  it('has a member once, however often it joins', () => {
    const member = { id: 'm0', beat: 0, process: 'p' };
    expect(addMember(addMember(emptyRoster, member), { ...member, beat: 4 }).members).toEqual([{ ...member, beat: 4 }]);
  });
});
