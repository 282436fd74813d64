/**
 * A map that forgets: two generations, of which the older is dropped when the younger is full, so that what was asked for lately is still there and
 * nothing is counted or linked at a look-up.
 */
export class BoundedCache<K, V> {
  readonly #generation: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** Keeps at least the last `entries / 2` different keys, and at most `entries`. */
  constructor(entries: number) {
    this.#generation = Math.max(1, Math.floor(entries / 2));
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    if (this.#young.size >= this.#generation && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: K): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
