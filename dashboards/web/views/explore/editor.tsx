import { useEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';
import { Section } from '../../parts/states.tsx';
import { put, type SchemaTable, suggestionsFor, wordBefore } from './completion.ts';

export interface EditorProps {
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly run: (sql: string) => void;
  readonly isRunning: boolean;
  readonly tables: readonly SchemaTable[];
  readonly area: RefObject<HTMLTextAreaElement | null>;
}

const listId = 'suggestions';
const optionId = (index: number) => `suggestion-${index}`;

/** Where a statement is written. Names are completed: arrows choose, Enter or Tab takes, Escape lets be. */
export function Editor({ text, setText, run, isRunning, tables, area }: EditorProps) {
  const [caret, setCaret] = useState<number | null>(null);
  const [chosen, setChosen] = useState(0);
  const offered = caret === null ? [] : suggestionsFor(tables, text, caret);
  const at = Math.min(chosen, offered.length - 1);
  useEffect(() => setChosen(0), [text]);
  const take = (name: string) => {
    if (caret === null) return;
    const made = put(text, [caret - wordBefore(text, caret).length, caret], name);
    setText(made.text);
    setCaret(null);
    setTimeout(() => area.current?.setSelectionRange(made.caret, made.caret));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      setCaret(null);
      return run(text);
    }
    const name = offered[at]?.name;
    if (name === undefined) return;
    if (event.key === 'ArrowDown') setChosen((at + 1) % offered.length);
    else if (event.key === 'ArrowUp') setChosen((at + offered.length - 1) % offered.length);
    else if (event.key === 'Escape') setCaret(null);
    else if (event.key === 'Enter' || event.key === 'Tab') take(name);
    else return;
    event.preventDefault();
  };
  return (
    <Section
      id="statement"
      title="Statement"
      note="Ctrl and Enter run it. Count from the views: copies, retries and replays change no figure."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run(text);
        }}
      >
        <label class="hidden" for="sql">
          SQL
        </label>
        <textarea
          id="sql"
          ref={area}
          class="mono sql"
          rows={11}
          spellcheck={false}
          autocapitalize="off"
          value={text}
          aria-autocomplete="list"
          aria-controls={listId}
          aria-activedescendant={offered.length > 0 ? optionId(at) : undefined}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            setCaret(currentTarget.selectionEnd);
          }}
          onClick={() => setCaret(null)}
          onBlur={() => setCaret(null)}
          onKeyDown={onKeyDown}
        />
        <div class="suggestions" id={listId} role="listbox" aria-label="Completions">
          {offered.map(({ name, what, description }, index) => (
            <div
              key={name}
              id={optionId(index)}
              role="option"
              aria-selected={index === at}
              title={description}
              // Before the field loses its caret.
              onMouseDown={(event) => {
                event.preventDefault();
                take(name);
              }}
            >
              <span class="mono">{name}</span> <span class="dim">{what}</span>
            </div>
          ))}
        </div>
        <div class="actions">
          <button type="submit" disabled={isRunning || text.trim() === ''}>
            {isRunning ? 'Running …' : 'Run'}
          </button>
        </div>
      </form>
    </Section>
  );
}
