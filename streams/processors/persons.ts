import type { Outcome, Processor } from '../runtime/processor.ts';

/** Keyed hash → when it was forgotten last, ms. */
type PersonsState = Map<string, number>;

/** `persons` keeps its records for a day: a sighting older than that can't come any more. */
const keepForgottenMs = 2 * 86_400_000;

/**
 * Gives every person seen with consent a random user_key, and takes it away again. The key is minted by the output (put if absent), so that neither
 * log nor replay ever holds what links it to a person. A sighting from before a forgetting is void, however late it is read.
 */
export function createPersons(): Processor<PersonsState> {
  return {
    name: 'persons',
    topics: ['persons'],
    initial: () => new Map(),
    process(state, { record }): readonly Outcome[] {
      if (record.name === 'PersonSeen') {
        const { person_hash: hash, seen_at } = record.value;
        return seen_at <= (state.get(hash) ?? Number.NEGATIVE_INFINITY) ? [] : [{ to: 'key-mint', hash }];
      }
      if (record.name !== 'PersonForgotten') return [];
      const { person_hash: hash, forgotten_at } = record.value;
      state.set(hash, Math.max(forgotten_at, state.get(hash) ?? forgotten_at));
      dropOld(state, forgotten_at - keepForgottenMs);
      return [{ to: 'key-delete', hash }];
    },
    encode: (state) => Buffer.from(JSON.stringify([...state])),
    decode: (bytes) => new Map(JSON.parse(Buffer.from(bytes).toString('utf8')) as [string, number][]),
  };
}

function dropOld(state: PersonsState, before: number): void {
  for (const [hash, forgottenAt] of state) if (forgottenAt < before) state.delete(hash);
}
