/** What can wait in the queue. `dueAt` is the one moment it waits for; entries left over from an earlier wait no longer match it. */
export interface Waiting {
  readonly id: string;
  dueAt: number;
}

/**
 * What waits, in the order (due time, id). One bucket for each due moment and a binary heap of the moments: adding costs a look-up, because many
 * selections share a moment (a hold starts at fold time). There is no third key: something waits for one step at a time.
 */
export class DueQueue<T extends Waiting> {
  readonly #buckets = new Map<number, T[]>();
  readonly #moments: number[] = [];

  /** Enters it under its `dueAt`. A former entry need not be taken out. */
  add(waiting: T): void {
    const bucket = this.#buckets.get(waiting.dueAt);
    if (bucket !== undefined) {
      bucket.push(waiting);
      return;
    }
    this.#buckets.set(waiting.dueAt, [waiting]);
    this.#push(waiting.dueAt);
  }

  /** Takes everything out whose due moment is the earliest one and not after `now`; empty when there is none. */
  takeEarliest(now: number): readonly T[] {
    for (let moment = this.#moments[0]; moment !== undefined && moment <= now; moment = this.#moments[0]) {
      this.#pop();
      const bucket = this.#buckets.get(moment) ?? [];
      this.#buckets.delete(moment);
      const due = stillWaiting(bucket, moment);
      if (due.length > 0) return due;
    }
    return [];
  }

  #push(moment: number): void {
    const heap = this.#moments;
    let index = heap.length;
    heap.push(moment);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((heap[parent] as number) <= moment) break;
      heap[index] = heap[parent] as number;
      index = parent;
    }
    heap[index] = moment;
  }

  #pop(): void {
    const heap = this.#moments;
    const moment = heap.pop() as number;
    const { length } = heap;
    if (length === 0) return;
    let index = 0;
    for (let child = 1; child < length; child = 2 * index + 1) {
      if (child + 1 < length && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
      if ((heap[child] as number) >= moment) break;
      heap[index] = heap[child] as number;
      index = child;
    }
    heap[index] = moment;
  }
}

/** Sorted by id, without what waits for another moment by now, and each once. */
function stillWaiting<T extends Waiting>(bucket: readonly T[], moment: number): readonly T[] {
  const due = bucket.filter((waiting) => waiting.dueAt === moment);
  due.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return due.filter((waiting, index) => waiting !== due[index - 1]);
}
