/** What can wait in the queue. `dueAt` is the one moment it waits for, ms; entries left over from an earlier wait no longer match it. */
export interface Waiting {
  readonly id: string;
  dueAt: number;
}

/** Width of a slot, ms. Slots are numbered from 1970, so that their numbers stay small integers, which maps find fastest. */
const slotMs = 1_024;

/**
 * What waits, in the order (due time, id). Slots of about a second and a binary heap of the slots in use: adding costs a look-up, since many wait for
 * the same second. There is no third key: something waits for one step at a time.
 */
export class DueQueue<T extends Waiting> {
  readonly #slots = new Map<number, T[]>();
  readonly #heap: number[] = [];

  /** Enters it under its `dueAt`. A former entry need not be taken out. */
  add(waiting: T): void {
    const slot = Math.floor(waiting.dueAt / slotMs);
    const entries = this.#slots.get(slot);
    if (entries !== undefined) {
      entries.push(waiting);
      return;
    }
    this.#slots.set(slot, [waiting]);
    this.#push(slot);
  }

  /** Takes out, in order, what is due not after `now`, a slot at a time, the earliest first; empty when there is none. */
  takeEarliest(now: number): readonly T[] {
    const latest = Math.floor(now / slotMs);
    for (let slot = this.#heap[0]; slot !== undefined && slot <= latest; slot = this.#heap[0]) {
      const due = this.#takeSlot(slot, now);
      if (due.length > 0) return due;
      if (slot === latest) break;
    }
    return [];
  }

  /** What of a slot is due; the rest stays, without what no longer waits. */
  #takeSlot(slot: number, now: number): readonly T[] {
    const due: T[] = [];
    const rest: T[] = [];
    for (const waiting of this.#slots.get(slot) ?? []) {
      if (Math.floor(waiting.dueAt / slotMs) !== slot) continue;
      (waiting.dueAt <= now ? due : rest).push(waiting);
    }
    if (rest.length > 0) this.#slots.set(slot, rest);
    else {
      this.#slots.delete(slot);
      this.#pop();
    }
    return due.length === 0 ? due : inOrder(due);
  }

  #push(slot: number): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(slot);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((heap[parent] as number) <= slot) break;
      heap[index] = heap[parent] as number;
      index = parent;
    }
    heap[index] = slot;
  }

  #pop(): void {
    const heap = this.#heap;
    const slot = heap.pop() as number;
    const { length } = heap;
    if (length === 0) return;
    let index = 0;
    for (let child = 1; child < length; child = 2 * index + 1) {
      if (child + 1 < length && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
      if ((heap[child] as number) >= slot) break;
      heap[index] = heap[child] as number;
      index = child;
    }
    heap[index] = slot;
  }
}

/** By due time, then id, each once: what left a slot and came back stands in it twice. */
function inOrder<T extends Waiting>(due: T[]): readonly T[] {
  due.sort((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return due.filter((waiting, index) => waiting !== due[index - 1]);
}
