import { AdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { View, ViewStore, ViewWrite } from '../../ports/view-store.ts';

/** Views in memory that several simulated processes share. */
export interface SimulatedViews {
  open(): ViewStore;
  /** While false, every operation rejects with `VIEWS_UNAVAILABLE`. */
  setAvailable(available: boolean): void;
}

export function createSimulatedViews(clock: Clock): SimulatedViews {
  const views = new Map<string, ViewWrite>();
  const server = { available: true };
  return {
    open: () => new MemoryViewStore(views, clock, server),
    setAvailable: (available) => {
      server.available = available;
    },
  };
}

class MemoryViewStore implements ViewStore {
  readonly #views: Map<string, ViewWrite>;
  readonly #clock: Clock;
  readonly #server: { readonly available: boolean };
  #closed = false;

  constructor(views: Map<string, ViewWrite>, clock: Clock, server: { readonly available: boolean }) {
    this.#views = views;
    this.#clock = clock;
    this.#server = server;
  }

  async getMany(keys: readonly string[]): Promise<readonly (View | null)[]> {
    this.#checkUsable();
    return keys.map((key) => {
      const view = this.#unexpired(key);
      return view === undefined ? null : { version: view.version, value: view.value };
    });
  }

  async putMany(writes: readonly ViewWrite[]): Promise<readonly boolean[]> {
    this.#checkUsable();
    return writes.map((write) => {
      const stored = this.#unexpired(write.key);
      if (stored !== undefined && write.version <= stored.version) return false;
      this.#views.set(write.key, { ...write, value: write.value.slice() });
      return true;
    });
  }

  async delete(keys: readonly string[]): Promise<void> {
    this.#checkUsable();
    for (const key of keys) this.#views.delete(key);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #unexpired(key: string): ViewWrite | undefined {
    const view = this.#views.get(key);
    if (view?.expiresAt === undefined || view.expiresAt > this.#clock.now()) return view;
    this.#views.delete(key);
    return undefined;
  }

  #checkUsable(): void {
    if (this.#closed) throw new AdtallyError('VIEWS_UNAVAILABLE', 'is closed');
    if (!this.#server.available) throw new AdtallyError('VIEWS_UNAVAILABLE', 'outage');
  }
}
