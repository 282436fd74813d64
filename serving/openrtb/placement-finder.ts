import { type Catalog, isLive } from '../../domain/catalog.ts';
import { isEntityId } from '../../domain/identity.ts';
import type { PlacementPublished, PublisherPublished } from '../../domain/records.ts';

/** What of an imp says which placement it is. */
export interface PlacementClues {
  /** `site/app/dooh.publisher.id`. */
  readonly publisherId: string | null;
  /** Domain of the site or bundle of the app, lower case. */
  readonly siteName: string | null;
  /** What our own parameter names: binding. */
  readonly named: string | null;
  /** `imp.tagid` and stored requests: they may be somebody else's names. */
  readonly hints: readonly string[];
  readonly formats: readonly string[];
  readonly sizes: readonly string[];
  /** Of the floor; null: none is said. */
  readonly currency: string | null;
}

/** Why an imp is of no placement. */
export type NotPlaced = 'unknown_publisher' | 'unknown_placement';

export interface PlacementFinderOptions {
  readonly catalog: Catalog;
  /** Publisher (pub_…) on whose placements requests of unknown publishers are sold; `off`: they get no bid; `only`: the only one there is. */
  readonly defaultPublisher: string;
}

/** Finds the placement of an imp: the one that it names, or the one of its publisher that fits best. */
export class PlacementFinder {
  readonly #options: PlacementFinderOptions;
  #revision = -1;
  /** Domain or bundle → publisher. */
  #bySite = new Map<string, string>();
  #placements = new Map<string, PlacementPublished[]>();
  #only: string | null = null;

  constructor(options: PlacementFinderOptions) {
    this.#options = options;
  }

  find(clues: PlacementClues): PlacementPublished | NotPlaced {
    this.#refresh();
    const own = this.#publisherOf(clues);
    if (clues.named !== null) return this.#named(clues.named, own) ?? 'unknown_placement';
    for (const hint of clues.hints) {
      const placement = this.#named(hint, own);
      if (placement !== null) return placement;
    }
    const publisherId = own ?? this.#default();
    if (publisherId === null) return 'unknown_publisher';
    return bestFit(this.#placements.get(publisherId) ?? [], clues) ?? 'unknown_placement';
  }

  #refresh(): void {
    const { catalog } = this.#options;
    if (this.#revision === catalog.nextOffset) return;
    this.#revision = catalog.nextOffset;
    const publishers = [...catalog.publishers.values()].filter(isLive);
    this.#bySite = new Map(publishers.flatMap(sitesOf));
    this.#only = publishers.length === 1 ? (publishers[0] as PublisherPublished).publisher_id : null;
    this.#placements = new Map();
    for (const placement of catalog.placements.values()) {
      if (!isLive(placement)) continue;
      const siblings = this.#placements.get(placement.publisher_id);
      if (siblings === undefined) this.#placements.set(placement.publisher_id, [placement]);
      else siblings.push(placement);
    }
  }

  /** By its id, else by the domain of the site, or a domain above it, or the bundle of the app. */
  #publisherOf({ publisherId, siteName }: PlacementClues): string | null {
    if (publisherId !== null && this.#options.catalog.publishers.has(publisherId)) return publisherId;
    for (let name = siteName; name !== null && name !== ''; name = withoutFirstLabel(name)) {
      const known = this.#bySite.get(name);
      if (known !== undefined) return known;
    }
    return null;
  }

  #default(): string | null {
    const { defaultPublisher } = this.#options;
    if (defaultPublisher === 'off') return null;
    return defaultPublisher === 'only' ? this.#only : defaultPublisher;
  }

  /** A placement by its id or, among those of the publisher, by its name. Another publisher's is nobody's to sell on. */
  #named(name: string, publisherId: string | null): PlacementPublished | null {
    if (isEntityId('placement', name)) {
      const placement = this.#options.catalog.placements.get(name);
      const isOwn = publisherId === null || placement?.publisher_id === publisherId;
      return placement !== undefined && isOwn ? placement : null;
    }
    if (publisherId === null) return null;
    return this.#placements.get(publisherId)?.find((placement) => placement.name === name) ?? null;
  }
}

function sitesOf({ domains, publisher_id }: PublisherPublished): (readonly [site: string, publisherId: string])[] {
  return domains.map((domain) => [domain.toLowerCase(), publisher_id] as const);
}

function withoutFirstLabel(name: string): string | null {
  const dot = name.indexOf('.');
  return dot === -1 ? null : name.slice(dot + 1);
}

/** The placement that takes most of the formats of an imp, in its size before in any, in its currency before in another; of equals the oldest. */
function bestFit(placements: readonly PlacementPublished[], clues: PlacementClues): PlacementPublished | null {
  let best: PlacementPublished | null = null;
  let most = 0;
  for (const placement of placements) {
    const score = fitOf(placement, clues);
    if (score > most) [best, most] = [placement, score];
  }
  return best;
}

function fitOf({ formats, sizes, floor_currency }: PlacementPublished, clues: PlacementClues): number {
  const shared = clues.formats.filter((format) => formats.length === 0 || formats.includes(format)).length;
  if (shared === 0) return 0;
  const sized = clues.sizes.some((size) => sizes.includes(size));
  const anySize = sizes.length === 0 || clues.sizes.length === 0;
  if (!sized && !anySize && shared === 1 && clues.formats.includes('banner') && formats.includes('banner')) return 0;
  return shared * 8 + (sized ? 4 : anySize ? 2 : 0) + (floor_currency === clues.currency ? 1 : 0);
}
