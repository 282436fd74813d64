import { type QualityOptions, type Rule, refOf, type Sighting } from './rule.ts';

/** Clicked and seen selections of one network in half a window, by their ids. */
export interface FarmHalf {
  readonly network: string;
  /** Its beginning, ms: a whole multiple of its length. */
  readonly from: number;
  readonly clicked: Set<string>;
  readonly shown: Set<string>;
}

/** What is counted of the clicks of networks, in one shard. */
export interface FarmBook {
  /** By network and beginning. */
  readonly halves: Map<string, FarmHalf>;
  /** End of the last windows that were judged, ms. */
  judgedTo: number;
}

/** A network that a window shows to be a farm, and what it clicked on there. */
export interface Farm {
  readonly clicked: ReadonlySet<string>;
  /** End of the window, ms. */
  readonly at: number;
  readonly reason: string;
}

type FarmOptions = Pick<QualityOptions, 'farmWindowMs' | 'farmClicks' | 'farmRatePpm' | 'clockSkewMs'>;

/**
 * SIVT: one network clicks far more than people do. Known only when a window of time is over, so that some of it may be certified by then: that is
 * reversed. What falls is every charge of a selection that the network clicked on.
 */
export const clickFarm: Rule = {
  code: 'click_farm',
  category: 'SIVT',
  judge: (file, charged, before) => {
    if (file.farm === null || charged.at >= before || file.farm.at >= before) return null;
    const clicks = file.sightings.filter(({ kind, network, at }) => kind === 'click' && network !== '' && at < before);
    const evidence = clicks.slice(0, 1).map((click) => refOf(file, click));
    return { reason: file.farm.reason, evidence, at: Math.max(file.farm.at, charged.at) };
  },
};

export function emptyFarmBook(): FarmBook {
  return { halves: new Map(), judgedTo: 0 };
}

/** Counts an impression or a click of a network that is somebody's. */
export function countForFarm(
  { halves }: FarmBook,
  selectionId: string,
  { kind, network, at }: Pick<Sighting, 'kind' | 'network' | 'at'>,
  options: FarmOptions,
): void {
  if (network === '' || (kind !== 'click' && kind !== 'impression')) return;
  const from = at - (at % halfOf(options));
  const key = `${network}@${from}`;
  const half = halves.get(key) ?? { network, from, clicked: new Set(), shown: new Set() };
  (kind === 'click' ? half.clicked : half.shown).add(selectionId);
  halves.set(key, half);
}

/**
 * The farms that show in the windows that are over at a time, in the order of their ends. Windows overlap by half, so that nothing hides at an edge; each is
 * judged once all of it is known, and some time for clocks that are apart.
 */
export function closeFarmWindows(book: FarmBook, time: number, options: FarmOptions): readonly Farm[] {
  const halfMs = halfOf(options);
  const known = time - options.clockSkewMs - 1;
  const judgedTo = known - (known % halfMs);
  if (judgedTo <= book.judgedTo) return [];
  const ends = new Set([...book.halves.values()].flatMap(({ from }) => [from + halfMs, from + 2 * halfMs]));
  const due = [...ends].filter((end) => end > book.judgedTo && end <= judgedTo).sort((a, b) => a - b);
  const farms = due.flatMap((end) => farmsOf(book, end, options));
  book.judgedTo = judgedTo;
  for (const [key, { from }] of book.halves) if (from + 2 * halfMs <= judgedTo) book.halves.delete(key);
  return farms;
}

/** The farms of the windows that end at a moment, by network: however the topics were read, the same come first. */
function farmsOf({ halves }: FarmBook, end: number, options: FarmOptions): readonly Farm[] {
  const halfMs = halfOf(options);
  const networks = new Map<string, { clicked: ReadonlySet<string>; shown: ReadonlySet<string> }>();
  for (const { network, from, clicked, shown } of halves.values()) {
    if (from < end - 2 * halfMs || from >= end) continue;
    const other = networks.get(network);
    const both = { clicked: clicked.union(other?.clicked ?? none), shown: shown.union(other?.shown ?? none) };
    networks.set(network, both);
  }
  const byName = [...networks].sort(([a], [b]) => (a < b ? -1 : 1));
  return byName.flatMap(([network, { clicked, shown }]) => {
    const reason = farmReason(network, clicked.size, shown.size, options);
    return reason === null ? [] : [{ clicked, at: end, reason }];
  });
}

const none: ReadonlySet<string> = new Set();

function halfOf({ farmWindowMs }: FarmOptions): number {
  return Math.ceil(farmWindowMs / 2);
}

/** Why a window that is over shows a farm, or null. */
function farmReason(network: string, clicked: number, shown: number, options: FarmOptions): string | null {
  const impressions = Math.max(shown, clicked); // a click that nobody was shown counts as one
  const ratePpm = Math.floor((clicked * 1_000_000) / Math.max(1, impressions));
  if (clicked < options.farmClicks || ratePpm < options.farmRatePpm) return null;
  return `${network} clicked on ${clicked} of ${impressions} ads within ${options.farmWindowMs / 1000} s`;
}
