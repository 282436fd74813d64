import { AdtallyError } from '../../domain/errors.ts';
import { isUuid } from '../../domain/identity.ts';
import { type Topic, topicRecords } from '../../domain/records.ts';
import { formatTime } from '../../domain/time-text.ts';
import type { EventIndex } from '../../ports/event-index.ts';
import type { EventLog, LogRecord } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { type ShownRecord, showRecord, shownRecordSchema } from '../audit/shown-record.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import { listSchema, pageParameters, readCursor, readLimit, writeCursor } from '../page.ts';
import { readableRecord } from '../readable.ts';

export interface AuditRoutesDeps {
  readonly log: Pick<EventLog, 'shards' | 'read' | 'bounds'>;
  readonly registry: SchemaRegistry;
  readonly events: EventIndex;
  /** Brings the index of selections' records up to the end of the log. */
  readonly catchUp: () => Promise<void>;
}

interface EventQuery {
  readonly selection_id?: string;
  readonly topic?: Topic;
  readonly shard?: string;
  readonly from_offset?: string;
  readonly limit?: string;
}

interface VerdictQuery {
  readonly limit?: string;
  readonly cursor?: string;
}

const topics = (Object.keys(topicRecords) as (Topic | 'ledger')[]).filter((name) => name !== 'ledger');
/** A page of verdicts looks through at most so many records of `spend`; a page may be empty and still not be the last. */
const recordsLookedThrough = 20_000;
const readRecords = 2_000;

const eventParameters = {
  type: 'object',
  properties: {
    selection_id: {
      type: 'string',
      maxLength: 64,
      description: 'Everything that is keyed by one selection, of every topic.',
    },
    topic: { type: 'string', enum: topics },
    shard: { type: 'string', pattern: '^[0-9]{1,4}$', description: '0 if left out.' },
    from_offset: {
      type: 'string',
      pattern: '^[0-9]{1,15}$',
      description: 'First offset shown; the first there is if left out.',
    },
    limit: pageParameters.limit,
  },
  additionalProperties: false,
} as const;

const verdictSchema = {
  title: 'verdict',
  type: 'object',
  properties: {
    event_id: { type: 'string' },
    selection_id: { type: 'string' },
    category: { type: 'string', description: 'GIVT, SIVT or QUALITY.' },
    rule: { type: 'string' },
    rules_version: { type: 'integer' },
    reason: { type: 'string' },
    evidence: {
      type: 'array',
      items: {
        type: 'object',
        properties: { topic: { type: 'string' }, shard: { type: 'integer' }, offset: { type: 'integer' } },
      },
    },
    judged_by: { type: 'string' },
    judged_at: { type: 'string', format: 'date-time' },
    shard: { type: 'integer' },
    offset: { type: 'integer', description: 'Its place in `spend`.' },
  },
} as const;

/** `GET /v1/audit/events` and `GET /v1/audit/verdicts`: the log as it stands. */
export function auditRoutes(deps: AuditRoutesDeps): ConsoleRoutes {
  return (app) => {
    app.get(
      '/v1/audit/events',
      {
        config: { roles: ['auditor'] },
        schema: {
          summary: 'Records of the log, decoded',
          description:
            'Either `selection_id`, or `topic` with `shard` and `from_offset`. `next_offset` is where to read on.',
          tags: ['audit'],
          querystring: eventParameters,
          response: {
            200: {
              type: 'object',
              properties: {
                items: { type: 'array', items: shownRecordSchema },
                next_offset: { type: ['integer', 'null'] },
              },
            },
          },
        },
      },
      async ({ query }) => events(deps, query as EventQuery),
    );
    app.get(
      '/v1/audit/verdicts',
      {
        config: { roles: ['auditor', 'finance', 'analyst'] },
        schema: {
          summary: 'Every verdict on invalid traffic, in the order of the log',
          description:
            'A page may hold fewer items than asked for, or none, and still not be the last: `next_cursor` says.',
          tags: ['audit'],
          querystring: { type: 'object', properties: pageParameters, additionalProperties: false },
          response: { 200: listSchema(verdictSchema) },
        },
      },
      async ({ query }) => verdicts(deps, query as VerdictQuery),
    );
  };
}

async function events(
  deps: AuditRoutesDeps,
  query: EventQuery,
): Promise<{ items: ShownRecord[]; next_offset: number | null }> {
  const { selection_id, topic } = query;
  if ((selection_id === undefined) === (topic === undefined)) {
    throw new AdtallyError('VALIDATION_FAILED', 'give either selection_id or topic');
  }
  if (selection_id !== undefined) return { items: await eventsOfSelection(deps, selection_id), next_offset: null };
  return eventsOfShard(deps, { ...query, topic: topic as Topic });
}

async function eventsOfSelection(
  { log, registry, events: index, catchUp }: AuditRoutesDeps,
  id: string,
): Promise<ShownRecord[]> {
  if (!isUuid(id))
    throw new AdtallyError('VALIDATION_FAILED', 'selection_id is a UUID in lower case', { path: 'selection_id' });
  await catchUp();
  const shown: ShownRecord[] = [];
  for (const { topic, shard, offset } of await index.eventsOf(id)) {
    if (topic === 'nodes') continue; // of a boot, without bounds: they are shown by topic
    const [record] = await log.read(topic, shard, offset, 1);
    if (record !== undefined) shown.push(showRecord(registry, record));
  }
  return shown;
}

async function eventsOfShard(
  { log, registry }: AuditRoutesDeps,
  { topic, shard: shardText = '0', from_offset, limit }: EventQuery & { readonly topic: Topic },
): Promise<{ items: ShownRecord[]; next_offset: number | null }> {
  const shard = Number(shardText);
  if (shard >= log.shards(topic)) {
    throw new AdtallyError('VALIDATION_FAILED', `${topic} has the shards 0 to ${log.shards(topic) - 1}`, {
      path: 'shard',
    });
  }
  const { first, next } = await log.bounds(topic, shard);
  const from = from_offset === undefined ? first : Number(from_offset);
  if (from < first || from > next) {
    throw new AdtallyError('VALIDATION_FAILED', `${topic}/${shard} holds the offsets ${first} to ${next}`, {
      path: 'from_offset',
    });
  }
  const records = await log.read(topic, shard, from, readLimit(limit));
  const last = records.at(-1);
  return {
    items: records.map((record) => showRecord(registry, record)),
    next_offset: last === undefined ? null : last.offset + 1,
  };
}

/** The cursor holds the shard and the offset where to look on. */
async function verdicts({ log, registry }: AuditRoutesDeps, query: VerdictQuery): Promise<object> {
  const limit = readLimit(query.limit);
  let [shard = 0, offset = 0] = query.cursor === undefined ? [] : readCursor(query.cursor, 2);
  const items: object[] = [];
  for (let looked = 0; shard < log.shards('spend') && looked < recordsLookedThrough; ) {
    const { first, next } = await log.bounds('spend', shard);
    if (offset > next)
      throw new AdtallyError('VALIDATION_FAILED', 'this is no cursor of this list', { path: 'cursor' });
    const records = await log.read('spend', shard, Math.max(first, offset), readRecords);
    for (const record of records) {
      if (items.length === limit) return { items, next_cursor: writeCursor([shard, record.offset]) };
      const verdict = asVerdict(registry, record);
      if (verdict !== null) items.push(verdict);
      offset = record.offset + 1;
    }
    looked += records.length;
    if (records.length < readRecords) [shard, offset] = [shard + 1, 0];
  }
  return { items, next_cursor: shard < log.shards('spend') ? writeCursor([shard, offset]) : null };
}

function asVerdict(registry: SchemaRegistry, record: LogRecord): object | null {
  const decoded = readableRecord(registry, record.value);
  if (decoded?.name !== 'TrafficInvalidated') return null;
  const { value } = decoded;
  return { ...value, judged_at: formatTime(value.judged_at), shard: record.shard, offset: record.offset };
}
