/** Who wrote the ledgers of which shard, one after the other, as the streams processes said it when they took them over. */
export class ShardOwners {
  readonly #owners = new Map<number, string[]>();
  /** What a process owns now. */
  readonly #owned = new Map<string, ReadonlySet<number>>();

  /** A line that a process printed. */
  read(name: string, line: string): void {
    const [, list] = /^streams: writes the ledgers of shards (none|[0-9 ]+)$/.exec(line) ?? [];
    if (list === undefined) return;
    const owned = new Set(list === 'none' ? [] : list.split(' ').map(Number));
    const before = this.#owned.get(name);
    for (const shard of owned) if (before?.has(shard) !== true) this.#take(shard, name);
    this.#owned.set(name, owned);
  }

  /** A process has ended: it owns nothing, and what it takes as another life of itself it takes anew. */
  ended(name: string): void {
    this.#owned.delete(name);
  }

  /** Owners by shard, in the order in which they took it. */
  owners(): ReadonlyMap<number, readonly string[]> {
    return new Map([...this.#owners].toSorted(([a], [b]) => a - b));
  }

  /** How often a shard went from one process to another, or to another life of the same one. */
  changes(): number {
    return [...this.#owners.values()].reduce((sum, owners) => sum + owners.length - 1, 0);
  }

  /** How often it went from one process to another one. */
  moves(): number {
    const movesOf = (owners: readonly string[]) =>
      owners.filter((name, at) => at > 0 && owners[at - 1] !== name).length;
    return [...this.#owners.values()].reduce((sum, owners) => sum + movesOf(owners), 0);
  }

  #take(shard: number, name: string): void {
    const known = this.#owners.get(shard);
    if (known === undefined) this.#owners.set(shard, [name]);
    else known.push(name);
  }
}
