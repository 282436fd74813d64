import type { BeaconKind, Category, EvidenceRef, Topic } from '../../../domain/records.ts';

/** Thresholds and delays of the rules. */
export interface QualityOptions {
  /** How long after a click its impression may still be received, ms. */
  readonly clickWithoutImpressionMs: number;
  /** A click sooner than this after its impression was made by no hand, ms. */
  readonly soonestClickMs: number;
  /** How far clocks of nodes may be apart, ms. */
  readonly clockSkewMs: number;
  /** A node that has just started receives what waited for it: distances of time say nothing until it has run for so long, ms. */
  readonly settleMs: number;
  /** One token from so many networks within the window is replayed, ms. */
  readonly replayNetworks: number;
  readonly replayWindowMs: number;
  /** Clicks of one network are counted together in windows of this length, ms; they overlap by half. */
  readonly farmWindowMs: number;
  /** Clicked selections of one network in one window and shard, and their share in its impressions, from which on it is a farm. */
  readonly farmClicks: number;
  readonly farmRatePpm: number;
  /** Networks where no person sits, CIDR. */
  readonly dataCentres: readonly string[];
  /** How long after its selection evidence is kept, ms of fold time. */
  readonly keepMs: number;
}

/**
 * Blocks that large hosting providers have held for years and rent to machines, not to people. A starting point: whoever runs the platform puts a
 * licensed list in its place.
 */
const hostingBlocks: readonly string[] = [
  '45.32.0.0/16', // Vultr
  '45.33.0.0/17', // Linode
  '51.38.0.0/16', // OVH
  '78.46.0.0/15', // Hetzner
  '88.198.0.0/16', // Hetzner
  '104.131.0.0/16', // DigitalOcean
  '136.243.0.0/16', // Hetzner
  '138.68.0.0/16', // DigitalOcean
  '139.162.0.0/16', // Linode
  '144.76.0.0/16', // Hetzner
  '159.65.0.0/16', // DigitalOcean
];

export const defaultQuality: QualityOptions = {
  clickWithoutImpressionMs: 60_000,
  soonestClickMs: 200,
  clockSkewMs: 2_000,
  settleMs: 10_000,
  replayNetworks: 4,
  replayWindowMs: 600_000,
  farmWindowMs: 600_000,
  farmClicks: 10,
  farmRatePpm: 300_000,
  dataCentres: hostingBlocks,
  keepMs: 26 * 3_600_000,
};

/** A beacon as far as rules look at it. */
export interface Sighting {
  readonly kind: BeaconKind;
  readonly receiptId: string;
  readonly topic: Topic;
  readonly offset: number;
  /** Clock of the node that took it, ms. */
  readonly at: number;
  readonly occurredAt: number | null;
  readonly boot: string;
  /** Truncated; empty where it says nothing: unknown, or this machine itself. */
  readonly network: string;
  readonly isSdk: boolean;
  /** Its user agent declares a robot. */
  readonly bot: boolean;
  /** From a listed network. */
  readonly listed: boolean;
}

/** Everything known of a selection that may be judged. */
export interface CaseFile {
  readonly selectionId: string;
  readonly shard: number;
  readonly selectedAt: number;
  /** The receipt that was charged: the first SpendIncurred of the shard. */
  charge: { readonly receiptId: string; readonly offset: number } | null;
  /** In the order of their topics; of a kind at most `sightingsKept`. */
  readonly sightings: Sighting[];
  /** Set once a window of its click has closed and its network was found to be a farm. */
  farm: { readonly at: number; readonly reason: string } | null;
  /** Rules that have found against it. */
  readonly found: string[];
}

export interface Finding {
  readonly reason: string;
  readonly evidence: readonly EvidenceRef[];
  /** Time of the last piece of evidence, ms. */
  readonly at: number;
}

/**
 * A rule finds against a selection or does not. It may look at evidence from before `before` only, of which all is known: then it finds the same
 * whenever it is asked later, and however the topics were read between each other.
 */
export interface Rule {
  readonly code: string;
  readonly category: Category;
  judge(file: CaseFile, charged: Sighting, before: number, options: QualityOptions): Finding | null;
}

export function refOf(file: CaseFile, { topic, offset }: Pick<Sighting, 'topic' | 'offset'>): EvidenceRef {
  return { topic, shard: file.shard, offset };
}
