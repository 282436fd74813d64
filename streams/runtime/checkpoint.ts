import type { Topic } from '../../domain/records.ts';
import type { StateStore } from '../../ports/state-store.ts';
import type { Processor } from './processor.ts';
import type { Positions } from './source.ts';

const stateKey = 'state';
const formatKey = 'format';

/** Name under which the state of one shard of a processor lies in the StateStore. */
export function foldName(processor: string, shard: number): string {
  return `${processor}/${shard}`;
}

/** What a fold begins with. */
export interface Restored<State> {
  readonly state: State;
  /** Where the state stands: after the last checkpoint, or at 0 if there is none that this code can read. */
  readonly positions: Positions;
  /** Everything below was put out already. */
  readonly putOut: Positions;
  /** Why the state of the last checkpoint is not taken; null if it is, or if there is none. */
  readonly unreadable: string | null;
}

/** State and positions of the last checkpoint; the initial state at offset 0 if there is none that this code can read. */
export async function restore<State>(
  states: StateStore,
  processor: Processor<State>,
  shard: number,
): Promise<Restored<State>> {
  const fold = foldName(processor.name, shard);
  const text = await states.position(fold);
  const bytes = text === null ? null : states.get(fold, stateKey);
  const saved = text === null || bytes === null ? {} : (JSON.parse(text) as Partial<Record<Topic, number>>);
  const putOut: Positions = new Map(processor.topics.map((topic) => [topic, saved[topic] ?? 0]));
  const start: Positions = new Map(processor.topics.map((topic) => [topic, 0]));
  const fresh = { state: processor.initial(shard), positions: start, putOut };
  if (bytes === null) return { ...fresh, unreadable: null };
  const format = formatOf(states.get(fold, formatKey));
  const unreadable = `the state of ${fold} is of format ${format}, this code reads ${processor.format}`;
  if (format !== processor.format) return { ...fresh, unreadable };
  return { state: processor.decode(bytes, shard), positions: new Map(putOut), putOut, unreadable: null };
}

/** States from before there were formats are of format 0. */
function formatOf(bytes: Uint8Array | null): number {
  return bytes === null ? 0 : Number(Buffer.from(bytes).toString());
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
    puts: [
      [stateKey, processor.encode(folded.state)],
      [formatKey, Buffer.from(String(processor.format))],
    ],
    deletes: [],
  });
}
