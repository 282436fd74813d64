import { AdtallyError } from '../../domain/errors.ts';
import type { KeyStore } from '../../ports/key-store.ts';

/** Keys of persons in memory that several simulated processes share. */
export interface SimulatedKeys {
  open(): KeyStore;
  /** While false, every operation rejects with `KEYS_UNAVAILABLE`. */
  setAvailable(available: boolean): void;
}

export function createSimulatedKeys(): SimulatedKeys {
  const keys = new Map<string, string>();
  const server = { available: true };
  return {
    open: () => new MemoryKeyStore(keys, server),
    setAvailable: (available) => {
      server.available = available;
    },
  };
}

class MemoryKeyStore implements KeyStore {
  readonly #keys: Map<string, string>;
  readonly #server: { readonly available: boolean };
  #closed = false;

  constructor(keys: Map<string, string>, server: { readonly available: boolean }) {
    this.#keys = keys;
    this.#server = server;
  }

  async getMany(hashes: readonly string[]): Promise<readonly (string | null)[]> {
    this.#checkUsable();
    return hashes.map((hash) => this.#keys.get(hash) ?? null);
  }

  async putIfAbsent(hash: string, userKey: string): Promise<string> {
    this.#checkUsable();
    const stored = this.#keys.get(hash) ?? userKey;
    this.#keys.set(hash, stored);
    return stored;
  }

  async delete(hash: string): Promise<void> {
    this.#checkUsable();
    this.#keys.delete(hash);
  }

  async *pages(): AsyncGenerator<readonly (readonly [string, string])[]> {
    this.#checkUsable();
    yield [...this.#keys];
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #checkUsable(): void {
    if (this.#closed) throw new AdtallyError('KEYS_UNAVAILABLE', 'is closed');
    if (!this.#server.available) throw new AdtallyError('KEYS_UNAVAILABLE', 'outage');
  }
}
