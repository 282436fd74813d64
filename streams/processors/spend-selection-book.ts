import { timeOfUuidV7 } from '../../domain/identity.ts';
import { isSettled, type Selection } from './spend-selection.ts';

/** Where settled selections lie that have left memory. */
export interface SelectionArchive {
  /** A selection as of the last snapshot, or null. */
  find(id: string): Selection | null;
}

export interface SelectionBookOptions {
  readonly archive?: SelectionArchive;
  /** Fold time that a settled selection stays in memory, ms. */
  readonly keepMs?: number;
}

interface Settled {
  readonly selection: Selection;
  readonly since: number;
}

/**
 * The selections of a shard: those that may still move are in memory, settled ones leave it for the archive after a while. A look-up of
 * a selection that is younger than everything that ever left memory costs no archive access. What is in memory and what is not never shows.
 */
export class SelectionBook {
  readonly #inMemory = new Map<string, Selection>();
  readonly #archive: SelectionArchive | undefined;
  readonly #keepMs: number;
  #changed: Selection[] = [];
  /** In the order of settling, with a head index so that taking from the front costs nothing. */
  #settled: Settled[] = [];
  #settledHead = 0;
  /** Highest selection time of what may lie in the archive only, ms. */
  #archivedThrough = Number.NEGATIVE_INFINITY;

  constructor({ archive, keepMs = 15 * 60_000 }: SelectionBookOptions = {}) {
    this.#archive = archive;
    this.#keepMs = keepMs;
  }

  get size(): number {
    return this.#inMemory.size;
  }

  /** Told after a restart what an earlier life has archived. */
  setArchivedThrough(timeMs: number): void {
    this.#archivedThrough = Math.max(this.#archivedThrough, timeMs);
  }

  get(id: string, foldTime: number): Selection | undefined {
    const known = this.#inMemory.get(id);
    if (known !== undefined || this.#archive === undefined) return known;
    if (timeOfUuidV7(id) > this.#archivedThrough) return undefined;
    const archived = this.#archive.find(id);
    if (archived === null) return undefined;
    this.add(archived);
    this.#settled.push({ selection: archived, since: foldTime });
    return archived;
  }

  /** Only what is in memory, whatever the archive holds. */
  inMemory(id: string): Selection | undefined {
    return this.#inMemory.get(id);
  }

  add(selection: Selection): void {
    this.#inMemory.set(selection.id, selection);
  }

  /** Call after every change. */
  touch(selection: Selection, foldTime: number): void {
    if (!selection.changed) {
      selection.changed = true;
      this.#changed.push(selection);
    }
    if (isSettled(selection.phase)) this.#settled.push({ selection, since: foldTime });
  }

  /** What changed since the last call; now counted as saved. */
  takeChanged(): readonly Selection[] {
    const changed = this.#changed;
    this.#changed = [];
    for (const selection of changed) selection.changed = false;
    return changed;
  }

  /** Lets settled selections go whose time is over: into the archive, which has them already, or for ever if they are past their horizon. */
  release(foldTime: number, isForgotten: (selection: Selection) => boolean): void {
    for (let next = this.#settled[this.#settledHead]; next !== undefined; next = this.#settled[this.#settledHead]) {
      const { selection, since } = next;
      const gone = isForgotten(selection);
      if (!gone && (this.#archive === undefined || since + this.#keepMs > foldTime || selection.changed)) break;
      this.#settledHead += 1;
      if (isSettled(selection.phase)) this.#letGo(selection);
    }
    if (this.#settledHead > 1024 && this.#settledHead * 2 > this.#settled.length) {
      this.#settled = this.#settled.slice(this.#settledHead);
      this.#settledHead = 0;
    }
  }

  #letGo(selection: Selection): void {
    if (this.#inMemory.get(selection.id) !== selection) return;
    this.#inMemory.delete(selection.id);
    this.#archivedThrough = Math.max(this.#archivedThrough, selection.bornAt);
  }
}
