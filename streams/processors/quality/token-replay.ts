import { type Rule, refOf, type Sighting } from './rule.ts';

/**
 * SIVT: the billable beacon of one selection came from many networks within a short time. A person's device changes its network once or twice; a token
 * that was passed around comes from everywhere.
 */
export const tokenReplay: Rule = {
  code: 'token_replay',
  category: 'SIVT',
  judge: (file, charged, before, { replayNetworks, replayWindowMs }) => {
    const sightings = file.sightings
      .filter(({ kind, network, at }) => kind === charged.kind && network !== '' && at < before)
      .sort((a, b) => a.at - b.at || a.offset - b.offset);
    for (const [index, last] of sightings.entries()) {
      const firsts = firstOfEachNetwork(sightings.slice(0, index + 1), last.at - replayWindowMs);
      if (firsts.length < replayNetworks) continue;
      const reason = `one ${charged.kind} token came from ${firsts.length} networks within ${replayWindowMs / 1000} s`;
      return { reason, evidence: firsts.map((one) => refOf(file, one)), at: last.at };
    }
    return null;
  },
};

function firstOfEachNetwork(sightings: readonly Sighting[], from: number): readonly Sighting[] {
  const firsts = new Map<string, Sighting>();
  for (const one of sightings) if (one.at >= from && !firsts.has(one.network)) firsts.set(one.network, one);
  return [...firsts.values()];
}
