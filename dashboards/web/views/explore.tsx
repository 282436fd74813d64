import { useEffect, useRef, useState } from 'preact/hooks';
import { useAnswer } from '../answer.ts';
import { place, setParams } from '../location.ts';
import { FreshnessOf } from '../parts/fresh.tsx';
import { Waiting } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';
import { ask } from '../session.ts';
import { Browser, type Schema } from './explore/browser.tsx';
import type { QueryAnswer } from './explore/chart-of.ts';
import { offsetOf, put } from './explore/completion.ts';
import { Editor } from './explore/editor.tsx';
import { examples } from './explore/examples.ts';
import { forgetHistory, readHistory, remember } from './explore/history.ts';
import { queryPath, Result } from './explore/outcome.tsx';
import { QueryProblem } from './explore/query-problem.tsx';

interface Outcome {
  readonly sql: string;
  readonly answer: QueryAnswer | null;
  readonly error: unknown;
  readonly isRunning: boolean;
}

const nothing: Outcome = { sql: '', answer: null, error: null, isRunning: false };

/** The analyst's own questions: SQL, read-only, as a table, a chart or a file. The address carries the statement and the chart. */
export default function Explore() {
  const { sql = examples[0].sql } = place.value.params;
  const [text, setText] = useState(sql);
  const [outcome, setOutcome] = useState<Outcome>(nothing);
  const [history, setHistory] = useState(readHistory);
  const schema = useAnswer<Schema>('/v1/reports/schema');
  const area = useRef<HTMLTextAreaElement>(null);
  const run = (statement: string) => {
    setText(statement);
    setParams({ sql: statement });
    setOutcome((before) => ({ ...before, sql: statement, error: null, isRunning: true }));
    ask<QueryAnswer>(queryPath, { body: { sql: statement } }).then(
      (answer) => {
        setOutcome({ sql: statement, answer, error: null, isRunning: false });
        setHistory(remember(statement));
      },
      (error: unknown) => setOutcome({ sql: statement, answer: null, error, isRunning: false }),
    );
  };
  const insert = (name: string) => {
    const { selectionStart = text.length, selectionEnd = text.length } = area.current ?? {};
    const made = put(text, [selectionStart, selectionEnd], name);
    setText(made.text);
    setTimeout(() => {
      area.current?.focus();
      area.current?.setSelectionRange(made.caret, made.caret);
    });
  };
  const goThere = (path: string) => {
    const at = offsetOf(text, path);
    if (at === null) return;
    const length = /^[\w.]+/.exec(text.slice(at))?.[0].length ?? 1;
    area.current?.focus();
    area.current?.setSelectionRange(at, at + length);
  };
  useEffect(() => {
    // A shared link shows its answer.
    if (place.value.params['sql'] !== undefined) run(sql);
  }, []);
  return (
    <>
      <Title
        title="Explore"
        lead="One SELECT over the tables of reporting, read-only, with limits on time, memory and rows."
      />
      <div class="pair uneven">
        <Editor
          text={text}
          setText={setText}
          run={run}
          isRunning={outcome.isRunning}
          tables={schema.data?.items ?? []}
          area={area}
        />
        <Browser
          schema={schema}
          history={history}
          pick={setText}
          insert={insert}
          forget={() => setHistory(forgetHistory())}
        />
      </div>
      <Outcomes outcome={outcome} goThere={goThere} />
    </>
  );
}

function Outcomes({
  outcome: { answer, error, isRunning, sql },
  goThere,
}: {
  readonly outcome: Outcome;
  readonly goThere: (path: string) => void;
}) {
  if (error !== null) return <QueryProblem error={error} goThere={goThere} />;
  if (answer === null) return isRunning ? <Waiting what="the answer" /> : null;
  return (
    <FreshnessOf.Provider value={answer.freshness}>
      <Result answer={answer} sql={sql} />
    </FreshnessOf.Provider>
  );
}
