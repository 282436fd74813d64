/**
 * Ads that a person saw although a cap was used up, in a million decisions, at one and four serving nodes between which people hop. The decisions,
 * caps, views and what nodes share are the real code; time, the way of an impression into the view and the store between the nodes are modelled. Every
 * decision is of a known person and caps hold for what bids highest, so this is the worst case, not an average.
 */
import { createSeededRandom } from '../adapters/simulated/random.ts';
import type { AnyRecord, FrequencyCap, UserExposed } from '../domain/records.ts';
import { uuidV7 } from '../domain/identity.ts';
import type { View, ViewStore, ViewWrite } from '../ports/view-store.ts';
import { CatalogIndex, type IndexedLineItem } from '../serving/catalog-index.ts';
import { Decider } from '../serving/decide.ts';
import { RecentSelections } from '../serving/frequency.ts';
import { capOf, capOwner, capScopes } from '../serving/person-exposures.ts';
import { PersonReader } from '../serving/person.ts';
import { SharedSelections } from '../serving/shared-selections.ts';
import { windowStart } from '../serving/zone-clock.ts';
import { frequency } from '../streams/processors/frequency.ts';
import { inputOf, inventory, noon, personal, supply, worldOf } from '../test/decision-world.ts';
import { EventClock } from './event-clock.ts';

/** How a scenario differs from the others. */
export interface Scenario {
  readonly name: string;
  readonly nodes: number;
  /** Nodes tell each other what they selected. */
  readonly shared: boolean;
  /** How long a node uses again what it read of a person, ms. */
  readonly keptMs: number;
  /** Ads of one page are asked for by as many requests at once. */
  readonly tags: number;
  /** The requests of one page go to one node, as over one connection; else each to any. */
  readonly oneConnection: boolean;
}

export interface MissFigures {
  readonly decisions: number;
  readonly ads: number;
  readonly missesPerMillion: number;
}

export const scenarios: readonly Scenario[] = [
  { name: 'nodes_1', nodes: 1, shared: false, keptMs: 1000, tags: 1, oneConnection: true },
  { name: 'nodes_4_by_views_alone', nodes: 4, shared: false, keptMs: 1000, tags: 1, oneConnection: true },
  { name: 'nodes_4', nodes: 4, shared: true, keptMs: 100, tags: 1, oneConnection: true },
  { name: 'nodes_4_three_tags', nodes: 4, shared: true, keptMs: 100, tags: 3, oneConnection: true },
  { name: 'nodes_4_three_tags_scattered', nodes: 4, shared: true, keptMs: 100, tags: 3, oneConnection: false },
];

const hour = 3_600_000;
const lineItemsOfAdvertiser = 3;
const advertisers = 60;
const caps: readonly (readonly [keyof CapsOf, FrequencyCap])[] = [
  ['lineItem', { impressions: 2, window_ms: hour, calendar: '' }],
  ['campaign', { impressions: 3, window_ms: 0, calendar: 'day' }],
  ['advertiser', { impressions: 5, window_ms: 24 * hour, calendar: '' }],
  ['lineItem', { impressions: 1, window_ms: 0, calendar: 'hour' }],
];

interface CapsOf {
  readonly lineItem?: FrequencyCap;
  readonly campaign?: FrequencyCap;
  readonly advertiser?: FrequencyCap;
}

/** Advertisers bid the less the higher their number; four of five have a cap, of each kind in turn. */
function catalogRecords(): AnyRecord[] {
  const placement = { sizes: ['300x250', '728x90'] };
  const records = inventory(1, { placement });
  for (let advertiser = 0; advertiser < advertisers; advertiser += 1) {
    const [owner, cap] = caps[advertiser % (caps.length + 1)] ?? ['lineItem', null];
    for (let item = 0; item < lineItemsOfAdvertiser; item += 1) {
      const number = advertiser * lineItemsOfAdvertiser + item;
      const own = {
        advertiser_id: `adv_${advertiser}`,
        campaign_id: `cmp_${advertiser}`,
        bid_micros: 9_000_000 - number,
      };
      const made = supply(number, {
        advertiser: { advertiser_id: own.advertiser_id, frequency_cap: owner === 'advertiser' ? cap : null },
        campaign: {
          campaign_id: own.campaign_id,
          advertiser_id: own.advertiser_id,
          frequency_cap: owner === 'campaign' ? cap : null,
        },
        lineItem: { ...own, frequency_cap: owner === 'lineItem' ? cap : null },
        creative: { campaign_id: own.campaign_id, advertiser_id: own.advertiser_id },
      });
      records.push(...made.slice(item === 0 ? 0 : 2));
    }
  }
  return records;
}

/** Views behind a network: a write is there after a while, a read sees what is there when it arrives. */
class DistantViews implements ViewStore {
  readonly #clock: EventClock;
  readonly #delayMs: () => number;
  readonly #views = new Map<string, ViewWrite>();

  constructor(clock: EventClock, delayMs: () => number) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  async getMany(keys: readonly string[]): Promise<readonly (View | null)[]> {
    await this.#clock.sleep(this.#delayMs());
    return keys.map((key) => {
      const view = this.#views.get(key);
      return view === undefined || (view.expiresAt ?? Infinity) <= this.#clock.now() ? null : view;
    });
  }

  async putMany(writes: readonly ViewWrite[]): Promise<readonly boolean[]> {
    await this.#clock.sleep(this.#delayMs());
    return writes.map((write) => {
      const before = this.#views.get(write.key);
      const isGone = before === undefined || (before.expiresAt ?? Infinity) <= this.#clock.now();
      if (!isGone && before.version >= write.version) return false;
      this.#views.set(write.key, write);
      return true;
    });
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#views.delete(key);
  }

  async close(): Promise<void> {}
}

interface Node {
  readonly decider: Decider;
  readonly persons: PersonReader;
}

/** Impressions of one person by owner of a cap: when each was or will be seen, ms. */
type Seen = Map<string, number[]>;

const consumedMs = { median: 400, sigma: 0.6 };
const renderedMs = { median: 500, sigma: 1 };
const betweenPagesMs = { median: 15_000, sigma: 1.1 };
const pagesOfSession = 8;
const seenShare = 0.9;
const storeMs = { median: 0.8, sigma: 0.4 };

/** One run of a scenario. */
class Simulation {
  readonly #scenario: Scenario;
  readonly #random: ReturnType<typeof createSeededRandom>;
  readonly #clock = new EventClock(noon);
  readonly #views: DistantViews;
  readonly #nodes: readonly Node[];
  readonly #index: CatalogIndex;
  readonly #world: ReturnType<typeof worldOf>;
  readonly #seen = new Map<string, Seen>();
  readonly #frequency = frequency();
  readonly #exposures = this.#frequency.initial(0);
  #offset = 0;
  decisions = 0;
  ads = 0;
  misses = 0;

  constructor(scenario: Scenario, seed: number) {
    this.#scenario = scenario;
    this.#random = createSeededRandom(seed);
    this.#index = new CatalogIndex({ nowMs: noon });
    for (const record of catalogRecords()) this.#index.apply(record, this.#index.revision);
    this.#world = { ...worldOf(this.#index), clock: this.#clock as never };
    const distance = () => this.#logNormal(storeMs);
    this.#views = new DistantViews(this.#clock, distance);
    const store = new DistantViews(this.#clock, distance);
    this.#nodes = Array.from({ length: scenario.nodes }, () => this.#node(store));
  }

  #node(store: ViewStore): Node {
    const clock = this.#clock;
    const { shared: isShared, keptMs } = this.#scenario;
    const onError = (error: Error) => {
      throw error;
    };
    const shared = isShared ? new SharedSelections({ store, clock, onError }) : null;
    const recent = new RecentSelections(shared === null ? null : (...noted) => shared.note(...noted));
    const keys = {
      getMany: async (hashes: readonly string[]) => hashes.map((hash) => `user-${hash}`),
      putIfAbsent: async () => '',
      delete: async () => undefined,
      close: async () => undefined,
    };
    return {
      decider: new Decider({ ...this.#world.decider.deps, clock, recent }),
      persons: new PersonReader({
        keys: keys as never,
        views: this.#views,
        clock,
        hashSecret: Buffer.alloc(32),
        keptMs,
        shared,
      }),
    };
  }

  #logNormal({ median, sigma }: { readonly median: number; readonly sigma: number }): number {
    const [u, v] = [1 - this.#random.fraction(), this.#random.fraction()];
    return median * Math.exp(sigma * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v));
  }

  async run(decisions: number): Promise<void> {
    const sessions = Math.ceil(decisions / pagesOfSession / this.#scenario.tags);
    const people = Math.ceil(sessions / 3);
    for (let session = 0; session < sessions; session += 1) {
      const person = `${Math.floor(this.#random.fraction() * people)}`;
      this.#clock.after(this.#random.fraction() * 12 * hour, () => this.#page(person, pagesOfSession));
    }
    await this.#clock.run();
  }

  #page(person: string, left: number): void {
    const { tags, oneConnection } = this.#scenario;
    const connected = this.#anyNode();
    for (let tag = 0; tag < tags; tag += 1) {
      const node = oneConnection ? connected : this.#anyNode();
      this.#clock.after(
        this.#random.fraction() * 30 * (tags - 1),
        () => void this.#ask(node, person, tags === 1 ? 2 : 1),
      );
    }
    if (left > 1) this.#clock.after(300 + this.#logNormal(betweenPagesMs), () => this.#page(person, left - 1));
  }

  #anyNode(): Node {
    return this.#nodes[Math.floor(this.#random.fraction() * this.#nodes.length)] as Node;
  }

  async #ask(node: Node, person: string, count: number): Promise<void> {
    const known = node.persons.recall(person) ?? (await node.persons.read(person, 100));
    this.#decide(node, known, count);
  }

  #decide({ decider }: Node, person: NonNullable<ReturnType<PersonReader['recall']>>, count: number): void {
    const nowMs = this.#index.advance(this.#clock.now());
    const body = { slots: [{ id: 's', placement_id: 'pl_1', count }] };
    const requestId = uuidV7(nowMs, this.#random.bytes(10));
    const input = { ...inputOf(this.#world, { body, consent: personal, person, requestId }), nowMs };
    this.decisions += 1;
    for (const { offer } of decider.choose(input).ads) this.#deliver(person.userKey as string, offer.item);
  }

  /** The ad is seen after a while, or never, and then shows in the view after another. */
  #deliver(userKey: string, item: IndexedLineItem): void {
    this.ads += 1;
    if (this.#random.fraction() > seenShare) return;
    const selectedAt = this.#clock.now();
    const renderMs = this.#logNormal(renderedMs);
    if (this.#isOver(userKey, item, selectedAt + renderMs)) this.misses += 1;
    const value: UserExposed = {
      user_key: userKey,
      selection_id: uuidV7(selectedAt, this.#random.bytes(10)),
      advertiser_id: item.advertiser.advertiser_id,
      campaign_id: item.campaign.campaign_id,
      line_item_id: item.lineItem.line_item_id,
      creative_id: '',
      exposed_at: Math.floor(selectedAt + renderMs),
      source_shard: 0,
      source_offset: 0,
    };
    this.#clock.after(renderMs + this.#logNormal(consumedMs), () => this.#expose(value));
  }

  #expose(value: UserExposed): void {
    const offset = this.#offset;
    this.#offset += 1;
    const source = { record: { name: 'UserExposed' as const, value }, topic: 'exposure' as const, shard: 0, offset };
    const outcomes = this.#frequency.process(this.#exposures, {
      ...source,
      key: value.user_key,
      appendedAt: 0,
    } as never);
    for (const outcome of outcomes) if (outcome.to === 'view') void this.#views.putMany([outcome.write]);
  }

  /** Notes the impression; true if some cap was used up before by impressions that were seen or will be. */
  #isOver(userKey: string, item: IndexedLineItem, seenAt: number): boolean {
    const seen: Seen = this.#seen.get(userKey) ?? new Map();
    this.#seen.set(userKey, seen);
    let isOver = false;
    for (const scope of capScopes) {
      const cap = capOf(item, scope);
      if (cap === null) continue;
      const owner = capOwner(item, scope);
      const times = seen.get(owner) ?? [];
      seen.set(owner, times);
      const from =
        cap.calendar === ''
          ? seenAt - cap.window_ms
          : windowStart(item.clock, cap.calendar as 'day', this.#clock.now());
      if (times.filter((time) => time > from).length >= cap.impressions) isOver = true;
      times.push(seenAt);
    }
    return isOver;
  }
}

export async function measureMisses(scenario: Scenario, decisions: number, seed = 7): Promise<MissFigures> {
  const simulation = new Simulation(scenario, seed);
  await simulation.run(decisions);
  const { decisions: made, ads, misses } = simulation;
  return { decisions: made, ads, missesPerMillion: Math.round((misses / made) * 1_000_000) };
}

if (import.meta.main) {
  const decisions = Number(process.argv[2] ?? 100_000);
  for (const scenario of scenarios) {
    const { missesPerMillion } = await measureMisses(scenario, decisions);
    process.stdout.write(`frequency_misses_per_million_${scenario.name}: ${missesPerMillion}\n`);
  }
}
