const micros = { type: 'string', description: 'Decimal integer of micros.' } as const;
const major = { type: 'string', description: 'The same amount in major units, exact, six decimals.' } as const;
const text = { type: 'string' } as const;
const orNull = { type: ['string', 'null'] } as const;
const time = { type: 'string', format: 'date-time' } as const;
const whole = { type: 'integer' } as const;
const period = { type: 'string', pattern: '^[0-9]{4}-(0[1-9]|1[0-2])$', description: 'YYYY-MM.' } as const;
const truth = { type: 'string', enum: ['tentative', 'final'] } as const;

function object(properties: Readonly<Record<string, object>>, more: object = {}) {
  return { type: 'object', properties, ...more };
}

function listOf(properties: Readonly<Record<string, object>>) {
  return { type: 'array', items: object(properties) };
}

/** Every answer says at which cut it holds. */
const seal = {
  cut: { type: ['string', 'null'], description: 'Time of the cut; null if it was asked for by positions.' },
  positions: listOf({ stream: text, offset: whole, entries: whole, chain_head: text }),
  as_of_position: { type: 'string', description: 'The positions in the form that the parameter takes.' },
  digest: {
    type: 'string',
    description: 'SHA-256 over the sorted streams with their positions and chain heads: equal digests, equal entries.',
  },
};

const cutParameters = {
  as_of: {
    type: 'string',
    maxLength: 40,
    description:
      'In each shard everything before the first tick at or after this time. The latest common cut if left out.',
  },
  as_of_position: { type: 'string', maxLength: 8000, description: 'Exact positions in `spend`, as 0:123,1:456.' },
};

function parameters(properties: Readonly<Record<string, object>>, required: readonly string[] = []) {
  return object({ ...properties, ...cutParameters }, { additionalProperties: false, required });
}

const advertiserId = { type: 'string', pattern: '^adv_[0-9A-Za-z]{1,12}$' } as const;
const campaignId = { type: 'string', pattern: '^cmp_[0-9A-Za-z]{1,12}$' } as const;
const selectionId = {
  type: 'string',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
} as const;

const entry = {
  truth,
  shard: whole,
  number: { type: 'integer', description: 'Place in its stream, from 0.' },
  source_offset: whole,
  ordinal: whole,
  kind: text,
  selection_id: orNull,
  advertiser_id: text,
  campaign_id: orNull,
  line_item_id: orNull,
  publisher_id: orNull,
  debit_account: text,
  credit_account: text,
  amount_micros: micros,
  amount: major,
  currency: text,
  service_period: text,
  posting_period: text,
  posted_at: time,
  selected_at: orNull,
  reference: text,
  chain_hash: text,
};

const amounts = { debit_micros: micros, credit_micros: micros, amount_micros: micros, amount: major };
const line = { campaign_id: text, service_period: text, events: whole, ...amounts };
const credit = { category: text, ...line };
const tags = ['finance'];

/** Request and answer of each ledger route. Amounts of accounts are credits − debits. */
export const ledgerSchemas = {
  balances: {
    summary: 'Balances at a cut',
    description: 'Balance = credits − debits; `normal_side` is where the account grows.',
    tags,
    querystring: parameters({ truth, advertiser_id: advertiserId, campaign_id: campaignId }),
    response: {
      200: object({
        truth,
        ...seal,
        balances: listOf({
          account: text,
          normal_side: { type: 'string', enum: ['debit', 'credit'] },
          advertiser_id: text,
          campaign_id: orNull,
          currency: text,
          debit_micros: micros,
          credit_micros: micros,
          balance_micros: micros,
          balance: major,
        }),
        trial_balance: listOf({
          currency: text,
          debit_micros: micros,
          credit_micros: micros,
          difference_micros: micros,
        }),
      }),
    },
  },
  entries: {
    summary: 'Entries before a cut',
    description:
      'By stream, then in the order of the stream. `Accept: application/x-ndjson` or `text/csv` gives all of them (or `limit`) in one answer, with the cut in headers.',
    tags,
    querystring: parameters({
      truth,
      account: { type: 'string', pattern: '^[a-z_:]{1,40}$', description: 'Debited or credited.' },
      advertiser_id: advertiserId,
      campaign_id: campaignId,
      selection_id: selectionId,
      service_period: period,
      posting_period: period,
      kind: { type: 'string', pattern: '^[a-z_]{1,40}$' },
      limit: { type: 'string', pattern: '^[0-9]{1,4}$', description: '1 to 500; 100 if left out.' },
      cursor: { type: 'string', maxLength: 8000, description: '`next_cursor` of the page before; keeps its cut.' },
    }),
    response: {
      200: {
        description: 'Entries',
        content: {
          'application/json': { schema: object({ ...seal, items: listOf(entry), next_cursor: orNull }) },
          'application/x-ndjson': { schema: { type: 'string' } },
          'text/csv': { schema: { type: 'string' } },
        },
      },
    },
  },
  selection: {
    summary: 'Everything that one ad did',
    description:
      'Its records in the log, its entries in both ledgers, its state and why. Without `as_of`: the freshest that both ledgers of its shard have.',
    tags,
    params: object({ selection_id: selectionId }),
    querystring: parameters({}),
    response: {
      200: object({
        selection_id: text,
        shard: whole,
        advertiser_id: orNull,
        campaign_id: orNull,
        state: text,
        why: { type: 'array', items: text },
        currency: orNull,
        amounts: { type: 'object', additionalProperties: { type: 'string' } },
        tentative: listOf(entry),
        final: listOf(entry),
        events: {
          type: 'array',
          items: object({
            topic: text,
            shard: whole,
            offset: whole,
            appended_at: time,
            name: orNull,
            value: { type: ['object', 'null'], additionalProperties: true },
            problem: orNull,
          }),
        },
        events_total: whole,
        trace: {
          type: ['object', 'null'],
          description:
            'The OpenTelemetry trace of the ad, if it is sampled (TRACE_SAMPLING), and its page (TRACE_VIEW_URL).',
          properties: { trace_id: text, url: orNull },
        },
        ...seal,
      }),
    },
  },
  statement: {
    summary: 'Statement of an advertiser for one posting month',
    description:
      'Closing = opening + lines + credits + adjustments. Amounts are credits − debits on what the advertiser owes, so a charge is negative. `final` once both ledgers have passed the close of the month on every shard.',
    tags,
    params: object({ advertiser_id: { type: 'string', maxLength: 64 } }),
    querystring: parameters({ period }, ['period']),
    response: {
      200: {
        description: 'Statement',
        content: {
          'application/json': {
            schema: object({
              advertiser_id: text,
              name: text,
              time_zone: text,
              period: text,
              final: { type: 'boolean' },
              open_streams: { type: 'array', items: text },
              accounts: { type: 'array', items: text },
              normal_side: text,
              statements: listOf({
                currency: text,
                opening: object(amounts),
                lines: listOf(line),
                credits: listOf(credit),
                adjustments: listOf(credit),
                closing: object(amounts),
                invoiced_micros: micros,
                invoiced: major,
              }),
              ...seal,
            }),
          },
          'text/csv': { schema: { type: 'string' } },
        },
      },
    },
  },
} as const;
