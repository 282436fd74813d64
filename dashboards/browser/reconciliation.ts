import { ask, sentenceOf } from './api.ts';
import { byId, type Child, details, h, show, table, wait } from './dom.ts';
import { count, money, plural, textOf } from './format.ts';

interface Found {
  readonly [field: string]: unknown;
}

/** A run as the console gives it: `result` once it is over. */
interface Run {
  readonly id: string;
  readonly status?: string;
  readonly result?: 'tallies' | 'differs';
  readonly progress?: string | null;
  /** Why it could not run. */
  readonly problem?: string | null;
  readonly started_at?: string;
  readonly finished_at?: string;
  readonly selections?: number;
  readonly closed_selections?: number;
  readonly unexplained_micros?: string;
  readonly self_test?: string;
  readonly causes?: readonly {
    readonly cause: string;
    readonly from: string;
    readonly to: string;
    readonly count: number;
    readonly amount_micros: string;
  }[];
  readonly breaks?: readonly Found[];
  readonly breaks_total?: number;
  readonly invariants?: readonly { readonly number: number; readonly holds: boolean; readonly detail: string }[];
}

const lookMs = 600;
const place = () => byId('reconciliation');

/** A run that was asked for is shown, not the last one before it. */
let isRunning = false;

/** Runs one when the button is pressed. */
export function listenForReconciliation(openSelection: (id: string) => void): void {
  const button = byId<HTMLButtonElement>('reconcile');
  button.addEventListener('click', () => {
    button.disabled = true;
    isRunning = true;
    void reconcile(openSelection).finally(() => {
      button.disabled = false;
      isRunning = false;
    });
  });
}

/** Shows the last run there was. */
export async function showLastReconciliation(openSelection: (id: string) => void): Promise<void> {
  try {
    const { items } = await ask<{ items: readonly Run[] }>('/v1/reconciliations?limit=1');
    if (isRunning) return;
    const last = items[0];
    if (last === undefined)
      return say(
        'No run yet. A run sets every truth beside every other, selection by selection, and names a cause for each difference.',
      );
    const run = await ask<Run>(`/v1/reconciliations/${last.id}`);
    if (!isRunning) showRun(run, openSelection);
  } catch (error) {
    if (!isRunning) say(sentenceOf(error));
  }
}

function say(sentence: string): void {
  show(place(), sentence, () => [h('p', { class: 'dim' }, sentence)]);
}

async function reconcile(openSelection: (id: string) => void): Promise<void> {
  say('Reading the evidence …');
  try {
    let run = await ask<Run>('/v1/reconciliations', {});
    while (run.result === undefined && run.status !== 'failed') {
      say(`Reconciling … ${run.progress ?? ''}`);
      await wait(lookMs);
      run = await ask<Run>(`/v1/reconciliations/${run.id}`);
    }
    showRun(run, openSelection);
  } catch (error) {
    say(sentenceOf(error));
  }
}

function showRun(run: Run, openSelection: (id: string) => void): void {
  show(place(), run, () => runParts(run, openSelection));
}

function runParts(run: Run, openSelection: (id: string) => void): readonly Child[] {
  if (run.result === undefined) {
    return [h('p', { class: 'problem' }, `Run ${run.id}: ${run.problem ?? run.status ?? 'it did not finish'}`)];
  }
  const tallies = run.result === 'tallies';
  const { causes = [], breaks = [], invariants = [] } = run;
  return [
    h(
      'p',
      { class: 'row' },
      h(
        'span',
        { class: `badge ${tallies ? 'good' : 'bad'}`, id: 'reconciliation-result' },
        tallies ? '✓ It tallies' : '✗ It does not tally',
      ),
      h('span', {}, 'unexplained ', h('b', { id: 'unexplained' }, money(run.unexplained_micros ?? '0', '').trim())),
      h(
        'span',
        { class: 'dim' },
        `${count(run.selections ?? 0)} selections, ${count(run.closed_selections ?? 0)} in closed windows; planted error ${run.self_test === 'passed' ? 'found' : (run.self_test ?? '').replaceAll('_', ' ')}; ${run.finished_at ?? ''}`,
      ),
    ),
    causes.length === 0
      ? h('p', {}, 'No truth differs from another.')
      : table(
          'Every difference between two truths, by its one cause',
          [
            { title: 'Cause' },
            { title: 'Between' },
            { title: 'Selections', number: true },
            { title: 'Amount', number: true },
          ],
          causes.map((one) => [
            one.cause.replaceAll('_', ' '),
            `${one.from} → ${one.to}`,
            count(one.count),
            money(one.amount_micros, '').trim(),
          ]),
        ),
    breaks.length === 0 ? null : h('h3', {}, plural(run.breaks_total ?? breaks.length, 'break')),
    breaks.length === 0 ? null : breakTable(breaks, openSelection),
    invariants.length === 0
      ? null
      : details(
          'invariants',
          `Invariants: ${invariants.filter(({ holds }) => holds).length} of ${invariants.length} hold`,
          table(
            'Checked from ledgers and pacing at the cut',
            [{ title: 'Number' }, { title: '' }, { title: 'What was seen' }],
            invariants.map((one) => [String(one.number), one.holds ? '✓' : '✗', one.detail]),
            true,
          ),
        ),
  ];
}

function breakTable(breaks: readonly Found[], openSelection: (id: string) => void): HTMLElement {
  const text = (found: Found, ...names: readonly string[]) =>
    textOf(names.map((name) => found[name]).find((value) => value !== undefined));
  const rows = breaks.slice(0, 100).map((found) => {
    const id = text(found, 'selection_id', 'selectionId');
    const opens =
      id === '' ? null : h('button', { type: 'button', class: 'link mono', onclick: () => openSelection(id) }, id);
    return [
      text(found, 'code').replaceAll('_', ' '),
      text(found, 'truth'),
      opens,
      money(text(found, 'difference_micros', 'differenceMicros') || '0', '').trim(),
      text(found, 'detail'),
    ];
  });
  return table(
    'Differences that no cause explains',
    [
      { title: 'Break' },
      { title: 'Truth' },
      { title: 'Selection' },
      { title: 'Difference', number: true },
      { title: 'Detail' },
    ],
    rows,
    true,
  );
}
