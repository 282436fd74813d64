import { useEffect, useState } from 'preact/hooks';
import { type Answer, useAnswer } from '../answer.ts';
import { count, duration, moment, words } from '../format.ts';
import { wait } from '../live.ts';
import { go, place } from '../location.ts';
import { Badge, Empty, Problem, RunResult, Section, Shown } from '../parts/states.tsx';
import { Table } from '../parts/table.tsx';
import { Title } from '../parts/title.tsx';
import { writePlace } from '../place.ts';
import { ask } from '../session.ts';
import { Breaks, Causes, Chain, Invariants } from './reconciliation/findings.tsx';
import { HeatMap } from './reconciliation/heat-map.tsx';
import { type Run, type RunSummary, shareDone } from './reconciliation/run.ts';

const path = '/v1/reconciliations';
const lookMs = 500;

interface Runs {
  readonly items: readonly RunSummary[];
}

/** Every truth beside every other, selection by selection, and a cause for each difference. */
export default function Reconciliation() {
  const runs = useAnswer<Runs>(`${path}?limit=50`);
  const id = place.value.id ?? runs.data?.items[0]?.id ?? null;
  const run = useAnswer<Run>(id === null ? null : `${path}/${id}`);
  const [running, setRunning] = useState<RunSummary | null>(null);
  const [error, setError] = useState<unknown>(null);

  const follow = async (begun: RunSummary) => {
    let now = begun;
    while (now.status === 'running') {
      setRunning(now);
      await wait(lookMs);
      now = await ask<RunSummary>(`${path}/${begun.id}`);
    }
    setRunning(null);
    runs.again();
    go(writePlace({ view: 'reconciliation', id: begun.id }));
    // It may be shown by now as the newest of the list, still running.
    run.again();
  };
  const start = () => {
    setError(null);
    ask<RunSummary>(path, { body: {} })
      .then(follow)
      .catch((failure: unknown) => {
        setRunning(null);
        setError(failure);
      });
  };
  useEffect(() => {
    // A run that somebody else has started is followed as well.
    if (run.data?.status === 'running' && running === null) follow(run.data).catch(setError);
  }, [run.data]);

  return (
    <>
      <Title
        title="Reconciliation"
        lead="A run recounts everything from the evidence, compares every truth selection by selection, and names a cause for each difference or calls it unexplained."
      >
        <button type="button" disabled={running !== null} onClick={start}>
          Run one now
        </button>
      </Title>
      {running === null ? null : <Progress run={running} />}
      {error === null ? null : <Problem error={error} />}
      <Shown answer={runs} what="the runs">
        {({ items }) =>
          items.length === 0 ? (
            <section class="sheet">
              <Empty title="No run yet">
                A run only reads: it can be started at any time, and takes a second for a thousand ads or so.
              </Empty>
            </section>
          ) : (
            <>
              <Report run={run} />
              <History items={items} shown={id} />
            </>
          )
        }
      </Shown>
    </>
  );
}

function Progress({ run: { progress, started_at } }: { readonly run: RunSummary }) {
  const sentence = progress ?? 'begins';
  const share = shareDone(sentence);
  return (
    <section class="sheet verdict" aria-live="polite">
      <strong>Reconciling</strong>
      {share === null ? null : <progress value={share} aria-label="Of this step" />}
      <span class="dim">
        {sentence}, {duration(Math.max(0, Date.now() - Date.parse(started_at)))} so far
      </span>
    </section>
  );
}

function Report({ run }: { readonly run: Answer<Run> }) {
  return (
    <Shown answer={run} what="the run">
      {(data) => {
        if (data.status === 'failed') return <Problem error={new Error(data.problem ?? 'the run did not finish')} />;
        if (data.result === undefined) return null;
        return (
          <>
            <Result run={data} />
            <Breaks run={data} />
            <HeatMap run={data} key={data.id} />
            <Causes run={data} />
            <Invariants run={data} />
          </>
        );
      }}
    </Shown>
  );
}

function Result({ run }: { readonly run: Run }) {
  const tallies = run.result === 'tallies';
  const unexplained = run.unexplained_micros ?? '0';
  return (
    <Section
      id="result"
      title={`Run of ${moment(run.started_at)} UTC`}
      note={`${count(run.selections ?? 0)} selections, ${count(run.closed_selections ?? 0)} of them in closed windows${run.reporting === 'left_out' ? ', reporting left out' : ''}.`}
      actions={
        <a class="dim" href={writePlace({ view: 'reconciliation', id: run.id })}>
          Link to this run
        </a>
      }
    >
      <dl class="figures">
        <div>
          <dt>Result</dt>
          <dd id="reconciliation-result">
            <Badge looks={tallies ? 'good' : 'bad'}>{tallies ? 'It tallies' : 'It does not tally'}</Badge>
          </dd>
        </div>
        <div>
          <dt>Unexplained, micros</dt>
          <dd>
            <Badge looks={unexplained === '0' ? 'good' : 'bad'}>
              <span id="unexplained">{count(Number(unexplained))}</span>
            </Badge>
          </dd>
        </div>
        <div>
          <dt>Breaks</dt>
          <dd>{count(run.breaks_total ?? 0)}</dd>
        </div>
        <div>
          <dt>Planted error</dt>
          <dd>{run.self_test === 'passed' ? 'found' : words(run.self_test ?? '–')}</dd>
        </div>
      </dl>
      <Chain run={run} />
    </Section>
  );
}

function History({ items, shown }: { readonly items: readonly RunSummary[]; readonly shown: string | null }) {
  return (
    <Section id="history" title="Runs">
      <Table<RunSummary>
        caption="Reconciliations, newest first"
        isCaptionHidden
        name="reconciliations"
        rows={items}
        rowKey={({ id }) => id}
        columns={[
          {
            title: 'Started, UTC',
            name: 'started_at',
            value: ({ started_at }) => started_at,
            cell: ({ started_at, id }) =>
              id === shown ? (
                <strong>{moment(started_at)}</strong>
              ) : (
                <a href={writePlace({ view: 'reconciliation', id })}>{moment(started_at)}</a>
              ),
          },
          {
            title: 'Result',
            name: 'result',
            value: ({ result, status }) => result ?? status,
            cell: (run) => <RunResult run={run} />,
          },
          {
            title: 'Took',
            name: 'took_ms',
            isNumber: true,
            value: ({ started_at, finished_at }) =>
              finished_at === null ? null : Date.parse(finished_at) - Date.parse(started_at),
            cell: ({ started_at, finished_at }) =>
              finished_at === null ? '–' : duration(Date.parse(finished_at) - Date.parse(started_at)),
          },
          {
            title: 'Selections',
            name: 'selections',
            isNumber: true,
            value: ({ selections }) => selections ?? null,
            cell: ({ selections }) => (selections === undefined ? '–' : count(selections)),
          },
          {
            title: 'Breaks',
            name: 'breaks',
            isNumber: true,
            value: ({ breaks_total }) => breaks_total ?? null,
            cell: ({ breaks_total }) => (breaks_total === undefined ? '–' : count(breaks_total)),
          },
          {
            title: 'Unexplained, micros',
            name: 'unexplained_micros',
            isNumber: true,
            value: ({ unexplained_micros }) => unexplained_micros ?? null,
            cell: ({ unexplained_micros: amount }) =>
              amount === undefined ? '–' : amount === '0' ? '0' : <Badge looks="bad">{count(Number(amount))}</Badge>,
          },
        ]}
      />
    </Section>
  );
}
