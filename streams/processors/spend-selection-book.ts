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

/** What settled at one fold time. */
interface Settled {
  readonly since: number;
  selections: Selection[];
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
  /** In the order of settling, from `#oldest` on. */
  #settled: Settled[] = [];
  #oldest = 0;
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
    this.#settle(archived, foldTime);
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
    if (isSettled(selection.phase)) this.#settle(selection, foldTime);
  }

  /** What changed since the last call; now counted as saved. */
  takeChanged(): readonly Selection[] {
    const changed = this.#changed;
    this.#changed = [];
    for (const selection of changed) selection.changed = false;
    return changed;
  }

  /**
   * Lets settled selections go whose time in memory is over: the archive has them, or they are past their horizon. What was changed since the last
   * snapshot stays until the next one.
   */
  release(foldTime: number, isForgotten: (selection: Selection) => boolean): void {
    for (let oldest = this.#settled[this.#oldest]; oldest !== undefined; oldest = this.#settled[this.#oldest]) {
      const isOver = this.#archive !== undefined && oldest.since + this.#keepMs <= foldTime;
      if (!isOver && !isForgotten(oldest.selections[0] as Selection)) return;
      const stays: Selection[] = [];
      for (const one of oldest.selections) {
        if (!isSettled(one.phase)) continue; // it moves again, and will settle again
        if (isForgotten(one) || (isOver && !one.changed)) this.#letGo(one);
        else if (!one.kept || this.#archive !== undefined) stays.push(one);
      }
      oldest.selections = stays;
      if (stays.length > 0) return;
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    this.#oldest += 1;
    if (this.#oldest < 1_024 || this.#oldest * 2 < this.#settled.length) return;
    this.#settled = this.#settled.slice(this.#oldest);
    this.#oldest = 0;
  }

  #settle(selection: Selection, foldTime: number): void {
    const latest = this.#settled.at(-1);
    if (latest !== undefined && latest.since === foldTime) latest.selections.push(selection);
    else this.#settled.push({ since: foldTime, selections: [selection] });
  }

  #letGo(selection: Selection): void {
    if (this.#inMemory.get(selection.id) !== selection) return;
    this.#inMemory.delete(selection.id);
    this.#archivedThrough = Math.max(this.#archivedThrough, selection.bornAt);
  }
}
