import { AdtallyError } from '../../domain/errors.ts';
import { fromCanonical, toCanonical } from '../../domain/wire-format.ts';
import { readBatch } from '../../ledger/batch.ts';
import { digestOfCut, type StreamCut } from '../../ledger/chain.ts';
import type { LedgerEvent, LedgerStore, NewLedgerEvent } from '../../ports/ledger-store.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { ContentDigest } from './content-digest.ts';
import type { Progress, ProofOptions } from './copied-log.ts';

/** A ledger store with the registry whose ids its events bear. */
export interface SchemaLedger {
  readonly ledger: LedgerStore;
  readonly registry: SchemaRegistry;
}

/** What of a stream was held against its copy. */
export interface StreamProof {
  readonly stream: string;
  readonly events: number;
  readonly digest: string;
  readonly target_events: number;
  readonly target_digest: string;
  readonly equal: boolean;
}

export interface LedgerProof {
  readonly streams: readonly StreamProof[];
  /** At the cut where the streams stand, as audits give it. */
  readonly digest: string;
  readonly target_digest: string;
  readonly equal: boolean;
}

const pageEvents = 64;

/**
 * Copies every stream, each event to its revision under its id; goes on where an earlier copy was broken off. Error: `COPY_DIFFERS` if a stream of the target
 * is not the beginning of its source; then nothing was added to any.
 */
export async function copyLedgers(from: SchemaLedger, to: SchemaLedger, say: Progress): Promise<void> {
  const streams = await from.ledger.streams();
  const others = (await to.ledger.streams()).filter((stream) => !streams.includes(stream));
  if (others.length > 0)
    throw new AdtallyError('COPY_DIFFERS', `the target has streams that the source has not: ${others.join(', ')}`);
  const revisions = new Map<string, number>();
  for (const stream of streams) revisions.set(stream, await requirePrefix(from, to, stream));
  for (const [stream, revision] of revisions) await copyStream(from, to, { stream, revision, say });
}

/** @returns last revision of the stream in the target, -1 if it is not there */
async function requirePrefix(from: SchemaLedger, to: SchemaLedger, stream: string): Promise<number> {
  const last = (await to.ledger.tail(stream))?.revision ?? -1;
  for (const start of new Set([0, Math.max(0, last - pageEvents + 1)])) {
    const most = Math.min(pageEvents, last - start + 1);
    if (most <= 0) continue;
    const own = await from.ledger.readForwards(stream, start, most);
    const copies = await to.ledger.readForwards(stream, start, most);
    const at = copies.findIndex((copy, i) => !isSame(own[i], copy, { from, to }));
    if (at < 0) continue;
    const detail = `the target holds another event at ${stream}@${start + at} than the source`;
    throw new AdtallyError(
      'COPY_DIFFERS',
      `${detail}: give it an empty ledger store, or the one that an earlier copy was broken off in`,
    );
  }
  return last;
}

function isSame(
  own: LedgerEvent | undefined,
  copy: LedgerEvent,
  { from, to }: { readonly from: SchemaLedger; readonly to: SchemaLedger },
): boolean {
  if (own === undefined || own.id !== copy.id || own.type !== copy.type) return false;
  return Buffer.compare(toCanonical(own.data, from.registry), toCanonical(copy.data, to.registry)) === 0;
}

async function copyStream(
  from: SchemaLedger,
  to: SchemaLedger,
  { stream, revision, say }: { readonly stream: string; readonly revision: number; readonly say: Progress },
): Promise<void> {
  for (let last = revision; ; ) {
    const page = await from.ledger.readForwards(stream, last + 1, pageEvents);
    if (page.length === 0) return;
    say(`ledgers: ${stream} ${last + 1}`);
    const events = page.map(({ id, type, data }) => ({
      id,
      type,
      data: fromCanonical(toCanonical(data, from.registry), to.registry),
    }));
    for (const batch of batchesOf(events, to.ledger.maxAppendBytes))
      ({ revision: last } = await to.ledger.append(stream, last < 0 ? 'no_stream' : last, batch));
  }
}

/** As many events as one append may have. */
function batchesOf(events: readonly NewLedgerEvent[], maxBytes: number): readonly (readonly NewLedgerEvent[])[] {
  const batches: NewLedgerEvent[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const event of events) {
    bytes += event.data.length;
    if (bytes > maxBytes) {
      batches.push([]);
      bytes = event.data.length;
    }
    batches.at(-1)?.push(event);
  }
  return batches;
}

/** Reads all streams and their copies, each by itself, and compares what they hold. */
export async function proveLedgers(
  from: SchemaLedger,
  to: SchemaLedger,
  { isAhead, say }: ProofOptions,
): Promise<LedgerProof> {
  const names = new Set([...(await from.ledger.streams()), ...(await to.ledger.streams())]);
  const streams: StreamProof[] = [];
  const cuts: StreamCut[] = [];
  const targetCuts: StreamCut[] = [];
  for (const stream of [...names].toSorted()) {
    say(`proof: ${stream}`);
    const copy = await readStream(to, stream, Number.POSITIVE_INFINITY);
    const own = await readStream(from, stream, isAhead ? copy.count : Number.POSITIVE_INFINITY);
    if (own.cut !== null) cuts.push(own.cut);
    if (copy.cut !== null) targetCuts.push(copy.cut);
    streams.push({
      stream,
      events: own.count,
      digest: own.digest,
      target_events: copy.count,
      target_digest: copy.digest,
      equal: own.count === copy.count && own.digest === copy.digest,
    });
  }
  const [digest, target] = [digestOfCut(cuts), digestOfCut(targetCuts)];
  const equal = digest === target && streams.every((stream) => stream.equal);
  return { streams, digest, target_digest: target, equal };
}

async function readStream({ ledger, registry }: SchemaLedger, stream: string, most: number) {
  const content = new ContentDigest(registry);
  let last: LedgerEvent | null = null;
  for (let next = 0; next < most; ) {
    const page = await ledger.readForwards(stream, next, Math.min(pageEvents, most - next));
    for (const event of page) content.add([String(event.revision), event.id, event.type], event.data);
    last = page.at(-1) ?? last;
    if (page.length === 0) break;
    next += page.length;
  }
  const batch = last === null ? null : readBatch(last, registry);
  const cut = batch === null ? null : { stream, next: batch.next, chainHead: batch.chain_head };
  return { count: content.count, digest: content.hex(), cut };
}
