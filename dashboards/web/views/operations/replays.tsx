import { useState } from 'preact/hooks';
import { useAnswer } from '../../answer.ts';
import { count, duration, moment } from '../../format.ts';
import { wait } from '../../live.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { Empty, Problem, RunResult, Section, Shown } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { ask } from '../../session.ts';

interface Replay {
  readonly id: string;
  readonly status: string;
  readonly started_at: string;
  readonly progress: string | null;
  readonly problem: string | null;
  readonly result?: string;
  readonly records?: number;
  readonly differences_total?: number;
  readonly digest?: string;
}

const replayPath = '/v1/audit/replays';

/** Replays of the whole log, and starting one. */
export function Replays() {
  const answer = useAnswer<{ items: readonly Replay[] }>(`${replayPath}?limit=20`);
  const [running, setRunning] = useState<Replay | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isAsking, setAsking] = useState(false);
  const follow = async (begun: Replay) => {
    let now = begun;
    while (now.status === 'running') {
      setRunning(now);
      await wait(500);
      now = await ask<Replay>(`${replayPath}/${begun.id}`);
    }
    setRunning(null);
    answer.again();
  };
  const start = async () => {
    setError(null);
    const begun = await ask<Replay>(replayPath, { body: {} });
    follow(begun).catch((failure: unknown) => {
      setRunning(null);
      setError(failure);
    });
  };
  return (
    <Section
      id="replays"
      title="Replays"
      note="The whole log is folded into a fresh ledger and compared with the real one, entry by entry. Nothing is written but the report."
      actions={
        <button type="button" class="quiet" disabled={running !== null} onClick={() => setAsking(true)}>
          Replay the log …
        </button>
      }
    >
      {isAsking ? (
        <Confirm title="Replay the whole log?" act="Replay it" onAct={start} onClose={() => setAsking(false)}>
          <p>
            It reads every record of spend again beside what runs. On a large log that takes a while and a processor.
          </p>
        </Confirm>
      ) : null}
      {running === null ? null : (
        <p role="status">
          Replaying: {running.progress ?? 'begins'},{' '}
          {duration(Math.max(0, Date.now() - Date.parse(running.started_at)))} so far
        </p>
      )}
      {error === null ? null : <Problem error={error} />}
      <Shown answer={answer} what="the replays">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No replay yet" />
          ) : (
            <Table<Replay>
              caption="Replays, newest first"
              isCaptionHidden
              name="replays"
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                {
                  title: 'Started, UTC',
                  name: 'started_at',
                  value: (row) => row.started_at,
                  cell: (row) => moment(row.started_at),
                },
                {
                  title: 'Result',
                  name: 'result',
                  value: ({ result, status }) => result ?? status,
                  cell: (run) => <RunResult run={run} />,
                },
                {
                  title: 'Records',
                  name: 'records',
                  isNumber: true,
                  value: ({ records }) => records ?? null,
                  cell: ({ records }) => (records === undefined ? '–' : count(records)),
                },
                {
                  title: 'Differences',
                  name: 'differences',
                  isNumber: true,
                  value: ({ differences_total }) => differences_total ?? null,
                },
                {
                  title: 'Digest',
                  name: 'digest',
                  value: ({ digest }) => digest ?? null,
                  cell: ({ digest }) => <span class="id">{digest?.slice(0, 16)}</span>,
                },
              ]}
            />
          )
        }
      </Shown>
    </Section>
  );
}
