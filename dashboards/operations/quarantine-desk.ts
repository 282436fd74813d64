import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import { type Quarantined, type Topic, topicRecords } from '../../domain/records.ts';
import { formatTime } from '../../domain/time-text.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog, LogRecord, TopicShard } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { readableRecord } from '../readable.ts';
import { isNote, placeOf, QuarantineNotes, type ReplayNote } from './quarantine-notes.ts';

export interface QuarantineDeps {
  readonly clock: Clock;
  readonly log: Pick<EventLog, 'bounds' | 'read' | 'append' | 'shards'>;
  readonly registry: SchemaRegistry;
  /** Gives a beacon to a serving process, which judges it as any other. Errors: `NOT_READY`, `HTTP_TIMEOUT`, `HTTP_FAILED`. */
  readonly sendBeacon: (event: string, token: string) => Promise<{ readonly code: string | null }>;
}

/** A record of quarantine for people. */
export interface ShownAside {
  readonly offset: number;
  readonly quarantined_at: string;
  readonly code: string;
  readonly reason: string;
  readonly processor: string;
  readonly source: { readonly topic: string; readonly shard: number; readonly offset: number; readonly key: string };
  readonly origin: Quarantined['origin'];
  /** The token of a beacon; what was kept of other bytes, in hexadecimal. */
  readonly kept: string;
  /** Why it can't be replayed at all; empty if it can be tried. */
  readonly unreplayable: string;
  readonly state: 'put_aside' | 'asked' | 'replayed' | 'still_bad' | 'refused_again';
  readonly notes: readonly {
    readonly code: string;
    readonly sentence: string;
    readonly by: string;
    readonly at: string;
  }[];
}

export interface ReplayAnswer {
  readonly outcome: 'replayed' | 'replayed_before' | 'still_bad';
  readonly code: string | null;
  readonly sentence: string;
}

/** What may be appended again: copies of these count once, by identity. */
const replayed: readonly Topic[] = ['selected', 'impression', 'engagement', 'click', 'spend'];
const routePrefix = 'serve/';
const longestPage = 200;

/** Inspects and replays single records of quarantine. Everything it does is noted in `quarantine` first. */
export class QuarantineDesk {
  readonly #deps: QuarantineDeps;
  readonly #notes: QuarantineNotes;
  #replaying: Promise<unknown> = Promise.resolve();

  constructor(deps: QuarantineDeps) {
    this.#deps = deps;
    this.#notes = new QuarantineNotes(deps);
  }

  /** The newest below an offset, newest first; notes are shown with what they are about. `next`: go on below it; null: there is no more. */
  async list(before: number | null, limit: number): Promise<{ items: readonly ShownAside[]; next: number | null }> {
    await this.#notes.catchUp();
    const { log, registry } = this.#deps;
    const { first, next: end } = await log.bounds('quarantine', 0);
    const items: ShownAside[] = [];
    let top = Math.min(before ?? end, end);
    while (top > first && items.length < limit) {
      const from = Math.max(first, top - longestPage);
      const page = await log.read('quarantine', 0, from, top - from);
      for (const { offset, value } of page.toReversed()) {
        if (items.length === limit) break;
        const record = readableRecord(registry, value);
        if (record?.name === 'Quarantined' && !isNote(record.value)) items.push(this.#show(offset, record.value));
        top = offset;
      }
      if (page.length === 0) break;
    }
    return { items, next: top > first ? top : null };
  }

  /** Errors: `NOT_FOUND`; `VALIDATION_FAILED` for what can't be replayed at all; those of `sendBeacon` and the log. */
  replay(offset: number, asked: { readonly reason: string; readonly by: string }): Promise<ReplayAnswer> {
    // One after the other: two who ask for the same are one replay.
    const go = () => this.#replay(offset, asked);
    const replay = this.#replaying.then(go, go);
    this.#replaying = replay;
    return replay;
  }

  async #replay(
    offset: number,
    { reason, by }: { readonly reason: string; readonly by: string },
  ): Promise<ReplayAnswer> {
    const { clock } = this.#deps;
    await this.#notes.catchUp();
    const aside = await this.#read(offset);
    const why = unreplayable(aside);
    if (why !== '') throw new AdtallyError('VALIDATION_FAILED', why, { path: 'offset' });
    const before = this.#notes.of(offset).findLast(({ code }) => code === 'REPLAYED');
    if (before !== undefined) {
      const sentence = `${before.sentence}, on ${formatTime(before.atMs)} by ${before.by}`;
      return { outcome: 'replayed_before', code: null, sentence };
    }
    const note = (code: ReplayNote['code'], sentence: string, place = '') =>
      this.#notes.write(offset, { code, sentence, place, by, atMs: clock.now() });
    await note('REPLAY_ASKED', reason);
    const { code, sentence, place } = aside.source_topic.startsWith(routePrefix)
      ? await this.#replayBeacon(aside)
      : await this.#replayRecord(aside);
    await note(code === null ? 'REPLAYED' : 'STILL_BAD', sentence, place);
    return { outcome: code === null ? 'replayed' : 'still_bad', code, sentence };
  }

  async #replayBeacon({ bytes, source_key: event }: Quarantined) {
    const { code } = await this.#deps.sendBeacon(event, Buffer.from(bytes).toString('utf8'));
    if (code !== null) return { code, sentence: `serving does not believe it: ${code}`, place: '' };
    return { code: null, sentence: `given to serving again as ${event}, and believed`, place: '' };
  }

  /** The record itself is read where it lies: quarantine may have kept only its beginning. */
  async #replayRecord(aside: Quarantined) {
    const { log } = this.#deps;
    const { source_shard: shard, source_offset: from } = aside;
    const topic = aside.source_topic as Topic;
    const record = await recordAt(log, { topic, shard }, from);
    if (record === null) {
      return { code: 'OFFSET_GONE', sentence: `${placeOf(topic, shard, from)} is not in the log any more`, place: '' };
    }
    const problem = await this.#problemOf(topic, record.value);
    if (problem !== null) return { ...problem, place: '' };
    const { key, value } = record;
    const [offset = -1] = await log.append(topic, [{ shard, key, value }]);
    const place = placeOf(topic, shard, offset);
    return { code: null, sentence: `appended again as ${place}`, place };
  }

  /** Why its bytes can't be read even now; null if they can. */
  async #problemOf(topic: Topic, value: Uint8Array): Promise<{ code: string; sentence: string } | null> {
    const { registry } = this.#deps;
    await registry.refresh();
    try {
      const { name } = registry.decode(value);
      if ((topicRecords[topic] as readonly string[]).includes(name)) return null;
      return { code: 'UNREADABLE_RECORD', sentence: `a ${name} does not belong to ${topic}` };
    } catch (error) {
      if (isAdtallyError(error)) return { code: error.code, sentence: error.message };
      throw error;
    }
  }

  async #read(offset: number): Promise<Quarantined> {
    const { log, registry } = this.#deps;
    const found = await recordAt(log, { topic: 'quarantine', shard: 0 }, offset);
    const record = found === null ? null : readableRecord(registry, found.value);
    if (record?.name === 'Quarantined' && !isNote(record.value)) return record.value;
    throw new AdtallyError('NOT_FOUND', `nothing was put aside at ${placeOf('quarantine', 0, offset)}`);
  }

  #show(offset: number, aside: Quarantined): ShownAside {
    const { source_topic, source_shard, source_offset, source_key, code, reason, processor, origin, bytes } = aside;
    const isBeacon = source_topic.startsWith(routePrefix);
    const notes = this.#notes.of(offset);
    return {
      offset,
      code,
      reason,
      processor,
      origin,
      quarantined_at: formatTime(aside.quarantined_at),
      source: { topic: source_topic, shard: source_shard, offset: source_offset, key: source_key },
      kept: Buffer.from(bytes).toString(isBeacon ? 'utf8' : 'hex'),
      unreplayable: unreplayable(aside),
      state: this.#stateOf(notes),
      notes: notes.map((note) => ({
        code: note.code,
        sentence: note.sentence,
        by: note.by,
        at: formatTime(note.atMs),
      })),
    };
  }

  #stateOf(notes: readonly ReplayNote[]): ShownAside['state'] {
    const done = notes.findLast(({ code }) => code === 'REPLAYED');
    if (done !== undefined)
      return done.place !== '' && this.#notes.refusedAt(done.place) !== null ? 'refused_again' : 'replayed';
    const last = notes.at(-1)?.code;
    return last === 'STILL_BAD' ? 'still_bad' : last === 'REPLAY_ASKED' ? 'asked' : 'put_aside';
  }
}

/** Null if it is not, or not any more, in the log. */
async function recordAt(
  log: Pick<EventLog, 'bounds' | 'read' | 'shards'>,
  { topic, shard }: TopicShard,
  offset: number,
): Promise<LogRecord | null> {
  if (shard >= log.shards(topic)) return null;
  const { first, next } = await log.bounds(topic, shard);
  if (offset < first || offset >= next) return null;
  return (await log.read(topic, shard, offset, 1))[0] ?? null;
}

function unreplayable({ source_topic: topic, source_key: key, bytes, reason }: Quarantined): string {
  if (topic.startsWith(routePrefix)) {
    if (bytes.length === 0) return 'it stands for a number of beacons that were only counted';
    return key === '' ? `which event it was is not known: ${reason}` : '';
  }
  if (replayed.some((one) => one === topic)) return '';
  if (topic === 'buffer') return 'it is a damaged piece of a buffer: there is no record in it';
  return `records of ${topic} follow one another; one that is appended later would be void`;
}
