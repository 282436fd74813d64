import type { KeyStore } from '../../ports/key-store.ts';
import type { StateStore } from '../../ports/state-store.ts';
import type { View, ViewStore } from '../../ports/view-store.ts';

/** A StateStore in memory that outlives the folds of a test. */
export function memoryStateStore(): StateStore {
  const folds = new Map<string, { position: string; blobs: Map<string, Uint8Array> }>();
  return {
    position: async (fold) => folds.get(fold)?.position ?? null,
    get: (fold, key) => folds.get(fold)?.blobs.get(key) ?? null,
    entries: (fold) => [...(folds.get(fold)?.blobs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)),
    commit: async (fold, change) => {
      const blobs = folds.get(fold)?.blobs ?? new Map<string, Uint8Array>();
      for (const [key, value] of change.puts) blobs.set(key, Uint8Array.from(value));
      for (const key of change.deletes) blobs.delete(key);
      folds.set(fold, { position: change.position, blobs });
    },
    drop: async (fold) => void folds.delete(fold),
    close: async () => {},
  };
}

export function memoryViewStore(): ViewStore {
  const views = new Map<string, View>();
  return {
    getMany: async (keys) => keys.map((key) => views.get(key) ?? null),
    putMany: async (writes) =>
      writes.map(({ key, version, value }) => {
        if ((views.get(key)?.version ?? Number.NEGATIVE_INFINITY) >= version) return false;
        views.set(key, { version, value });
        return true;
      }),
    delete: async (keys) => {
      for (const key of keys) views.delete(key);
    },
    close: async () => {},
  };
}

export function memoryKeyStore(): KeyStore {
  const keys = new Map<string, string>();
  return {
    getMany: async (hashes) => hashes.map((hash) => keys.get(hash) ?? null),
    putIfAbsent: async (hash, userKey) => {
      const known = keys.get(hash) ?? userKey;
      keys.set(hash, known);
      return known;
    },
    delete: async (hash) => void keys.delete(hash),
    async *pages() {
      yield [...keys];
    },
    close: async () => {},
  };
}
