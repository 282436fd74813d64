import type { ComponentChildren } from 'preact';
import type { Answer } from '../answer.ts';
import { Refusal, sentenceOf } from '../session.ts';
import { freshnessIn, FreshnessOf } from './fresh.tsx';

/** Why something is not shown, and what to do about it. */
export function Problem({ error, again }: { readonly error: unknown; readonly again?: () => void }) {
  const code = error instanceof Refusal ? error.code : null;
  return (
    <div class="problem" role="alert">
      <p>{sentenceOf(error)}</p>
      {code === null ? null : <code>{code}</code>}
      {again === undefined ? null : (
        <button type="button" class="plain" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  );
}

/** What is shown while an answer is on its way: in words, after a moment. */
export function Waiting({ what }: { readonly what: string }) {
  return (
    <p class="waiting" role="status">
      Reading {what} …
    </p>
  );
}

/** Shows an answer, what came instead, or that it is being waited for. */
export function Shown<T>({
  answer,
  what,
  children,
}: {
  readonly answer: Answer<T>;
  readonly what: string;
  readonly children: (data: T) => ComponentChildren;
}) {
  if (answer.error !== null) return <Problem error={answer.error} again={answer.again} />;
  if (answer.data === null) return answer.isWaiting ? <Waiting what={what} /> : null;
  return (
    <FreshnessOf.Provider value={freshnessIn(answer.data)}>
      <div aria-busy={answer.isWaiting}>{children(answer.data)}</div>
    </FreshnessOf.Provider>
  );
}

/** A part of a view under a heading of its own. */
export function Section({
  title,
  note,
  actions,
  children,
  id,
}: {
  readonly title: string;
  readonly note?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly id: string;
}) {
  return (
    <section class="sheet" aria-labelledby={id}>
      <header class="sheet-head">
        <div>
          <h2 id={id}>{title}</h2>
          {note === undefined ? null : <p class="note">{note}</p>}
        </div>
        {actions === undefined ? null : <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

export function Badge({
  looks,
  children,
}: {
  readonly looks: 'good' | 'bad' | 'late' | 'plain';
  readonly children: ComponentChildren;
}) {
  return <span class={`badge ${looks}`}>{children}</span>;
}

/** How a run of an audit ended, or that it goes on; its problem as a title. */
export function RunResult({
  run: { result, status, problem },
}: {
  readonly run: { readonly result?: string; readonly status: string; readonly problem: string | null };
}) {
  return (
    <span title={problem ?? undefined}>
      <Badge looks={result === 'tallies' ? 'good' : status === 'running' ? 'plain' : 'bad'}>{result ?? status}</Badge>
    </span>
  );
}
