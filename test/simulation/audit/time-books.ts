import type { AnyRecord } from '../../../domain/records.ts';
import type { Story } from '../story.ts';

interface BootName {
  readonly node: string;
  readonly boot: string;
}

function keyOf({ node, boot }: BootName): string {
  return `${node}/${boot}`;
}

/**
 * Time as an auditor sees it: no tick runs past what a node has accepted and not yet brought to the log, unless the node was fenced in that shard before.
 */
export class TimeBooks {
  /** Latest mark of every boot that was heard of: it accepted nothing before its start stood in the log. */
  readonly #marks = new Map<string, number>();
  /** By shard, the boots whose fences it holds. */
  readonly #fenced = new Map<number, Set<string>>();
  readonly #story: Story;
  /** How far clocks may be apart, ms. */
  toleranceMs = 0;

  constructor(story: Story) {
    this.#story = story;
  }

  /** `appendedAt`: by the clock of the log, ms. */
  node({ name, value }: AnyRecord, appendedAt: number): void {
    if (name === 'NodeStarted' && !this.#marks.has(keyOf(value))) this.#mark(value, appendedAt);
    if (name === 'NodeMark') this.#mark(value, value.marked_at);
  }

  spend({ name, value }: AnyRecord, shard: number): void {
    const fenced = this.#fenced.get(shard) ?? new Set<string>();
    this.#fenced.set(shard, fenced);
    if (name === 'NodeFenced') fenced.add(`${value.node}/${value.boot}`);
    if (name !== 'TimeAdvanced') return;
    for (const [boot, mark] of this.#marks) {
      if (fenced.has(boot) || value.advanced_to <= mark + this.toleranceMs) continue;
      this.#story.complain(
        `a tick in spend/${shard} goes to ${value.advanced_to}, ${boot} has marked ${mark} and is not fenced there`,
      );
      return;
    }
  }

  #mark(of: BootName, time: number): void {
    const key = keyOf(of);
    this.#marks.set(key, Math.max(time, this.#marks.get(key) ?? 0));
  }
}
