import { applyCatalog, emptyCatalog } from '../domain/catalog.ts';
import { pricePerEventMicros } from '../domain/money.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { PriceRange } from './processors/pacing-allocator.ts';
import { foldNodes, type LiveNode, type LiveNodes, liveNodes, noNodes } from './processors/pacing-nodes.ts';
import { type FollowerOptions, TopicFollower } from './topic-follower.ts';

export interface SurroundingsOptions extends Omit<FollowerOptions, 'topic' | 'shard' | 'from'> {
  readonly states: StateStore;
}

const fold = 'allocator-nodes';
const saveEveryMs = 10_000;
/** A node that gave no sign of life for so long gets nothing: what it holds is enough until it is heard of again or fenced. */
const silenceMs = 3_000;

/** What allocators of all shards in this process know besides `pacing`: who serves, and what one event of a campaign costs at most. */
export class AllocationSurroundings {
  readonly #options: SurroundingsOptions;
  readonly #catalog = emptyCatalog();
  readonly #catalogReader: TopicFollower;
  #nodes: LiveNodes = noNodes();
  #nodesReader: TopicFollower | null = null;
  #refreshing: Promise<void> | null = null;
  #savedAt = Number.NEGATIVE_INFINITY;
  readonly #prices = new Map<string, PriceRange | null>();

  constructor(options: SurroundingsOptions) {
    this.#options = options;
    this.#catalogReader = new TopicFollower({ ...options, topic: 'catalog', shard: 0, from: 0 });
  }

  /** Reads `nodes` and `catalog` to their ends; calls at the same time share one reading. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  live(now: number): readonly LiveNode[] {
    return liveNodes(this.#nodes, now, silenceMs);
  }

  /** Highest and lowest price over the line items of a campaign; null without any that costs something. */
  prices(campaignId: string): PriceRange | null {
    const known = this.#prices.get(campaignId);
    if (known !== undefined) return known;
    const prices = [...(this.#catalog.children.get(campaignId) ?? [])].flatMap((id) => {
      const item = this.#catalog.lineItems.get(id);
      const price = item === undefined ? 0 : pricePerEventMicros(item.bid_micros, item.pricing_model);
      return price > 0 ? [price] : [];
    });
    const range = prices.length === 0 ? null : { least: Math.min(...prices), most: Math.max(...prices) };
    this.#prices.set(campaignId, range);
    return range;
  }

  async #read(): Promise<void> {
    this.#nodesReader ??= await this.#restore();
    await this.#nodesReader.readToEnd(({ record, offset }) => foldNodes(this.#nodes, record, offset));
    const changes = await this.#catalogReader.readToEnd(({ record, offset }) => {
      applyCatalog(this.#catalog, record, offset);
    });
    if (changes > 0) this.#prices.clear();
    await this.#saveIfDue();
  }

  async #restore(): Promise<TopicFollower> {
    const { states } = this.#options;
    const bytes = (await states.position(fold)) === null ? null : states.get(fold, 'nodes');
    if (bytes !== null) this.#nodes = decode(bytes);
    return new TopicFollower({ ...this.#options, topic: 'nodes', shard: 0, from: this.#nodes.nextOffset });
  }

  async #saveIfDue(): Promise<void> {
    const now = this.#options.clock.now();
    if (now - this.#savedAt < saveEveryMs) return;
    this.#savedAt = now;
    const { nextOffset } = this.#nodes;
    await this.#options.states.commit(fold, {
      position: String(nextOffset),
      puts: [['nodes', encode(this.#nodes)]],
      deletes: [],
    });
  }
}

/** Changes with every change of the form below. */
const format = 1;

interface Saved {
  readonly format: number;
  readonly nextOffset: number;
  readonly nodes: readonly LiveNode[];
  readonly ended: readonly string[];
}

function encode({ nextOffset, byNode, ended }: LiveNodes): Uint8Array {
  const saved: Saved = { format, nextOffset, nodes: [...byNode.values()], ended: [...ended] };
  return Buffer.from(JSON.stringify(saved));
}

/** Nothing known yet, so that `nodes` is folded again from its start, if the bytes are of another format. */
function decode(bytes: Uint8Array): LiveNodes {
  const saved = JSON.parse(Buffer.from(bytes).toString()) as Saved;
  if (saved.format !== format) return noNodes();
  const { nextOffset, nodes, ended } = saved;
  return { nextOffset, byNode: new Map(nodes.map((node) => [node.node, node])), ended: new Set(ended) };
}
