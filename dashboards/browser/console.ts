import { ask, Refusal, sentenceOf, storedKey, storeKey } from './api.ts';
import { byId, h, show } from './dom.ts';
import { clock, count, duration } from './format.ts';
import { funnelParts, type Live, spendParts } from './panels.ts';
import { listenForReconciliation, showLastReconciliation } from './reconciliation.ts';
import { storyParts } from './story.ts';
import type { Story } from './types.ts';

const askEveryMs = 2_000;
const keyForm = byId<HTMLFormElement>('key-form');
const selectionField = byId<HTMLInputElement>('selection');
let timer: ReturnType<typeof setTimeout> | null = null;

/** Figures, then again after a while, as long as somebody looks. */
async function refresh(): Promise<void> {
  if (timer !== null) clearTimeout(timer);
  try {
    if (!document.hidden) await showLive();
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) return askForKey('This key is not known here.');
    byId('foot').textContent = sentenceOf(error);
  }
  timer = setTimeout(() => void refresh(), askEveryMs);
}

async function showLive(): Promise<void> {
  const { value } = byId<HTMLSelectElement>('window');
  const live = await ask<Live>(`/v1/live?window=${value}`);
  show(byId('funnel'), live.funnel, () => funnelParts(live));
  show(byId('spend'), [live.spend, live.accounts], () => spendParts(live));
  showRecent(live.recent);
  const age = live.reporting.age_ms === null ? '' : `, the newest ${duration(Math.max(0, live.reporting.age_ms))} old`;
  byId('foot').textContent =
    `Asked at ${clock(live.at)} UTC. Reporting holds ${count(live.reporting.records)} records${age}. Final ledger at the cut ${live.ledger_cut ?? 'of its beginning'}, digest ${live.ledger_digest}.`;
}

function askForKey(problem: string): void {
  if (timer !== null) clearTimeout(timer);
  storeKey(null);
  keyForm.hidden = false;
  byId('panels').hidden = true;
  byId('forget').hidden = true;
  byId('key-problem').textContent = problem;
  byId('key').focus();
}

async function open(): Promise<void> {
  keyForm.hidden = true;
  byId('panels').hidden = false;
  byId('forget').hidden = false;
  await refresh();
  if (storedKey() === null) return;
  void showLastReconciliation(openFound);
  const linked = new URLSearchParams(location.hash.slice(1)).get('selection');
  if (linked !== null) await openSelection(linked);
}

async function openSelection(id: string): Promise<void> {
  selectionField.value = id;
  const place = byId('story');
  try {
    const story = await ask<Story>(`/v1/ledger/selections/${encodeURIComponent(id.toLowerCase())}`);
    history.replaceState(null, '', `#selection=${story.selection_id}`);
    show(place, story, () => storyParts(story));
    place.scrollIntoView({ block: 'nearest' });
  } catch (error) {
    show(place, sentenceOf(error), () => [h('p', { class: 'problem' }, sentenceOf(error))]);
  }
}

/** The newest selections, for whoever has no id at hand. */
function showRecent(ids: readonly string[]): void {
  const links = ids.map((id) =>
    h('button', { type: 'button', class: 'link mono', onclick: () => void openSelection(id) }, id),
  );
  show(byId('recent'), ids, () => (links.length === 0 ? [] : [h('span', { class: 'dim' }, 'The newest: '), ...links]));
}

keyForm.addEventListener('submit', (event) => {
  event.preventDefault();
  const field = byId<HTMLInputElement>('key');
  storeKey(field.value.trim());
  field.value = '';
  byId('key-problem').textContent = '';
  void open();
});
byId('search').addEventListener('submit', (event) => {
  event.preventDefault();
  void openSelection(selectionField.value.trim());
});
const openFound = (id: string) => void openSelection(id);
listenForReconciliation(openFound);
byId('forget').addEventListener('click', () => askForKey(''));
byId('window').addEventListener('change', () => void refresh());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && storedKey() !== null) void refresh();
});

if (storedKey() === null) askForKey('');
else void open();
