/** Instants at which something changes, earliest first: a binary heap (Williams 1964) over two plain arrays. */
export class FlightSchedule {
  readonly #times: number[] = [];
  readonly #slots: number[] = [];

  /** Earliest instant, ms; Infinity if there is none. */
  get nextAt(): number {
    return this.#times[0] ?? Infinity;
  }

  push(atMs: number, slot: number): void {
    let place = this.#times.length;
    this.#times.push(atMs);
    this.#slots.push(slot);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if ((this.#times[parent] as number) <= atMs) break;
      this.#swap(place, parent);
      place = parent;
    }
  }

  /** Takes out the slots whose instant is at or before `nowMs`; a slot can come more than once. */
  takeDue(nowMs: number): number[] {
    const due: number[] = [];
    while (this.#times.length > 0 && this.nextAt <= nowMs) due.push(this.#pop());
    return due;
  }

  #pop(): number {
    const slot = this.#slots[0] as number;
    const lastTime = this.#times.pop() as number;
    const lastSlot = this.#slots.pop() as number;
    if (this.#times.length > 0) {
      this.#times[0] = lastTime;
      this.#slots[0] = lastSlot;
      this.#sink();
    }
    return slot;
  }

  #sink(): void {
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.#times.length) return;
      const right = left + 1;
      const child = right < this.#times.length && this.#at(right) < this.#at(left) ? right : left;
      if (this.#at(place) <= this.#at(child)) return;
      this.#swap(place, child);
      place = child;
    }
  }

  #at(place: number): number {
    return this.#times[place] as number;
  }

  #swap(a: number, b: number): void {
    const [time, slot] = [this.#times[a] as number, this.#slots[a] as number];
    this.#times[a] = this.#times[b] as number;
    this.#slots[a] = this.#slots[b] as number;
    this.#times[b] = time;
    this.#slots[b] = slot;
  }
}
