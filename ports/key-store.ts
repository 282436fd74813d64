/** Keyed hash of a raw person id → random user_key. Outside the log, the views and every replay. Error: `KEYS_UNAVAILABLE` (retriable). */
export interface KeyStore {
  /** In the order of the hashes; null where unknown. */
  getMany(hashes: readonly string[]): Promise<readonly (string | null)[]>;
  /** Stores the key unless one is there; resolves with the key that is now stored (a racing loser reads the winner). */
  putIfAbsent(hash: string, userKey: string): Promise<string>;
  delete(hash: string): Promise<void>;
  /** All of them, each at least once, in no order: for a copy, while nobody writes. */
  pages(): AsyncIterable<readonly (readonly [hash: string, userKey: string])[]>;
  close(): Promise<void>;
}
