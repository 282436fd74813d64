import type { Clock } from '../../ports/clock.ts';
import type { View } from '../../ports/view-store.ts';

export interface ViewCacheOptions {
  readonly clock: Clock;
  readonly ttlMs: number;
  readonly entries: number;
}

interface Entry {
  readonly view: View | null;
  readonly expiresAt: number | null;
  readonly readUs: number;
}

/** What this process read lately, absences too. Bounded: the oldest reading leaves first. */
export class ViewCache {
  readonly #options: ViewCacheOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: ViewCacheOptions) {
    this.#options = options;
  }

  /** Undefined if nothing is known. */
  get(key: string): View | null | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const { clock, ttlMs } = this.#options;
    if (clock.monotonicUs() - entry.readUs < ttlMs * 1000) return this.#unexpired(entry);
    this.#entries.delete(key);
    return undefined;
  }

  /** Remembers a reading and gives back what a reader may see of it. */
  put(key: string, view: View | null, expiresAt: number | null): View | null {
    const entry = { view, expiresAt, readUs: this.#options.clock.monotonicUs() };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#options.entries) this.#dropOldest();
    return this.#unexpired(entry);
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) this.#entries.delete(key);
  }

  #unexpired({ view, expiresAt }: Entry): View | null {
    return expiresAt !== null && expiresAt <= this.#options.clock.now() ? null : view;
  }

  #dropOldest(): void {
    const { value: oldest } = this.#entries.keys().next();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
