import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { parseKeys } from '../../dashboards/auth.ts';
import { buildConsole } from '../../dashboards/console-app.ts';
import { ledgerRoutes } from '../../dashboards/routes/ledger.ts';
import type { EntriesBooked } from '../../domain/records.ts';
import { genesis } from '../../ledger/chain.ts';
import type { EntryRow } from '../../ports/ledger-queries.ts';
import type { SpendRecord } from '../../streams/processors/spend-lifecycle.ts';
import { SpendFold } from '../../streams/runtime/spend-fold.ts';
import { parseCsv } from '../csv-reader.ts';
import { type BookedEntry, entriesOf, openLedgerWorld } from '../sample-ledger.ts';
import { contents, history } from '../spend-histories.ts';
import { noon, tick } from '../spend-story.ts';
import { mutatedBytes } from './mutations.ts';
import { checkAnswer } from './public-world.ts';
import { fuzzTarget, type Seen } from './target.ts';

const key = 'finance-key-0123456789';
const shards = 2;
const party = { name: 'A', time_zone: 'UTC', calendar: 0, currency: 'EUR' };

/** Every shard's entries of both ledgers, as its writers would append them. */
function booked(records: readonly SpendRecord[], shard: number): readonly EntriesBooked[] {
  const tail = { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 };
  const fold = new SpendFold({ shard, tails: { tentative: tail, final: tail }, maxAppendBytes: 20_000 });
  for (const record of records) fold.fold(record);
  return [...fold.tentative.take(fold.state.foldTime), ...fold.final.take(fold.state.foldTime)];
}

interface Tick {
  readonly offset: number;
  readonly time: number;
}

function ticksOf(records: readonly SpendRecord[]): Tick[] {
  return records.flatMap(({ name, value }, offset) =>
    name === 'TimeAdvanced' ? [{ offset, time: value.advanced_to }] : [],
  );
}

/** The oracle: everything that was booked, and what a cut takes of it, worked out from the ticks of the log alone. */
interface Story {
  readonly entries: readonly BookedEntry[];
  readonly ticks: readonly (readonly Tick[])[];
}

/** Offset in each shard up to which a cut at a time counts; null if a shard has not come so far. */
function cutAt({ ticks }: Story, time: number | null): readonly number[] | null {
  const latest = Math.min(...ticks.map((shard) => Math.max(...shard.map((tick) => tick.time))));
  const reached = ticks.map((shard) => shard.find((tick) => tick.time >= (time ?? latest))?.offset);
  return reached.every((offset) => offset !== undefined) ? (reached as number[]) : null;
}

const fields = [
  'advertiser_id',
  'campaign_id',
  'account',
  'kind',
  'service_period',
  'posting_period',
  'selection_id',
] as const;
type Filter = Readonly<Partial<Record<(typeof fields)[number], string>>>;

const values: Readonly<Record<(typeof fields)[number], readonly string[]>> = {
  advertiser_id: ['adv_0', 'adv_1', 'adv_2'],
  campaign_id: ['cmp_0', 'cmp_1', 'cmp_2', 'cmp_3'],
  account: [
    'campaign:reserved',
    'campaign:authority',
    'campaign:incurred',
    'advertiser:unbilled',
    'publisher:payable',
    'platform:revenue',
    'rounding',
    'contra:givt',
    'absorbed',
    'nothing',
  ],
  kind: ['draw', 'release', 'incur', 'certify', 'reverse', 'void', 'adjust', 'nothing'],
  service_period: ['2026-10', '2026-11'],
  posting_period: ['2026-10', '2026-11', '2026-12'],
  selection_id: contents.map(({ selection_id }) => selection_id),
};

function takes(filter: Filter, entry: BookedEntry): boolean {
  return fields.every((field) => {
    const wanted = filter[field];
    if (wanted === undefined) return true;
    if (field === 'account') return entry.debit_account === wanted || entry.credit_account === wanted;
    return entry[field] === wanted;
  });
}

interface Question {
  readonly filter: Filter;
  readonly truth: 'tentative' | 'final' | undefined;
  readonly asOf: number | null;
  readonly limit: number;
  readonly spoil: { readonly bytes: Buffer };
}

/** Every history ends with a tick so many half days after its beginning. */
const lastCut = 60;

/** Every subset of the filters, small ones more often, with values that occur and values that do not. */
const filter: fc.Arbitrary<Filter> = fc
  .oneof(
    fc.subarray([...fields], { maxLength: 1 }),
    fc.subarray([...fields], { maxLength: 2 }),
    fc.subarray([...fields]),
  )
  .chain((chosen) => fc.record(Object.fromEntries(chosen.map((field) => [field, fc.constantFrom(...values[field])]))));

const question: fc.Arbitrary<Question> = fc.record({
  filter,
  truth: fc.constantFrom(undefined, 'tentative' as const, 'final' as const),
  asOf: fc.option(fc.integer({ min: -1, max: lastCut + 2 }).map((halfDays) => noon + halfDays * 43_200_000)),
  limit: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 500 })),
  spoil: mutatedBytes([{ bytes: Buffer.alloc(60) }]),
});

interface Asked {
  readonly app: FastifyInstance;
  readonly story: Story;
  readonly seen: Seen;
}

async function get(app: FastifyInstance, url: string, accept = 'application/json') {
  const {
    statusCode: status,
    headers,
    body: text,
  } = await app.inject({ url, headers: { authorization: `Bearer ${key}`, accept } });
  const outcome = checkAnswer({ status, type: String(headers['content-type']), text });
  return { status, text, outcome };
}

function urlOf(path: string, parts: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(parts).filter(([, value]) => value !== undefined);
  return `${path}?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')}`;
}

const asOfText = ({ asOf }: Question) => (asOf === null ? undefined : new Date(asOf).toISOString());

/** All pages of the entries of a question are what brute force finds, in its order, each once; the same as NDJSON and as CSV. */
async function checkEntries({ app, story, seen }: Asked, asked: Question): Promise<void> {
  const { filter, truth, limit } = asked;
  const cut = cutAt(story, asked.asOf);
  const parts = { ...filter, truth, as_of: asOfText(asked) };
  const rows: EntryRow[] = [];
  let cursor: string | undefined;
  do {
    const { status, text, outcome } = await get(app, urlOf('/v1/ledger/entries', { ...parts, limit, cursor }));
    seen(`entries ${outcome}`);
    if (cut === null) return strictEqual(status, 409);
    strictEqual(status, 200, text);
    const page = JSON.parse(text) as { items: EntryRow[]; next_cursor: string | null };
    ok(page.items.length <= limit);
    rows.push(...page.items);
    cursor = page.next_cursor ?? undefined;
    if (cursor !== undefined)
      await checkSpoiltCursor({ app, story, seen }, urlOf('/v1/ledger/entries', { ...parts, limit }), {
        cursor,
        asked,
      });
  } while (cursor !== undefined);
  const expected = story.entries
    .filter(
      (entry) =>
        (truth === undefined || entry.truth === truth) &&
        entry.source_offset < (cut[entry.shard] as number) &&
        takes(filter, entry),
    )
    .map((entry) => Buffer.from(entry.chain_hash).toString('hex'));
  deepStrictEqual(rows.map(({ chain_hash }) => chain_hash).toSorted(), expected.toSorted());
  strictEqual(new Set(rows.map((row) => `${row.truth} ${row.shard} ${row.number}`)).size, rows.length);
  const ndjson = await get(app, urlOf('/v1/ledger/entries', parts), 'application/x-ndjson');
  deepStrictEqual(
    ndjson.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as EntryRow),
    rows,
  );
  const [header = [], ...lines] = parseCsv((await get(app, urlOf('/v1/ledger/entries', parts), 'text/csv')).text);
  const hash = header.indexOf('chain_hash');
  deepStrictEqual(
    lines.map((line) => line[hash]),
    rows.map(({ chain_hash }) => chain_hash),
  );
}

/** A cursor that was tampered with is refused, or asks for entries of the same question: it never shows another's, and never breaks anything. */
async function checkSpoiltCursor(
  asked: Asked,
  url: string,
  { cursor, asked: question }: { cursor: string; asked: Question },
): Promise<void> {
  const genuine = Buffer.from(cursor, 'base64url');
  const text = genuine.toString();
  const spoilt = [
    text.replace(/\d{6,}/, '9000000000000000'),
    text.replace(/,(\d+)\]$/, ',9007199254740991]'),
    text.replace(/-\d+"/, '-99"'),
    Buffer.from(genuine.map((byte, index) => byte ^ (question.spoil.bytes[index] ?? 0))).toString('latin1'),
  ];
  for (const one of spoilt) {
    const {
      status,
      text: body,
      outcome,
    } = await get(asked.app, `${url}&cursor=${Buffer.from(one).toString('base64url')}`);
    asked.seen(`cursor ${outcome}`);
    if (status !== 200) continue;
    for (const item of (JSON.parse(body) as { items: EntryRow[] }).items) {
      for (const field of ['advertiser_id', 'campaign_id', 'kind', 'selection_id'] as const) {
        const wanted = question.filter[field];
        if (wanted !== undefined) strictEqual(item[field], wanted);
      }
    }
  }
}

async function checkBalances({ app, story, seen }: Asked, asked: Question): Promise<void> {
  const { advertiser_id, campaign_id } = asked.filter;
  const truth = asked.truth ?? 'final';
  const { status, text, outcome } = await get(
    app,
    urlOf('/v1/ledger/balances', { truth: asked.truth, advertiser_id, campaign_id, as_of: asOfText(asked) }),
  );
  seen(`balances ${outcome}`);
  const cut = cutAt(story, asked.asOf);
  if (cut === null) return strictEqual(status, 409);
  const filter = { ...(advertiser_id && { advertiser_id }), ...(campaign_id && { campaign_id }) };
  const sums = new Map<string, bigint>();
  for (const entry of story.entries) {
    if (entry.truth !== truth || entry.source_offset >= (cut[entry.shard] as number) || !takes(filter, entry)) continue;
    for (const [account, sign] of [
      [entry.debit_account, -1n],
      [entry.credit_account, 1n],
    ] as const) {
      const at = [account, entry.advertiser_id, entry.campaign_id, entry.currency].join();
      sums.set(at, (sums.get(at) ?? 0n) + sign * BigInt(entry.amount_micros));
    }
  }
  const { balances, trial_balance } = JSON.parse(text) as {
    balances: {
      account: string;
      advertiser_id: string;
      campaign_id: string | null;
      currency: string;
      balance_micros: string;
    }[];
    trial_balance: { difference_micros: string }[];
  };
  const found = balances.map(
    (one) =>
      [
        [one.account, one.advertiser_id, one.campaign_id ?? '', one.currency].join(),
        BigInt(one.balance_micros),
      ] as const,
  );
  deepStrictEqual(new Map(found), sums);
  for (const { difference_micros } of trial_balance) strictEqual(difference_micros, '0');
}

interface ShownStatement {
  readonly opening: { amount_micros: string };
  readonly closing: { amount_micros: string };
  readonly lines: readonly { amount_micros: string }[];
  readonly credits: readonly { amount_micros: string }[];
  readonly adjustments: readonly { amount_micros: string }[];
}

async function checkStatement({ app, story, seen }: Asked, asked: Question): Promise<void> {
  const advertiser = asked.filter.advertiser_id ?? 'adv_1';
  const period = asked.filter.posting_period ?? '2026-10';
  const { status, text, outcome } = await get(
    app,
    urlOf(`/v1/ledger/statements/${advertiser}`, { period, as_of: asOfText(asked) }),
  );
  seen(`statement ${outcome}`);
  if (advertiser === 'adv_2') return strictEqual(status, 404);
  const cut = cutAt(story, asked.asOf);
  if (cut === null) return strictEqual(status, 409);
  const owed = (isCounted: (posting: string) => boolean) => {
    let sum = 0n;
    for (const entry of story.entries) {
      if (entry.truth !== 'final' || entry.advertiser_id !== advertiser || !isCounted(entry.posting_period)) continue;
      if (entry.source_offset >= (cut[entry.shard] as number)) continue;
      if (entry.credit_account.startsWith('advertiser:')) sum += BigInt(entry.amount_micros);
      if (entry.debit_account.startsWith('advertiser:')) sum -= BigInt(entry.amount_micros);
    }
    return String(sum);
  };
  const [shown] = (JSON.parse(text) as { statements: readonly ShownStatement[] }).statements;
  strictEqual(
    shown?.opening.amount_micros,
    owed((posting) => posting < period),
  );
  strictEqual(
    shown?.closing.amount_micros,
    owed((posting) => posting <= period),
  );
  const moved = [...(shown?.lines ?? []), ...(shown?.credits ?? []), ...(shown?.adjustments ?? [])];
  strictEqual(
    String(moved.reduce((sum, { amount_micros }) => sum + BigInt(amount_micros), 0n)),
    owed((posting) => posting === period),
  );
}

async function checkSelection({ app, story, seen }: Asked, asked: Question): Promise<void> {
  const id = asked.filter.selection_id ?? values.selection_id[0];
  const { status, text, outcome } = await get(app, `/v1/ledger/selections/${id}`);
  seen(`selection ${outcome}`);
  if (status !== 200) return;
  const shown = JSON.parse(text) as { shard: number; tentative: EntryRow[]; final: EntryRow[] };
  for (const truth of ['tentative', 'final'] as const) {
    const expected = story.entries.filter(
      (entry) => entry.truth === truth && entry.shard === shown.shard && entry.selection_id === id,
    );
    const found = new Set(shown[truth].map(({ chain_hash }) => chain_hash));
    for (const hash of found) ok(expected.some((entry) => Buffer.from(entry.chain_hash).toString('hex') === hash));
  }
}

/** Several lives one after the other: time that goes back means nothing to a fold. */
const ended = fc
  .array(history, { minLength: 3, maxLength: 8 })
  .map((parts) => [...parts.flat(), tick(lastCut * 43_200_000)]);

const finance = fuzzTarget({
  name: 'finance-queries',
  about:
    'Ledgers of made-up histories of two shards; every combination of filters of entries, balances, statements and selections, at any cut, in any pages and formats, against adding up all entries: to the micro, each once; spoilt cursors.',
  shortRuns: 25,
  open: () => ({
    inputs: fc.record({ first: ended, second: ended, questions: fc.array(question, { minLength: 8, maxLength: 16 }) }),
    holds: async ({ first, second, questions }, seen) => {
      const world = await openLedgerWorld(shards, { adv_0: party, adv_1: party });
      const errors: Error[] = [];
      const routes = [ledgerRoutes({ queries: world.queries, campaignOwner: async () => null })];
      const app = await buildConsole({
        keys: parseKeys(`finance=${key}`),
        routes,
        onError: (error) => errors.push(error),
      });
      try {
        const batches = [...booked(first, 0), ...booked(second, 1)];
        await world.append(batches);
        const failures = await world.catchUp();
        strictEqual(failures.size, 0);
        const asked = { app, seen, story: { entries: entriesOf(batches), ticks: [ticksOf(first), ticksOf(second)] } };
        for (const one of questions) {
          await checkEntries(asked, one);
          await checkBalances(asked, one);
          await checkStatement(asked, one);
          await checkSelection(asked, one);
        }
        strictEqual(errors[0]?.stack, undefined);
      } finally {
        await app.close();
        await world.close();
      }
    },
  }),
});

export const financeTargets = [finance];
