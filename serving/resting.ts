import { SlotSet } from './bitmap.ts';
import type { CatalogIndex, IndexedLineItem } from './catalog-index.ts';

/**
 * Line items that lately had no budget: passed over for a moment, so that a catalogue full of spent budgets is not walked through at every request.
 * A grant is used at the latest when the rest is over.
 */
export class RestingLineItems {
  readonly #index: CatalogIndex;
  readonly #restMs: number;
  #slots = new SlotSet();
  #queue: { readonly untilMs: number; readonly slot: number }[] = [];
  #version = -1;

  /** `restMs` 0: nobody ever rests. */
  constructor(index: CatalogIndex, restMs: number) {
    this.#index = index;
    this.#restMs = restMs;
  }

  /** Line items that had no budget in the walk that just ended; none of them is resting. */
  note(items: readonly IndexedLineItem[], nowMs: number): void {
    if (this.#restMs === 0) return;
    for (const { slot } of items) {
      this.#slots.add(slot);
      this.#queue.push({ untilMs: nowMs + this.#restMs, slot });
    }
  }

  /** Slots that rest now; null if none does. */
  at(nowMs: number): SlotSet | null {
    if (this.#version !== this.#index.version) this.#wakeAll();
    let woken = 0;
    for (let first = this.#queue[0]; first !== undefined && first.untilMs <= nowMs; first = this.#queue[woken]) {
      this.#slots.delete(first.slot);
      woken += 1;
    }
    if (woken > 0) this.#queue = this.#queue.slice(woken);
    return this.#slots.size === 0 ? null : this.#slots;
  }

  /** A slot may stand for another line item, or for a changed one. */
  #wakeAll(): void {
    this.#slots = new SlotSet();
    this.#queue = [];
    this.#version = this.#index.version;
  }
}
