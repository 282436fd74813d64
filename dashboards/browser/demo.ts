import { ask, Refusal, sentenceOf } from './api.ts';
import { accountSums, type Cheat, cheats, readTail, type Say, type Seen, type Tail } from './cheats.ts';
import { byId, type Child, h, table, wait } from './dom.ts';
import { money, plural } from './format.ts';
import { beaconsOf, Playground, type Setup } from './playground.ts';
import type { Story } from './types.ts';

const settledWithinMs = 60_000;
const lookMs = 300;
/** Kinds of entries that time alone brings. */
const byTime = new Set(['certify', 'release']);

const trouble = byId('trouble');

async function start(): Promise<void> {
  let setup: Setup;
  try {
    setup = await ask<Setup>('/demo/api/setup');
  } catch (error) {
    const isAbsent = error instanceof Refusal && error.status === 404;
    trouble.textContent = isAbsent
      ? 'The playground is there while `npm start` supervises the platform.'
      : sentenceOf(error);
    return;
  }
  const ground = new Playground(setup);
  const placements = byId<HTMLSelectElement>('placement');
  placements.append(...setup.placements.map(({ placement_id, name }) => h('option', { value: placement_id }, name)));
  const showOne = () => void ground.showAd().catch((error: unknown) => complain(error));
  byId('another').addEventListener('click', showOne);
  placements.addEventListener('change', showOne);
  byId('actions').append(...cheats.map((cheat) => cheatCard(cheat, ground)));
  void showProcesses();
  await ground.showAd();
}

function complain(error: unknown): void {
  trouble.textContent = sentenceOf(error);
}

async function showProcesses(): Promise<void> {
  for (;;) {
    try {
      const { serve_pid: pid, ledger_time: time } = await readTail(null);
      byId('processes').textContent =
        `serve: ${pid === null ? 'not running' : `process ${pid}`} · ledgers at ${time?.slice(11, 19) ?? '–'} UTC`;
    } catch (error) {
      byId('processes').textContent = sentenceOf(error);
    }
    await wait(1_000);
  }
}

/** All buttons: one cheat at a time, or they would be seen in each other's figures. */
const buttons: HTMLButtonElement[] = [];

function cheatCard(cheat: Cheat, ground: Playground): HTMLElement {
  const outcome = h('div', { 'aria-live': 'polite' });
  const button = h('button', { type: 'button', onclick: () => void attempt() }, cheat.button);
  buttons.push(button);
  const say: Say = (sentence) => outcome.replaceChildren(h('p', { class: 'outcome wait' }, sentence));
  async function attempt(): Promise<void> {
    for (const one of buttons) one.disabled = true;
    card.dataset['outcome'] = 'running';
    try {
      const { seen, tail } = await run(cheat, ground, say);
      const faults = cheat.faults(seen);
      card.dataset['outcome'] = faults.length === 0 ? 'holds' : 'broken';
      outcome.replaceChildren(...outcomeParts(seen, tail, faults));
    } catch (error) {
      card.dataset['outcome'] = 'failed';
      outcome.replaceChildren(h('p', { class: 'outcome bad' }, `It could not be tried: ${sentenceOf(error)}`));
    }
    for (const one of buttons) one.disabled = false;
  }
  const card = h(
    'article',
    { class: 'card action', 'data-cheat': cheat.id },
    h('h3', {}, cheat.title),
    h('p', {}, cheat.deed),
    h('p', { class: 'expect' }, h('b', {}, 'What should move: '), cheat.expects),
    button,
    outcome,
  );
  return card;
}

/** Tries it, and waits until both ledgers have passed the moment at which it was done: what is not booked then was not booked for it. */
async function run(cheat: Cheat, ground: Playground, say: Say): Promise<{ seen: Seen; tail: Tail }> {
  const ad = await cheat.prepare(ground, say);
  const before = await ask<Story>(`/demo/api/selections/${ad.selection_id}`);
  const start = await readTail(null);
  say('Doing it …');
  const { acknowledged, note } = await cheat.act(ground, ad, say);
  const { now: doneAt } = await readTail(null);
  say('Waiting until both ledgers have passed this moment …');
  const tail = await tailAfter(start, doneAt);
  const after = await ask<Story>(`/demo/api/selections/${ad.selection_id}`);
  const own = tail.entries.filter(({ selection_id: id, kind }) => id === ad.selection_id && !byTime.has(kind));
  return {
    seen: { before, after, own, rejected: tail.quarantine_next - start.quarantine_next, acknowledged, note },
    tail,
  };
}

async function tailAfter(start: Tail, doneAt: string): Promise<Tail> {
  const end = performance.now() + settledWithinMs;
  for (;;) {
    const tail = await readTail(start.to);
    if (tail.ledger_time !== null && tail.ledger_time > doneAt) return tail;
    if (performance.now() > end) throw new Error('the ledgers did not come to this moment');
    await wait(lookMs);
  }
}

function outcomeParts(seen: Seen, tail: Tail, faults: readonly string[]): readonly HTMLElement[] {
  const holds = faults.length === 0;
  const parts: (Child | null)[] = [
    h('p', { class: `outcome ${holds ? 'good' : 'bad'}` }, holds ? `✓ ${summaryOf(seen)}` : `✗ ${faults.join('; ')}.`),
    h('p', { class: 'dim' }, seen.note),
    beforeAfter(seen),
    h('p', { class: 'dim' }, `Both ledgers in the meantime: ${bookedText(seen, tail)}`),
  ];
  return parts.filter((part): part is HTMLElement => part instanceof HTMLElement);
}

function summaryOf({ own }: Seen): string {
  if (own.length === 0) return 'Not a micro moved.';
  const kinds = [...new Set(own.map(({ kind }) => kind))].join(', ');
  return `Only what should: ${plural(own.length, 'entry', 'entries')} (${kinds}).`;
}

/** Every account of this ad in both ledgers, and its receipts, before and after. */
function beforeAfter({ before, after, rejected }: Seen): HTMLElement {
  const currency = after.currency ?? '';
  const rows: (readonly Child[])[] = [
    figure('Receipts in the evidence', String(beaconsOf(before).length), String(beaconsOf(after).length)),
    figure('Sent to quarantine', '0', String(rejected)),
  ];
  for (const truth of ['tentative', 'final'] as const) {
    const [earlier, later] = [accountSums(before[truth]), accountSums(after[truth])];
    for (const account of new Set([...earlier.keys(), ...later.keys()])) {
      const of = (sums: Map<string, bigint>) => money(sums.get(account) ?? 0n, '').trim();
      rows.push(figure(`${account} (${truth})`, of(earlier), of(later)));
    }
  }
  return table(
    `This ad, before and after (accounts: credits − debits, ${currency})`,
    [{ title: '' }, { title: 'Before', number: true }, { title: 'After', number: true }],
    rows,
    true,
  );
}

function figure(title: string, before: string, after: string): readonly Child[] {
  return [title, before, before === after ? after : h('span', { class: 'changed' }, after)];
}

/** Which entries of the interval were this deed's, which time's, which other ads'. */
function bookedText({ own, after }: Seen, { entries, cut_short: isCut }: Tail): string {
  const aged = entries.filter(({ selection_id: id, kind }) => id === after.selection_id && byTime.has(kind));
  const others = entries.filter(({ selection_id: id }) => id !== after.selection_id);
  const kinds = [...new Set(others.map(({ kind }) => kind))].join(', ');
  const parts = [
    `${plural(own.length, 'entry', 'entries')} for this`,
    ...(aged.length === 0
      ? []
      : [
          `${plural(aged.length, 'entry', 'entries')} because this ad's own time passed (${[...new Set(aged.map(({ kind }) => kind))].join(', ')})`,
        ]),
    others.length === 0
      ? 'none of any other ad'
      : `${plural(others.length, 'entry', 'entries')} of other ads, by their own events (${kinds})`,
  ];
  return `${parts.join(', ')}${isCut ? ', and more' : ''}.`;
}

await start().catch(complain);
