import type { parseArgs } from 'node:util';
import { csvLine, csvTable } from '../dashboards/csv.ts';
import { recordJson } from '../dashboards/record-json.ts';
import { entryColumns, statementColumns, statementRows } from '../dashboards/routes/ledger-columns.ts';
import { askedCut, entryFilter, given } from '../dashboards/routes/ledger-parameters.ts';
import { AdtallyError } from '../domain/errors.ts';
import { isEntityId, isUuid } from '../domain/identity.ts';
import { accounts } from '../ledger/accounts.ts';
import { entryKinds } from '../ledger/entries.ts';
import type { LedgerTruth } from '../ports/ledger-index.ts';
import type { LedgerQueries, Seal } from '../ports/ledger-queries.ts';
import { textTable } from './text-table.ts';

/** Options of `adtally ledger`. */
export const ledgerOptions = {
  truth: { type: 'string' },
  advertiser: { type: 'string' },
  campaign: { type: 'string' },
  account: { type: 'string' },
  kind: { type: 'string' },
  selection: { type: 'string' },
  'service-period': { type: 'string' },
  'posting-period': { type: 'string' },
  limit: { type: 'string' },
  'as-of': { type: 'string' },
  'as-of-position': { type: 'string' },
  rebuild: { type: 'boolean' },
  json: { type: 'boolean' },
  csv: { type: 'boolean' },
} as const;

type Options = ReturnType<typeof parseArgs<{ options: typeof ledgerOptions; allowPositionals: true }>>['values'];

interface Question {
  readonly queries: LedgerQueries;
  readonly options: Options;
  /** What stands after the verb. */
  readonly names: readonly string[];
}

interface Verb {
  /** What has to stand after it, with the form of each. */
  readonly names: readonly (readonly [name: string, isWell: (text: string) => boolean])[];
  /** Options that mean something to it, besides those that every verb takes. */
  readonly options: readonly (keyof Options)[];
  /** Writes its answer to the standard output. */
  readonly answer: (question: Question) => Promise<void>;
}

const isPeriod = (text: string) => /^[0-9]{4}-(0[1-9]|1[0-2])$/.test(text);
const isAdvertiser = (text: string) => isEntityId('advertiser', text);
const isCampaign = (text: string) => isEntityId('campaign', text);

const filters = ['account', 'kind', 'selection', 'service-period', 'posting-period', 'limit'] as const;

/** What `adtally ledger` can be asked. */
const verbs: Readonly<Record<string, Verb>> = {
  balances: { names: [], options: ['truth', 'advertiser', 'campaign'], answer: balances },
  entries: { names: [], options: ['truth', 'advertiser', 'campaign', 'csv', ...filters], answer: entries },
  statement: {
    names: [
      ['ADVERTISER', isAdvertiser],
      ['YYYY-MM', isPeriod],
    ],
    options: ['csv'],
    answer: statement,
  },
  explain: { names: [['SELECTION', isUuid]], options: [], answer: explain },
};

const everyVerb: readonly (keyof Options)[] = ['as-of', 'as-of-position', 'rebuild', 'json'];

/** Forms of the values of options; the error says what they are. */
const forms: readonly (readonly [option: keyof Options, isWell: (text: string) => boolean, meaning: string])[] = [
  ['truth', (text) => text === 'tentative' || text === 'final', 'tentative or final'],
  ['advertiser', isAdvertiser, 'an adv_… id'],
  ['campaign', isCampaign, 'a cmp_… id'],
  ['account', (text) => Object.hasOwn(accounts, text), `one of ${Object.keys(accounts).join(', ')}`],
  ['kind', (text) => entryKinds.some((kind) => kind === text), `one of ${entryKinds.join(', ')}`],
  ['selection', isUuid, 'the id of a selection'],
  ['service-period', isPeriod, 'a month, YYYY-MM'],
  ['posting-period', isPeriod, 'a month, YYYY-MM'],
  ['limit', (text) => /^[1-9][0-9]{0,8}$/.test(text), 'a whole number from 1'],
];

/** Finds what a verb asks for. Error: `VALIDATION_FAILED`, naming the argument that is missing, too much or not of its form. */
export function readLedgerQuestion(
  verb: string,
  names: readonly string[],
  options: Options,
): (queries: LedgerQueries) => Promise<void> {
  const found = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (found === undefined) throw refused(`ask for one of ${Object.keys(verbs).join(', ')}, not for`, verb);
  checkNames(verb, found, names);
  const known = [...everyVerb, ...found.options];
  const strange = (Object.keys(options) as (keyof Options)[]).find((name) => !known.includes(name));
  if (strange !== undefined) throw refused(`adtally ledger ${verb} does not take`, `--${strange}`);
  for (const [name, isWell, meaning] of forms) {
    const text = options[name];
    if (typeof text === 'string' && !isWell(text)) throw refused(`--${name} is ${meaning}, not`, text);
  }
  at(options);
  return (queries) => found.answer({ queries, options, names });
}

function checkNames(verb: string, { names: wanted }: Verb, names: readonly string[]): void {
  for (const [index, [name, isWell]] of wanted.entries()) {
    const text = names[index];
    if (text === undefined) throw new AdtallyError('VALIDATION_FAILED', `adtally ledger ${verb}: ${name} is missing`);
    if (!isWell(text)) throw refused(`adtally ledger ${verb}: ${name} can't be`, text);
  }
  const extra = names[wanted.length];
  if (extra !== undefined) throw refused(`adtally ledger ${verb} does not take`, extra);
}

function refused(sentence: string, text: string): AdtallyError {
  return new AdtallyError('VALIDATION_FAILED', `${sentence} ${JSON.stringify(text)}`);
}

const at = (asked: Options) => askedCut(given({ as_of: asked['as-of'], as_of_position: asked['as-of-position'] }));

const truthOf = ({ truth }: Options) => truth as LedgerTruth | undefined;

async function balances({ queries, options: asked }: Question): Promise<void> {
  const filter = given({ advertiserId: asked.advertiser, campaignId: asked.campaign });
  const answer = await queries.balances({ truth: truthOf(asked) ?? 'final', ...filter, at: at(asked) });
  if (asked.json) return writeJson(answer);
  const rows = answer.balances.map((b) => [
    b.account,
    b.normal_side,
    b.advertiser_id,
    b.campaign_id,
    b.currency,
    b.debit_micros,
    b.credit_micros,
    b.balance,
  ]);
  const header = ['account', 'grows', 'advertiser', 'campaign', 'currency', 'debit micros', 'credit micros', 'balance'];
  write(`${answer.truth} ledger ${sealText(answer)}\n\n${textTable(header, rows)}`);
}

async function entries({ queries, options: asked }: Question): Promise<void> {
  const truth = truthOf(asked);
  const most = asked.limit === undefined ? Number.POSITIVE_INFINITY : Number(asked.limit);
  const filter = entryFilter(
    given({
      account: asked.account,
      kind: asked.kind,
      advertiser_id: asked.advertiser,
      campaign_id: asked.campaign,
      selection_id: asked.selection,
      service_period: asked['service-period'],
      posting_period: asked['posting-period'],
    }),
  );
  const question = { truths: truth === undefined ? (['tentative', 'final'] as const) : [truth], filter, at: at(asked) };
  if (asked.csv) write(csvLine(entryColumns));
  let left = most;
  for (let cursor: string | null = ''; cursor !== null && left > 0; ) {
    const limit = Math.min(left, 1000);
    const page = await queries.entries({ ...question, limit, ...(cursor !== '' && { cursor }) });
    for (const row of page.items) {
      write(asked.csv ? csvLine(entryColumns.map((column) => row[column])) : `${JSON.stringify(row)}\n`);
    }
    left -= page.items.length;
    cursor = page.next_cursor;
  }
}

async function statement({ queries, options: asked, names }: Question): Promise<void> {
  const [advertiserId = '', period = ''] = names;
  const answer = await queries.statement({ advertiserId, period, at: at(asked) });
  if (asked.json) return writeJson(answer);
  const rows = statementRows(answer);
  if (asked.csv) return write(csvTable(statementColumns, rows));
  const status = answer.final ? 'final' : `not final yet (${answer.open_streams.join(', ')})`;
  write(
    `${answer.name} (${answer.advertiser_id}), ${period} in ${answer.time_zone}: ${status}\n${sealText(answer)}\n\n`,
  );
  const columns = ['section', 'currency', 'campaign_id', 'category', 'service_period', 'events', 'amount'] as const;
  write(
    textTable(
      columns,
      rows.map((row) => columns.map((column) => row[column] as string | number | null)),
    ),
  );
}

async function explain({ queries, options: asked, names }: Question): Promise<void> {
  const [selectionId = ''] = names;
  const answer = await queries.selection(selectionId, at(asked));
  if (answer.state === 'unknown') throw new AdtallyError('NOT_FOUND', `there is no selection ${selectionId}`);
  const events = answer.events.map(({ record, ...event }) => {
    return { ...event, name: record?.name ?? null, value: record === null ? null : recordJson(record) };
  });
  if (asked.json) return writeJson({ ...answer, events });
  write(
    `${selectionId}: ${answer.state}\n${answer.why.map((sentence) => `  ${sentence}\n`).join('')}${sealText(answer)}\n\n`,
  );
  write(
    textTable(
      ['record', 'where', 'arrived'],
      events.map((e) => [e.name ?? e.problem, `${e.topic}/${e.shard}/${e.offset}`, e.appended_at]),
    ),
  );
  const booked = [...answer.tentative, ...answer.final];
  write(
    `\n${textTable(
      ['ledger', 'offset', 'entry', 'debit', 'credit', 'amount', 'currency'],
      booked.map((e) => [e.truth, e.source_offset, e.kind, e.debit_account, e.credit_account, e.amount, e.currency]),
    )}`,
  );
}

function sealText({ cut, as_of_position, digest }: Seal): string {
  return `at ${cut ?? 'positions'} (${as_of_position}), digest ${digest}`;
}

function writeJson(value: unknown): void {
  write(`${JSON.stringify(value, null, 2)}\n`);
}

function write(text: string): void {
  process.stdout.write(text);
}
