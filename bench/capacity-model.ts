/** What one selection leaves behind, and what it costs, as measured. Bytes are those of keys and values. */
export interface Measured {
  /** Records and bytes by topic, those that come with time (ticks, marks of nodes) left out. */
  readonly topics: ReadonlyMap<string, { readonly records: number; readonly bytes: number }>;
  /** Compressed bytes for each byte, in batches as the producer makes them. */
  readonly compression: number;
  readonly ledgerEntries: number;
  readonly ledgerBytes: number;
  /** Beacons and clicks that were answered. */
  readonly beacons: number;
  readonly decisionUs: number;
  readonly beaconUs: number;
  /** All processes together, with one impression. */
  readonly platformUs: number;
  /** Records of `spend` that one core folds into both ledgers, a second. */
  readonly foldPerS: number;
}

/** What nobody measured here. */
export interface Assumed {
  /** Share of a core that is planned for. */
  readonly busy: number;
  /** Share of a core that the fold of one shard may take: after an outage it catches up with the rest. */
  readonly foldBusy: number;
  readonly copies: number;
  /** MB a second that one broker writes, copies included. */
  readonly brokerMbPerS: number;
  /** Appends a second to one ledger stream: a writer gathers what came meanwhile. */
  readonly appendsPerS: number;
  readonly maxAppendBytes: number;
}

export const assumed: Assumed = {
  busy: 0.5,
  foldBusy: 0.25,
  copies: 3,
  brokerMbPerS: 60,
  appendsPerS: 2,
  maxAppendBytes: 1_000_000,
};

export interface Capacity {
  readonly decisionsPerS: number;
  readonly servingProcesses: number;
  readonly logRecordsPerS: number;
  readonly logMbPerS: number;
  readonly storedTbPerDay: number;
  readonly brokers: number;
  readonly spendRecordsPerS: number;
  readonly shards: number;
  readonly otherCores: number;
  readonly ledgerEntriesPerS: number;
  readonly ledgerMbPerS: number;
  readonly ledgerAppendsPerS: number;
}

const mega = 1_000_000;
const secondsPerDay = 86_400;
const leastBrokers = 3;
const leastShards = 4;

/** Lays the platform out for so many decisions a second, each of which is filled. */
export function capacityFor(decisionsPerS: number, measured: Measured, given: Assumed = assumed): Capacity {
  const topics = [...measured.topics.values()];
  const logRecordsPerS = decisionsPerS * topics.reduce((sum, { records }) => sum + records, 0);
  const bytesPerS = decisionsPerS * topics.reduce((sum, { bytes }) => sum + bytes, 0);
  const storedPerS = bytesPerS * measured.compression * given.copies;
  const spendRecordsPerS = decisionsPerS * (measured.topics.get('spend')?.records ?? 0);
  const shards = powerOfTwo(Math.max(leastShards, spendRecordsPerS / (measured.foldPerS * given.foldBusy)));
  const servingUs = measured.decisionUs + measured.beacons * measured.beaconUs;
  const otherUs = Math.max(0, measured.platformUs - measured.decisionUs - measured.beaconUs);
  const ledgerBytesPerS = decisionsPerS * measured.ledgerBytes;
  return {
    decisionsPerS,
    servingProcesses: coresFor(decisionsPerS * servingUs, given),
    logRecordsPerS,
    logMbPerS: bytesPerS / mega,
    storedTbPerDay: (storedPerS * secondsPerDay) / mega / mega,
    brokers: Math.max(leastBrokers, Math.ceil(storedPerS / mega / given.brokerMbPerS)),
    spendRecordsPerS,
    shards,
    otherCores: coresFor(decisionsPerS * otherUs, given),
    ledgerEntriesPerS: decisionsPerS * measured.ledgerEntries,
    ledgerMbPerS: ledgerBytesPerS / mega,
    ledgerAppendsPerS: Math.max(2 * shards * given.appendsPerS, ledgerBytesPerS / given.maxAppendBytes),
  };
}

function coresFor(usPerS: number, { busy }: Assumed): number {
  return Math.ceil(usPerS / mega / busy);
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}
