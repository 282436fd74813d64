import { hash } from 'node:crypto';
import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import { type Topic, topicRecords } from '../../domain/records.ts';
import { fromCanonical, toCanonical } from '../../domain/wire-format.ts';
import type { Bounds, EventLog, LogRecord, TopicShard } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { ContentDigest } from './content-digest.ts';

/** A log with the registry whose ids its records bear. */
export interface SchemaLog {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
}

/** Says how far it is, in a sentence. */
export type Progress = (sentence: string) => void;

/** What of a shard was held against its copy: digests are equal if places, keys and decoded values are. */
export interface ShardProof extends TopicShard {
  readonly first: number;
  readonly next: number;
  readonly records: number;
  readonly digest: string;
  readonly target_next: number;
  readonly target_records: number;
  readonly target_digest: string;
  readonly equal: boolean;
}

const pageRecords = 1_000;

/**
 * Topics in the order in which the ends of a log that grows are looked up: what follows from something before that. So a copy holds no beacon without its
 * selection, and no selection without its money.
 */
const order: readonly Topic[] = ['journal', 'exposure', 'pacing', 'quarantine', 'click', 'engagement', 'impression'];
const lastly: readonly Topic[] = ['selected', 'catalog', 'nodes', 'spend'];

/** Every shard of every topic. */
export function shardsOf(log: EventLog): readonly TopicShard[] {
  const all = Object.keys(topicRecords).filter((topic) => topic !== 'ledger') as Topic[];
  const others = all.filter((topic) => !order.includes(topic) && !lastly.includes(topic));
  return [...order, ...others, ...lastly].flatMap((topic) =>
    Array.from({ length: log.shards(topic) }, (_, shard) => ({ topic, shard })),
  );
}

/**
 * Copies a log, each record to its offset: what is there already must be the beginning of it, so that a copy that was broken off goes on. Errors:
 * `COPY_DIFFERS` if the target holds something else, which nothing was added to; `UNKNOWN_SCHEMA` for a record of `spend` that this build does not know.
 */
export async function copyLog(from: SchemaLog, to: SchemaLog, say: Progress): Promise<void> {
  for (const place of shardsOf(from.log)) await requirePrefix(from, to, place);
  // All at once: what comes later is left to the next copy.
  const ends: Copied[] = [];
  for (const place of shardsOf(from.log)) ends.push({ place, source: await boundsOf(from, place) });
  for (const copied of ends) await copyShard(from, to, { ...copied, say });
}

/** Up to where each processor has put out what comes of the log: without it a shard's next owner would put it out again. */
export async function copyOffsets(from: EventLog, to: EventLog): Promise<void> {
  for (const { group, topic, shard, next } of await from.commits()) await to.commit(group, topic, shard, next);
}

async function requirePrefix(from: SchemaLog, to: SchemaLog, place: TopicShard): Promise<void> {
  const [source, target] = await Promise.all([boundsOf(from, place), boundsOf(to, place)]);
  if (target.next > source.next) {
    const detail = `${nameOf(place)} goes to ${target.next} in the target, to ${source.next} in the source`;
    throw new AdtallyError('COPY_DIFFERS', `${detail}: the target is no copy of it`);
  }
  // Both ends; the proof holds everything against everything.
  const start = Math.max(source.first, target.first);
  const ends = new Set([start, Math.max(start, target.next - pageRecords)]);
  for (const offset of ends) {
    const most = Math.min(pageRecords, target.next - offset);
    if (most <= 0) continue;
    const [own, copies] = await Promise.all([
      from.log.read(place.topic, place.shard, offset, most),
      to.log.read(place.topic, place.shard, offset, most),
    ]);
    const differing = copies.find((copy, i) => !isSame(own[i], copy, { from, to }));
    if (differing !== undefined) throw differs(place, differing.offset);
  }
}

function isSame(
  own: LogRecord | undefined,
  copy: LogRecord,
  { from, to }: { readonly from: SchemaLog; readonly to: SchemaLog },
): boolean {
  if (own === undefined || own.key !== copy.key) return false;
  return Buffer.compare(toCanonical(own.value, from.registry), toCanonical(copy.value, to.registry)) === 0;
}

function differs(place: TopicShard, offset: number): AdtallyError {
  const detail = `the target holds another record at ${nameOf(place)}@${offset} than the source`;
  return new AdtallyError(
    'COPY_DIFFERS',
    `${detail}: give it an empty log, or the one that an earlier copy was broken off in`,
  );
}

interface Copied {
  readonly place: TopicShard;
  /** What is copied of it. */
  readonly source: Bounds;
}

async function copyShard(
  from: SchemaLog,
  to: SchemaLog,
  { place, source, say }: Copied & { readonly say: Progress },
): Promise<void> {
  const { topic, shard } = place;
  const target = await to.log.bounds(topic, shard);
  let { next } = target;
  if (next < source.first) {
    // Of what is kept for ever nothing can be missing but the beginning.
    if (next > target.first && !forgets(topic)) throw differs(place, target.first);
    await to.log.beginAt(topic, shard, source.first);
    next = source.first;
  }
  while (next < source.next) {
    say(`log: ${nameOf(place)} ${next} of ${source.next}`);
    const page = await from.log.read(topic, shard, next, Math.min(pageRecords, source.next - next));
    const records = page.map((record) => ({
      shard,
      key: record.key,
      value: translated(record, from.registry, to.registry),
      appendedAt: record.appendedAt,
      ...(record.traceparent !== undefined && { traceparent: record.traceparent }),
    }));
    const offsets = await to.log.append(topic, records);
    const wrong = offsets.findIndex((offset, i) => offset !== next + i);
    if (wrong >= 0 || offsets.length !== page.length) throw displaced(place, next + Math.max(0, wrong));
    next += page.length;
  }
}

/** The target was not alone, or wrote twice what its answer to was lost. */
function displaced(place: TopicShard, offset: number): AdtallyError {
  const detail = `the record of ${nameOf(place)}@${offset} went to another offset of the target`;
  const what =
    'somebody else writes to it, or an answer of its brokers was lost; delete what it holds of this log and copy again';
  return new AdtallyError('COPY_DIFFERS', `${detail}: ${what}`);
}

function translated({ topic, shard, offset, value }: LogRecord, from: SchemaRegistry, to: SchemaRegistry): Uint8Array {
  if (topic === 'spend') {
    try {
      from.decode(value);
    } catch (error) {
      if (!isAdtallyError(error, 'UNKNOWN_SCHEMA')) throw error;
      const detail = `spend/${shard}@${offset}: ${error.message}: copy it with the version of Adtally that wrote it`;
      throw new AdtallyError('UNKNOWN_SCHEMA', detail, { cause: error });
    }
  }
  return fromCanonical(toCanonical(value, from), to);
}

export interface ProofOptions {
  /** The source may have gone on: only what its copy holds is compared. */
  readonly isAhead: boolean;
  readonly say: Progress;
}

/** Reads a shard and its copy, each by itself, and compares what they hold. */
export async function proveShard(
  from: SchemaLog,
  to: SchemaLog,
  { place, isAhead, say }: ProofOptions & { readonly place: TopicShard },
): Promise<ShardProof> {
  const [whole, target] = await Promise.all([boundsOf(from, place), boundsOf(to, place)]);
  const source = isAhead ? { ...whole, next: Math.min(whole.next, target.next) } : whole;
  // A topic that forgets may have forgotten more on one side: by the clocks of both.
  const first = forgets(place.topic) ? Math.max(source.first, target.first) : source.first;
  const isWhole = target.first <= first;
  say(`proof: ${nameOf(place)}`);
  const own = await digestOf(from, place, { first, next: source.next });
  const copy = await digestOf(to, place, { first: Math.max(first, target.first), next: target.next });
  return {
    ...place,
    first,
    next: source.next,
    records: own.count,
    digest: own.digest,
    target_next: target.next,
    target_records: copy.count,
    target_digest: copy.digest,
    equal: isWhole && source.next === target.next && own.count === copy.count && own.digest === copy.digest,
  };
}

function forgets(topic: Topic): boolean {
  return topic === 'persons';
}

async function digestOf({ log, registry }: SchemaLog, { topic, shard }: TopicShard, { first, next }: Bounds) {
  const content = new ContentDigest(registry);
  for (let offset = first; offset < next; ) {
    const page = await log.read(topic, shard, offset, Math.min(pageRecords, next - offset));
    for (const { key, value, offset: at } of page) content.add([String(at), key], value);
    offset += page.length;
    if (page.length === 0) break;
  }
  return { count: content.count, digest: content.hex() };
}

/** One digest over those of all shards. */
export function digestOfShards(proofs: readonly ShardProof[], side: 'digest' | 'target_digest'): string {
  return hash('sha256', proofs.map((proof) => `${nameOf(proof)} ${proof[side]}\n`).join(''), 'hex');
}

function boundsOf({ log }: SchemaLog, { topic, shard }: TopicShard): Promise<Bounds> {
  return log.bounds(topic, shard);
}

function nameOf({ topic, shard }: TopicShard): string {
  return `${topic}/${shard}`;
}
