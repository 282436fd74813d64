import { AdtallyError } from '../../domain/errors.ts';
import type { StateChange, StateStore } from '../../ports/state-store.ts';

/** States of folds in memory, which outlive the simulated process that opened them. */
export interface SimulatedStates {
  open(): StateStore;
}

interface Fold {
  position: string | null;
  readonly entries: Map<string, Uint8Array>;
}

export function createSimulatedStates(): SimulatedStates {
  const folds = new Map<string, Fold>();
  return { open: () => new MemoryStateStore(folds) };
}

class MemoryStateStore implements StateStore {
  readonly #folds: Map<string, Fold>;
  #closed = false;

  constructor(folds: Map<string, Fold>) {
    this.#folds = folds;
  }

  async position(fold: string): Promise<string | null> {
    return this.#fold(fold).position;
  }

  get(fold: string, key: string): Uint8Array | null {
    return this.#fold(fold).entries.get(key) ?? null;
  }

  /** As it stands at the first step, in the order of UTF-8 bytes, as every engine sorts. */
  *entries(fold: string, from = ''): Generator<readonly [key: string, value: Uint8Array]> {
    const start = Buffer.from(from);
    yield* [...this.#fold(fold).entries]
      .filter(([key]) => Buffer.compare(Buffer.from(key), start) >= 0)
      .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  async commit(fold: string, { position, after, puts, deletes }: StateChange): Promise<void> {
    const { entries, position: stored } = this.#fold(fold);
    if (after !== undefined && after !== stored) {
      throw new AdtallyError('STATE_CONFLICT', `${fold} is at ${stored}, the change builds on ${after}`);
    }
    for (const key of deletes) entries.delete(key);
    for (const [key, value] of puts) entries.set(key, value.slice());
    this.#fold(fold).position = position;
  }

  async drop(fold: string): Promise<void> {
    this.#fold(fold);
    this.#folds.delete(fold);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #fold(name: string): Fold {
    if (this.#closed) throw new AdtallyError('STATE_UNAVAILABLE', 'is closed');
    const fold = this.#folds.get(name) ?? { position: null, entries: new Map() };
    this.#folds.set(name, fold);
    return fold;
  }
}
