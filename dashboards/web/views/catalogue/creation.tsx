import { useEffect, useRef, useState } from 'preact/hooks';
import { go } from '../../location.ts';
import { loadNames } from '../../names.ts';
import { Problem } from '../../parts/states.tsx';
import { writePlace } from '../../place.ts';
import { ask, sentenceOf } from '../../session.ts';
import { textOf } from '../../format.ts';
import { digestOf, type Entity, type Kind, readImport } from './kinds.ts';

/** A first body of each kind; the console says what is wrong with it. */
const drafts: Readonly<Record<Kind['path'], Entity>> = {
  advertisers: { name: '', currency: 'EUR', time_zone: 'Europe/Berlin', domains: [] },
  campaigns: {
    advertiser_id: 'adv_…',
    name: '',
    budget_total_micros: '100000000',
    budget_daily_micros: null,
    flight: { starts_at: '2026-12-01T00:00:00Z', ends_at: '2027-01-01T00:00:00Z' },
    pacing: 'even',
  },
  'line-items': { campaign_id: 'cmp_…', name: '', pricing_model: 'CPM', bid_micros: '2000000', targeting: {} },
  creatives: {
    line_item_id: 'li_…',
    name: '',
    format: 'banner',
    width: 300,
    height: 250,
    markup: '<a href="{click_url}">…</a>',
    landing_url: 'https://example.com/?c={click_id}',
  },
  publishers: { name: '', domains: [], shares: [{ effective_from: '2026-01-01T00:00:00Z', share_ppm: 700_000 }] },
  placements: {
    publisher_id: 'pub_…',
    name: '',
    formats: ['banner'],
    sizes: ['300x250'],
    floor_currency: 'EUR',
    floor_micros: '0',
  },
};

export interface CreationProps {
  readonly kind: Kind;
  readonly onDone: () => void;
}

export function Creation({ kind, onDone }: CreationProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        New {kind.one}
      </button>
      {isOpen ? <CreationForm kind={kind} onDone={onDone} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function CreationForm({ kind, onDone, onClose }: CreationProps & { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState(JSON.stringify(drafts[kind.path], null, 2));
  const [error, setError] = useState<unknown>(null);
  // Sent again after a lost answer, it is made once.
  const [idempotencyKey] = useState(randomKey);
  useEffect(() => dialog.current?.showModal(), []);
  const create = async (event: Event) => {
    event.preventDefault();
    setError(null);
    try {
      const [body = {}] = readImport(text);
      const headers = { 'idempotency-key': idempotencyKey };
      const made = await ask<Entity>(`/v1/${kind.path}`, { body, headers });
      await loadNames();
      onDone();
      go(writePlace({ view: 'catalogue', id: textOf(made[kind.idField]) }));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <dialog ref={dialog} class="roomy" aria-labelledby="creation-title" onClose={onClose}>
      <form onSubmit={(event) => void create(event)}>
        <h2 id="creation-title">New {kind.one}</h2>
        <label class="choice wide">
          <span>Its fields as JSON; all of them are described under API</span>
          <textarea
            class="mono sql"
            rows={14}
            spellcheck={false}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        {error === null ? null : <Problem error={error} />}
        <div class="actions">
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit">Create</button>
        </div>
      </form>
    </dialog>
  );
}

interface Progress {
  readonly done: number;
  readonly all: number;
  readonly refused: readonly string[];
}

/** Creates what a file holds, one after the other, and says what was refused. The same file again creates nothing twice. */
export function Import({ kind, onDone }: CreationProps) {
  const field = useRef<HTMLInputElement>(null);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [error, setError] = useState<unknown>(null);
  const take = async (file: File) => {
    setError(null);
    try {
      const entities = readImport(await file.text());
      const digest = digestOf(`${kind.path}\n${JSON.stringify(entities)}`);
      const refused: string[] = [];
      for (const [index, body] of entities.entries()) {
        setProgress({ done: index, all: entities.length, refused });
        const headers = { 'idempotency-key': `import-${digest}-${index}` };
        await ask(`/v1/${kind.path}`, { body, headers }).catch((failure: unknown) => {
          refused.push(`${index + 1}: ${sentenceOf(failure)}`);
        });
      }
      setProgress({ done: entities.length, all: entities.length, refused });
      await loadNames();
      onDone();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <button type="button" class="quiet" onClick={() => field.current?.click()}>
        Import …
      </button>
      <input
        ref={field}
        type="file"
        class="hidden"
        tabIndex={-1}
        aria-label={`File of ${kind.title.toLowerCase()}`}
        accept=".json,.jsonl,.ndjson,application/json"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file !== undefined) void take(file);
          currentTarget.value = '';
        }}
      />
      {progress === null ? null : (
        <span class="note" role="status">
          {progress.done} of {progress.all} done
          {progress.refused.length === 0 ? '.' : `, ${progress.refused.length} refused:`}{' '}
          {progress.refused.slice(0, 3).join(' ')}
        </span>
      )}
      {error === null ? null : <Problem error={error} />}
    </>
  );
}

/** `crypto.randomUUID` is missing where the console is reached without TLS from another machine. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
