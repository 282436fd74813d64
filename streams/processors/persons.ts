import type { Outcome, Processor, SourceRecord } from '../runtime/processor.ts';

/** By person hash, when the person was last forgotten, ms. */
export interface PersonsState {
  readonly forgotten: Map<string, number>;
  /** Latest time in any record, ms. */
  latest: number;
}

/** The topic keeps a day; a sighting that a node held back even longer than that finds no memory of the request to forget. */
const rememberMs = 3 * 86_400_000;

/**
 * Mints a random key for a person on first sight, and deletes it when the person asks to be forgotten. A sighting from before that request, which
 * may arrive after it, brings nothing back; and a request that is read again does not delete what a later sighting minted.
 */
export function persons(): Processor<PersonsState> {
  return {
    name: 'persons',
    topics: ['persons'],
    initial: () => ({ forgotten: new Map(), latest: 0 }),
    process: processPerson,
    format: 1,
    encode: ({ forgotten, latest }) => Buffer.from(JSON.stringify({ forgotten: [...forgotten], latest })),
    decode: (bytes) => {
      const saved = JSON.parse(Buffer.from(bytes).toString()) as { forgotten: [string, number][]; latest: number };
      return { forgotten: new Map(saved.forgotten), latest: saved.latest };
    },
  };
}

function processPerson(state: PersonsState, { record }: SourceRecord): readonly Outcome[] {
  if (record.name === 'PersonSeen') {
    const { person_hash: hash, seen_at: seenAt } = record.value;
    state.latest = Math.max(state.latest, seenAt);
    const forgottenAt = state.forgotten.get(hash);
    return forgottenAt !== undefined && seenAt <= forgottenAt ? [] : [{ to: 'key-mint', hash }];
  }
  if (record.name !== 'PersonForgotten') return [];
  const { person_hash: hash, forgotten_at: forgottenAt } = record.value;
  if ((state.forgotten.get(hash) ?? Number.NEGATIVE_INFINITY) >= forgottenAt) return [];
  state.latest = Math.max(state.latest, forgottenAt);
  state.forgotten.delete(hash); // puts it at the end: the map stays in the order of the requests
  state.forgotten.set(hash, forgottenAt);
  forgetOldRequests(state);
  return [{ to: 'key-delete', hash }];
}

function forgetOldRequests(state: PersonsState): void {
  for (const [hash, forgottenAt] of state.forgotten) {
    if (forgottenAt >= state.latest - rememberMs) return;
    state.forgotten.delete(hash);
  }
}
