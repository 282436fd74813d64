import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { truncateAddress } from '../domain/network.ts';
import { audio, banner, flightFrom, native, video } from './catalog-parts.ts';
import type { ConsoleClient, Json } from './console-client.ts';
import type { Ask, Asks } from './decision-body.ts';
import { decisionBody, readSource, type Source, type SourceImp } from './openrtb-request.ts';
import type { CatalogSpec, PublishedCatalog } from './publish-catalog.ts';

/** How often each bid request is used at least; only requests that ended in a selection count. */
const usesEach = 100;

/** Reads the bid requests of `DIR/valid`, by file name. */
export function readCorpus(folder: string): readonly Source[] {
  const valid = join(folder, 'valid');
  const names = readdirSync(valid).filter((name) => name.endsWith('.json'));
  return names.toSorted().map((name) => readSource(name, JSON.parse(readFileSync(join(valid, name), 'utf8'))));
}

function currenciesOf(sources: readonly Source[]): string[] {
  return [...new Set(sources.flatMap(({ imps }) => imps.map(({ floorCurrency }) => floorCurrency)))].toSorted();
}

/** For each currency of the sources a placement that takes everything, and line items that fit it and outbid the sources' floors. */
export function corpusCatalog(name: string, nowMs: number, sources: readonly Source[]): CatalogSpec {
  const currencies = currenciesOf(sources);
  const everything = ['banner', 'video', 'audio', 'native'];
  const only = (format: string): Json => ({ formats: { include: [format] } });
  const campaign = {
    name: 'Corpus',
    budget_total_micros: '90000000000',
    flight: flightFrom(nowMs, 31),
    pacing: 'asap',
  };
  return {
    name,
    publishers: [
      {
        body: {
          name: `${name} exchange`,
          shares: [{ effective_from: '2026-01-01T00:00:00Z', share_ppm: 823_457 }],
          share_rounding: 'HALF_EVEN',
        },
        placements: currencies.map((currency) => ({
          name: currency,
          formats: everything,
          sizes: [],
          floor_currency: currency,
        })),
      },
    ],
    advertisers: currencies.map((currency) => ({
      body: { name: `${name} ${currency}`, currency, time_zone: 'UTC', categories: ['IAB17'] },
      campaigns: [
        {
          body: campaign,
          lineItems: [
            {
              name: 'Banner',
              pricingModel: 'CPM',
              bidMicros: 40_000_123,
              targeting: only('banner'),
              creatives: [banner('Corpus', [0, 0], ['#345', '#123'])],
            },
            {
              name: 'Video',
              pricingModel: 'VCPM',
              bidMicros: 50_000_999,
              targeting: only('video'),
              creatives: [video('Corpus')],
            },
            {
              name: 'Audio',
              pricingModel: 'CPM',
              bidMicros: 30_000_001,
              targeting: only('audio'),
              creatives: [audio('Corpus')],
            },
            {
              name: 'Native',
              pricingModel: 'CPM',
              bidMicros: 20_500_500,
              targeting: only('native'),
              creatives: [native('Corpus')],
            },
          ],
        },
      ],
    })),
  };
}

/** The bid requests in turn, each by a visitor of its own; counts how often each was used. */
export class CorpusAsks implements Asks {
  readonly #sources: readonly Source[];
  readonly #placements: ReadonlyMap<string, string>;
  readonly #used = new Set<Json>();
  readonly uses = new Map<string, number>();
  /** Source that each request body came from. */
  readonly sourceOf = new Map<Json, Source>();

  constructor(sources: readonly Source[], { placements }: PublishedCatalog) {
    this.#sources = sources;
    this.#placements = new Map(
      placements.map(({ placementId, body }) => [String(body['floor_currency']), placementId]),
    );
  }

  make({ number, label, askingAgent, beaconAgent }: Parameters<Asks['make']>[0]): ReturnType<Asks['make']> {
    const source = this.#sources[number % this.#sources.length] as Source;
    const isRobot = label === 'declared_robot';
    const agent = isRobot ? askingAgent : (source.userAgent ?? askingAgent);
    const placementOf = (currency: string) => this.#placements.get(currency) ?? '';
    const body = decisionBody({ ...source, userAgent: agent }, placementOf);
    if (!isRobot) this.sourceOf.set(body, source);
    return { body, askingAgent: agent, beaconAgent: label === 'prefetcher' ? beaconAgent : agent };
  }

  selected({ body }: Ask): void {
    const source = this.sourceOf.get(body);
    if (source === undefined || this.#used.has(body)) return;
    this.#used.add(body);
    this.uses.set(source.file, (this.uses.get(source.file) ?? 0) + 1);
  }

  isEnough(): boolean {
    return this.#sources.every(({ file }) => (this.uses.get(file) ?? 0) >= usesEach);
  }
}

/** What the log must say of a request for one slot, by the table of fields alone. Only fields that the source speaks of. */
export function expectedContext(source: Source, imp: SourceImp): Json {
  const given: Record<string, unknown> = {
    site_domain: source.siteDomain,
    app_bundle: source.appBundle,
    page_path: source.url === null ? null : new URL(source.url).pathname.slice(0, 256),
    language: source.language,
    country: source.country,
    region: source.region,
    city: source.city,
    format: imp.formats.join(),
    sizes: imp.sizes,
    keywords: source.keywords,
    categories: source.categories,
    key_values: imp.keyValues,
    floor_micros: String(imp.floorMicros),
    floor_currency: imp.floorCurrency,
    ...consentOf(source),
  };
  if (source.deviceType !== null) given['device_type'] = source.deviceType;
  if (source.os !== null) given['os'] = source.os;
  if (source.userAgent !== null) given['user_agent'] = source.userAgent.slice(0, 256);
  if (source.address !== null) given['network'] = truncateAddress(source.address);
  return given;
}

/** The verdict of a consent string, TCF's or GPP's, is the platform's to give; all else is fixed, and without consent no segment is recorded. */
function consentOf({ coppa, gpp, gdpr, tcf, segments }: Source): Json {
  if (coppa) return { consent: 'contextual', consent_reason: 'coppa', segments: [] };
  if (gpp !== null) return {};
  if (gdpr === false) return { consent: 'personal', consent_reason: 'not_in_scope', segments };
  return tcf === null ? { consent: 'contextual', consent_reason: 'no_signal', segments: [] } : {};
}

interface SelectedRecord {
  readonly name: string | null;
  readonly value: {
    readonly slot_id: string;
    readonly billing: { readonly selection_id: string };
    readonly context: Json;
  };
}

/** A recorded field that is not what the table says. */
export interface ContextFault {
  readonly file: string;
  readonly selectionId: string;
  readonly field: string;
  readonly expected: unknown;
  readonly recorded: unknown;
}

/** Holds every recorded selection of the corpus against its source. Resolves with the faults and how many selections were compared. */
export async function checkContexts(
  client: ConsoleClient,
  shards: number,
  sourceOf: (selectionId: string) => Source | undefined,
): Promise<{ compared: number; files: ReadonlySet<string>; faults: readonly ContextFault[] }> {
  const faults: ContextFault[] = [];
  const files = new Set<string>();
  let compared = 0;
  for await (const { slot_id, billing, context } of selectedRecords(client, shards)) {
    const source = sourceOf(billing.selection_id);
    const imp = source?.imps.find(({ slotId }) => slotId === slot_id);
    if (source === undefined || imp === undefined) continue;
    compared += 1;
    files.add(source.file);
    for (const [field, expected] of Object.entries(expectedContext(source, imp))) {
      const recorded = context[field];
      if (stable(recorded) === stable(expected)) continue;
      faults.push({ file: source.file, selectionId: billing.selection_id, field, expected, recorded });
    }
  }
  return { compared, files, faults };
}

async function* selectedRecords(client: ConsoleClient, shards: number): AsyncGenerator<SelectedRecord['value']> {
  for (let shard = 0; shard < shards; shard += 1) {
    for (let from: number | null = 0; from !== null; ) {
      const path: string = `/v1/audit/events?topic=selected&shard=${shard}&from_offset=${from}&limit=500`;
      const page: { items: readonly SelectedRecord[]; next_offset: number | null } = await client.get(path);
      for (const { name, value } of page.items) if (name === 'AdSelected') yield value;
      from = page.next_offset;
    }
  }
}

/** JSON with the keys of objects in order. */
function stable(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  if (Array.isArray(value)) return `[${value.map(stable).join()}]`;
  const pairs = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${pairs.map(([key, part]) => `${JSON.stringify(key)}:${stable(part)}`).join()}}`;
}
