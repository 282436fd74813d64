import type { Topic } from '../../domain/records.ts';
import type { StateStore } from '../../ports/state-store.ts';
import type { Processor } from './processor.ts';
import type { Positions } from './source.ts';

const stateKey = 'state';

/** Name under which the state of one shard of a processor lies in the StateStore. */
export function foldName(processor: string, shard: number): string {
  return `${processor}/${shard}`;
}

/** State and positions of the last checkpoint; the initial state at offset 0 if there is none. */
export async function restore<State>(
  states: StateStore,
  processor: Processor<State>,
  shard: number,
): Promise<{ readonly state: State; readonly positions: Positions }> {
  const fold = foldName(processor.name, shard);
  const text = await states.position(fold);
  const bytes = text === null ? null : states.get(fold, stateKey);
  const saved = text === null || bytes === null ? {} : (JSON.parse(text) as Partial<Record<Topic, number>>);
  return {
    state: bytes === null ? processor.initial(shard) : processor.decode(bytes, shard),
    positions: new Map(processor.topics.map((topic) => [topic, saved[topic] ?? 0])),
  };
}

/** Writes state and positions in one step. Call after all outputs of the records below the positions are written. */
export async function checkpoint<State>(
  states: StateStore,
  processor: Processor<State>,
  shard: number,
  folded: { readonly state: State; readonly positions: Positions },
): Promise<void> {
  await states.commit(foldName(processor.name, shard), {
    position: JSON.stringify(Object.fromEntries(folded.positions)),
    puts: [[stateKey, processor.encode(folded.state)]],
    deletes: [],
  });
}
