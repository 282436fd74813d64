import { type Child, details, h, table } from './dom.ts';
import { clock, count, money, percent, plural, textOf } from './format.ts';
import type { Choice, EntryRow, Story, StoryEvent } from './types.ts';

/** How each state of a selection is coloured: nothing is wrong with money that waits. */
const stateLooks: Readonly<Record<string, string>> = {
  final: 'good',
  incurred: 'wait',
  reserved: 'wait',
  suspended: 'wait',
  unbooked: 'wait',
  voided: 'bad',
  reversed: 'bad',
  partly_reversed: 'bad',
  absorbed: 'bad',
  absorbed_voided: 'bad',
};

export function stateBadge(state: string): HTMLElement {
  return h('span', { class: `badge ${stateLooks[state] ?? ''}` }, state.replaceAll('_', ' '));
}

/** Everything that one selection did and why. */
export function storyParts(story: Story): readonly Child[] {
  return [
    storyHead(story),
    h('h3', {}, 'What happened'),
    timeLine(story.events),
    story.events_total > story.events.length
      ? h('p', { class: 'dim' }, `The first ${story.events.length} of ${count(story.events_total)} records.`)
      : null,
    h('h3', {}, 'In the ledgers'),
    ledgers(story, 'halves'),
    ...verdicts(story),
    h('h3', {}, 'Why it was chosen'),
    ...whyChosen(story),
    details(
      'raw',
      `Raw records (${story.events.length})`,
      h('pre', { tabindex: '0' }, JSON.stringify(story.events, null, 2)),
    ),
    h('p', { class: 'dim mono' }, `digest ${story.digest.slice(0, 24)}… at ${story.as_of_position}`),
  ];
}

function storyHead(story: Story): HTMLElement {
  const billing = story.events.find(({ value }) => value?.billing !== undefined)?.value?.billing;
  const price =
    billing === undefined ? null : `${billing.pricing_model} at ${money(billing.price_micros, billing.currency)}`;
  return h(
    'div',
    {},
    h(
      'p',
      { class: 'row' },
      stateBadge(story.state),
      h('span', { class: 'mono' }, story.selection_id),
      h('span', {}, price),
    ),
    h(
      'p',
      { class: 'dim' },
      [story.advertiser_id, story.campaign_id, billing?.line_item_id].filter((id) => id).join(' → '),
    ),
    h('ul', {}, ...story.why.map((sentence) => h('li', {}, sentence))),
  );
}

/** When it happened, by the record itself; when it was appended if it does not say. */
function timeOf({ value, appended_at }: StoryEvent): string {
  const own = value?.beacon?.received_at;
  if (typeof own === 'string') return own;
  for (const [field, part] of Object.entries(value ?? {})) {
    if (field.endsWith('_at') && !field.endsWith('expires_at') && typeof part === 'string') return part;
  }
  return value?.billing === undefined
    ? appended_at
    : String((value.billing as unknown as { selected_at: string }).selected_at);
}

interface Step {
  readonly at: string;
  readonly name: string;
  readonly note: string;
  readonly looks: string;
  readonly places: string[];
  /** What tells arrivals apart. */
  readonly ids: Set<string>;
}

/** Order of what has the same time: an ad is chosen before it is paid for. */
const order = [
  'AdSelected',
  'SpendReserved',
  'MarkupReturned',
  'ImpressionRendered',
  'AdViewable',
  'AdClicked',
  'SpendIncurred',
];

function timeLine(events: readonly StoryEvent[]): HTMLElement {
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const sorted = events
    .map((event) => ({ event, at: timeOf(event) }))
    .toSorted((a, b) => (a.at === b.at ? rank(a.event.name ?? '') - rank(b.event.name ?? '') : a.at < b.at ? -1 : 1));
  const steps: Step[] = [];
  for (const { event, at } of sorted) {
    const step = stepOf(event, at);
    const last = steps.at(-1);
    if (last !== undefined && last.name === step.name && last.note === step.note) mergeInto(last, step);
    else steps.push(step);
  }
  return h('ol', { class: 'time-line' }, ...steps.map(showStep));
}

function mergeInto(step: Step, other: Step): void {
  step.places.push(...other.places);
  for (const id of other.ids) step.ids.add(id);
}

function showStep({ at, name, note, looks, places, ids }: Step): HTMLElement {
  const [first = ''] = places;
  const where = places.length === 1 ? first : `${first} and ${plural(places.length - 1, 'more')}`;
  return h(
    'li',
    { class: looks },
    h('time', { datetime: at, title: at }, clock(at)),
    h('b', {}, ids.size === 1 ? name : `${name} × ${ids.size}`),
    note === '' ? null : ` ${note}`,
    places.length > ids.size ? ', drained again after a crash' : null,
    h('span', { class: 'dim mono' }, `  ${where}`),
  );
}

function stepOf(event: StoryEvent, at: string): Step {
  const { topic, shard, offset, name, problem } = event;
  const looks = topic !== 'spend' ? '' : name === 'TrafficInvalidated' ? 'verdict' : 'money';
  return {
    at,
    name: name ?? `unreadable (${problem})`,
    note: noteOf(event),
    looks,
    places: [`${topic}/${shard}/${offset}`],
    ids: new Set([idOf(event)]),
  };
}

/** A receipt for what arrived, else the event; its place if it can't be read. */
function idOf({ value, topic, shard, offset }: StoryEvent): string {
  const id = value?.beacon?.receipt_id ?? value?.['receipt_id'] ?? value?.['event_id'];
  return typeof id === 'string' ? id : `${topic}/${shard}/${offset}`;
}

function noteOf({ name, value }: StoryEvent): string {
  if (value === null) return '';
  const { beacon, billing } = value;
  if (beacon !== undefined)
    return `${beacon.judgement.toLowerCase()}, ${beacon.transport.toLowerCase()} from ${beacon.network}`;
  if (name === 'TrafficInvalidated')
    return `${textOf(value['category'])}, ${textOf(value['rule'])}: ${textOf(value['reason'])}`;
  if (billing === undefined) return '';
  if (name === 'SpendReserved' || name === 'SpendIncurred') return money(billing.price_micros, billing.currency);
  if (name === 'AdSelected') return `for ${billing.placement_id} by ${billing.node}`;
  return '';
}

/** Both ledgers, beside or above each other. */
export function ledgers(
  { tentative, final, currency }: Pick<Story, 'tentative' | 'final' | 'currency'>,
  form: 'halves' | 'stacked',
): HTMLElement {
  return h('div', { class: form }, ledger('Tentative', tentative, currency), ledger('Final', final, currency));
}

function ledger(title: string, entries: readonly EntryRow[], currency: string | null): HTMLElement {
  if (entries.length === 0) return h('div', {}, h('p', { class: 'dim' }, `${title} ledger`), h('p', {}, 'no entry'));
  const columns = [
    { title: 'Entry' },
    { title: 'Debit' },
    { title: 'Credit' },
    { title: currency ?? '', number: true },
  ];
  const rows = entries.map((entry) => [
    h(
      'span',
      { title: `${entry.posted_at}, offset ${entry.source_offset}, posted in ${entry.posting_period}` },
      entry.kind.replaceAll('_', ' '),
    ),
    entry.debit_account,
    entry.credit_account,
    money(entry.amount_micros, '').trim(),
  ]);
  return table(`${title} ledger, ${plural(entries.length, 'entry', 'entries')}`, columns, rows, true);
}

function verdicts({ events }: Story): readonly Child[] {
  const found = events.filter(({ name }) => name === 'TrafficInvalidated' || name === 'Adjusted');
  if (found.length === 0) return [];
  const rows = found.map(({ value, shard, offset }) => [
    textOf(value?.['rule'] ?? value?.['action']),
    textOf(value?.['category']),
    textOf(value?.['reason']),
    textOf(value?.['judged_by'] ?? value?.['adjusted_by']),
    `spend/${shard}/${offset}`,
  ]);
  const columns = ['Rule', 'Category', 'Reason', 'By', 'Record'].map((title) => ({ title }));
  return [h('h3', {}, 'Verdicts'), table('What was said about its traffic', columns, rows, true)];
}

function whyChosen({ events }: Story): readonly Child[] {
  const selected = events.find(({ name }) => name === 'AdSelected')?.value as unknown as Choice | undefined;
  if (selected === undefined) return [h('p', {}, 'The record of its selection is not in the log.')];
  const { auction, losers, exclusions, stages, degradations, views, context, fallback, tier } = selected;
  const currency = textOf(context['floor_currency']);
  const amount = (name: string) =>
    auction[name] === null || auction[name] === undefined ? '–' : money(String(auction[name]), currency);
  const facts = `${String(auction['rule']).replaceAll('_', ' ')}: bid ${amount('bid_micros')}, eCPM ${amount('ecpm_micros')}, runner-up ${amount('runner_up_ecpm_micros')}, floor ${amount('floor_micros')}, priority ${auction['priority']}${fallback ? ', as a fallback' : ''}; tier ${tier}.`;
  const bidders = `${auction['eligible']} eligible, ${auction['solicited']} solicited, ${auction['responded']} responded, ${auction['participating']} took part.`;
  return [
    h('p', {}, facts, h('br'), bidders),
    h(
      'div',
      { class: 'halves' },
      losers.length === 0
        ? h('p', {}, 'Nobody else took part.')
        : table(
            'Top losers',
            [{ title: 'Line item' }, { title: 'eCPM', number: true }, { title: 'Reason' }],
            losers.map((one) => [one.line_item_id, money(one.ecpm_micros, currency), one.reason]),
            true,
          ),
      exclusions.length === 0
        ? h('p', {}, 'Nothing was excluded.')
        : table(
            'Excluded before',
            [{ title: 'Step' }, { title: 'Reason' }, { title: 'Line items', number: true }],
            exclusions.map((one) => [one.step, one.reason, count(one.count)]),
            true,
          ),
    ),
    table(
      `Stages of the decision (deadline ${selected.deadline_us / 1000} ms)`,
      [
        { title: 'Stage' },
        { title: 'Took', number: true },
        { title: 'Share', number: true },
        { title: 'Used', number: true },
        { title: '' },
      ],
      stages.map(({ stage, took_us, share_us }) => [
        stage,
        `${count(took_us)} µs`,
        `${count(share_us)} µs`,
        percent(took_us, share_us),
        degradations
          .filter((one) => one.stage === stage)
          .map(({ reason }) => reason)
          .join(', '),
      ]),
      true,
    ),
    details(
      'views',
      'Views that were read, and the request',
      h('pre', { tabindex: '0' }, JSON.stringify({ context, views }, null, 2)),
    ),
  ];
}
