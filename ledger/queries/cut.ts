import { AdtallyError } from '../../domain/errors.ts';
import { formatTime } from '../../domain/time-text.ts';
import type { LedgerIndexStore, LedgerTruth } from '../../ports/ledger-index.ts';
import type { AskedCut, Seal } from '../../ports/ledger-queries.ts';
import { digestOfCut, genesis } from '../chain.ts';
import type { StreamFailures } from '../index/follow-ledgers.ts';
import { type LedgerStreamName, ledgerStreams } from '../index/stream-name.ts';

export interface CutPorts {
  readonly index: LedgerIndexStore;
  readonly shards: number;
  /** Streams that are damaged or can't be reached now. */
  readonly failures: () => StreamFailures;
}

/** One stream at a cut: everything below `offset`, which is its first `entries` entries. */
export interface CutStream extends LedgerStreamName {
  readonly offset: number;
  readonly entries: number;
  readonly chainHead: Uint8Array;
}

export interface Cut {
  readonly timeMs: number | null;
  readonly streams: readonly CutStream[];
}

/**
 * Finds the cut in the streams of some truths. `latest` is the lowest, over all streams of both ledgers, of the last tick, whichever truths are
 * asked for, so that answers from both agree. Errors: `CUT_NOT_REACHED` saying which stream and how far, `CHAIN_BROKEN` if damage is why.
 */
export async function findCut(ports: CutPorts, truths: readonly LedgerTruth[], asked: AskedCut): Promise<Cut> {
  const names = ledgerStreams(ports.shards, truths);
  switch (asked.kind) {
    case 'latest':
      return cutAtTime(ports, names, await latestCommonTick(ports));
    case 'time':
      return cutAtTime(ports, names, asked.timeMs);
    case 'position':
      return cutAtPositions(ports, names, asked.offsets);
    default:
      return asked satisfies never;
  }
}

/**
 * A cut of one shard alone. `latest`: everything that both its ledgers have booked, the freshest answer about a selection that is one answer. `position`:
 * the shard's own, as such an answer gives it; others need not be named.
 */
export async function findShardCut(
  ports: CutPorts,
  shard: number,
  asked: Exclude<AskedCut, { kind: 'time' }>,
): Promise<Cut> {
  const names = ledgerStreams(ports.shards).filter((name) => name.shard === shard);
  if (asked.kind === 'position') return cutAtPositions(ports, names, asked.offsets);
  const nexts = await Promise.all(
    names.map(
      async (name) =>
        (await ports.index.indexedStream(name.stream))?.next.offset ?? notReached(ports, name, 'is empty'),
    ),
  );
  return cutAtPositions(ports, names, new Map([[shard, Math.min(...nexts)]]));
}

export function sealOf({ timeMs, streams }: Cut): Seal {
  const byShard = new Map(streams.map(({ shard, offset }) => [shard, offset]));
  const digested = streams.map(({ stream, offset, chainHead }) => ({
    stream,
    next: { offset, ordinal: 0 },
    chainHead,
  }));
  return {
    cut: timeMs === null ? null : formatTime(timeMs),
    positions: streams.map(({ stream, offset, entries, chainHead }) => {
      return { stream, offset, entries, chain_head: Buffer.from(chainHead).toString('hex') };
    }),
    as_of_position: [...byShard].map(([shard, offset]) => `${shard}:${offset}`).join(','),
    digest: digestOfCut(digested),
  };
}

async function latestCommonTick(ports: CutPorts): Promise<number> {
  const ticks = await Promise.all(
    ledgerStreams(ports.shards).map(async (name) => {
      const damage = ports.failures().get(name.stream);
      if (damage !== undefined) throw damage;
      return (await ports.index.lastTick(name.stream))?.advanced_to ?? notReached(ports, name, 'has no tick yet');
    }),
  );
  return Math.min(...ticks);
}

async function cutAtTime(ports: CutPorts, names: readonly LedgerStreamName[], timeMs: number): Promise<Cut> {
  const streams = await Promise.all(
    names.map(async (name) => {
      const tick = await ports.index.firstTickAt(name.stream, timeMs);
      if (tick !== null) return cutStream(ports, name, tick.offset);
      const last = await ports.index.lastTick(name.stream);
      const reached = last === null ? 'has no tick yet' : `has reached ${formatTime(last.advanced_to)}`;
      return notReached(ports, name, `${reached}, not ${formatTime(timeMs)}`);
    }),
  );
  return { timeMs, streams };
}

async function cutAtPositions(
  ports: CutPorts,
  names: readonly LedgerStreamName[],
  offsets: ReadonlyMap<number, number>,
): Promise<Cut> {
  const streams = await Promise.all(
    names.map(async (name) => {
      const offset = offsets.get(name.shard);
      if (offset === undefined) {
        throw new AdtallyError('VALIDATION_FAILED', `no position is given for shard ${name.shard}`, {
          path: 'as_of_position',
        });
      }
      const next = (await ports.index.indexedStream(name.stream))?.next.offset ?? 0;
      return next < offset
        ? notReached(ports, name, `has reached offset ${next}, not ${offset}`)
        : cutStream(ports, name, offset);
    }),
  );
  return { timeMs: null, streams };
}

async function cutStream({ index }: CutPorts, name: LedgerStreamName, offset: number): Promise<CutStream> {
  const { entries, chainHead } = await index.entriesBelow(name.stream, offset);
  return { ...name, offset, entries, chainHead: chainHead ?? genesis };
}

/** A stream that does not go on because it is damaged says so. */
function notReached({ failures }: CutPorts, { stream }: LedgerStreamName, how: string): never {
  throw failures().get(stream) ?? new AdtallyError('CUT_NOT_REACHED', `${stream} ${how}`);
}
