import { useEffect, useState } from 'preact/hooks';
import { useAnswer } from '../answer.ts';
import { count, duration, moment, plural, textOf } from '../format.ts';
import { wait } from '../live.ts';
import { Confirm } from '../parts/confirm.tsx';
import { Badge, Empty, Problem, RunResult, Section, Shown, Waiting } from '../parts/states.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Title } from '../parts/title.tsx';
import { ask, respond } from '../session.ts';
import { readMetrics, type Sample, tableOf } from './operations/metrics.ts';

const askEveryMs = 5_000;

/** Whether the engines answer, how far each shard is, and what was put aside. */
export default function Operations() {
  const [samples, setSamples] = useState<readonly Sample[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const read = () => {
      if (document.hidden) return;
      respond('/metrics')
        .then((response) => response.text())
        .then((text) => {
          setSamples(readMetrics(text));
          setError(null);
        }, setError);
    };
    read();
    const timer = setInterval(read, askEveryMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      <Title
        title="Operations"
        lead="Whether the engines answer, how far behind each shard of each truth is, and what could not be believed. Figures of this console’s process; serve and streams have their own at /metrics."
      />
      <Engines />
      {error === null ? null : <Problem error={error} />}
      {samples === null ? (
        <Waiting what="the metrics" />
      ) : (
        <>
          <div class="pair">
            <Streams samples={samples} />
            <Sink samples={samples} />
          </div>
          <Quarantine next={samples.find(({ name }) => name === 'adtally_quarantine_records')?.value ?? 0} />
        </>
      )}
      <Replays />
    </>
  );
}

interface Readiness {
  readonly status: string;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail: string }>>;
}

function Engines() {
  const [readiness, setReadiness] = useState<Readiness | null>(null);
  useEffect(() => {
    // 503 says which engine is away: that is an answer as well.
    fetch('/readyz')
      .then((response) => response.json() as Promise<Readiness>)
      .then(setReadiness, () =>
        setReadiness({ status: 'not_ready', checks: { console: { ok: false, detail: 'does not answer' } } }),
      );
  }, []);
  if (readiness === null) return <Waiting what="the engines" />;
  const rows = Object.entries(readiness.checks).map(([name, check]) => ({ name, ...check }));
  return (
    <Section id="engines" title="Engines">
      <Table<(typeof rows)[number]>
        caption="What the console needs, and whether it answers"
        isCaptionHidden
        name="engines"
        rows={rows}
        rowKey={({ name }) => name}
        columns={[
          { title: 'Engine', name: 'engine', value: ({ name }) => name },
          {
            title: 'Answers',
            name: 'ok',
            value: ({ ok }) => ok,
            cell: ({ ok }) => <Badge looks={ok ? 'good' : 'bad'}>{ok ? 'yes' : 'no'}</Badge>,
          },
          { title: 'Detail', name: 'detail', value: ({ detail }) => detail },
        ]}
      />
    </Section>
  );
}

type Row = ReturnType<typeof tableOf>[number];

function figure(name: string, title: string, shown: (value: number) => string): Column<Row> {
  return {
    title,
    name,
    isNumber: true,
    value: ({ values }) => values[name] ?? null,
    cell: ({ values }) => (values[name] === undefined ? '–' : shown(values[name])),
  };
}

function Streams({ samples }: { readonly samples: readonly Sample[] }) {
  const rows = tableOf(samples, 'stream', [
    'adtally_ledger_lag_records',
    'adtally_ledger_time_age_ms',
    'adtally_ledger_damaged',
  ]);
  return (
    <Section id="streams" title="Ledger streams" note="One writer each, for ever; lag as the console shows them.">
      <Table<Row>
        caption="Ledger streams by truth and shard"
        isCaptionHidden
        name="ledger-streams"
        rows={rows}
        rowKey={({ about }) => about}
        looksOf={({ values }) => (values['adtally_ledger_damaged'] === 1 ? 'bad' : '')}
        columns={[
          { title: 'Stream', name: 'stream', value: ({ about }) => about },
          figure('adtally_ledger_lag_records', 'Records behind', count),
          figure('adtally_ledger_time_age_ms', 'Its time is old by', duration),
          {
            title: 'Chain',
            name: 'damaged',
            value: ({ values }) => values['adtally_ledger_damaged'] ?? null,
            cell: ({ values }) =>
              values['adtally_ledger_damaged'] === 1 ? <Badge looks="bad">damaged</Badge> : 'whole',
          },
        ]}
      />
    </Section>
  );
}

function Sink({ samples }: { readonly samples: readonly Sample[] }) {
  const rows = tableOf(samples, 'topic', ['adtally_sink_lag_records', 'adtally_sink_lag_ms']);
  return (
    <Section id="sink" title="Reporting" note="What the warehouse lacks of each topic, and since when.">
      {rows.length === 0 ? (
        <Empty title="Nothing is sunk">The warehouse is away, or is still being compared with the log.</Empty>
      ) : (
        <Table<Row>
          caption="Lag of reporting by topic"
          isCaptionHidden
          name="reporting-lag"
          rows={rows}
          rowKey={({ about }) => about}
          columns={[
            { title: 'Topic', name: 'topic', value: ({ about }) => about },
            figure('adtally_sink_lag_records', 'Records behind', count),
            figure('adtally_sink_lag_ms', 'Oldest of them', duration),
          ]}
        />
      )}
    </Section>
  );
}

/** A record of the quarantine as the audit shows it. */
interface Aside {
  readonly topic: string;
  readonly shard: number;
  readonly offset: number;
  readonly key: string;
  readonly appended_at: string;
  readonly name: string | null;
  readonly value: Readonly<Record<string, unknown>> | null;
  readonly unreadable: string | null;
}

const newest = 25;

function Quarantine({ next }: { readonly next: number }) {
  const [upTo, setUpTo] = useState(next);
  const from = Math.max(0, upTo - newest);
  const answer = useAnswer<{ items: readonly Aside[] }>(
    upTo === 0 ? null : `/v1/audit/events?topic=quarantine&shard=0&from_offset=${from}&limit=${newest}`,
  );
  return (
    <Section
      id="quarantine"
      title="Quarantine"
      note="What could not be read, judged or believed, with the reason: forged and malformed beacons end here and are never billed."
      actions={
        next > upTo ? (
          <button type="button" class="quiet" onClick={() => setUpTo(next)}>
            {count(next - upTo)} more since
          </button>
        ) : null
      }
    >
      {upTo === 0 ? (
        <Empty title="Nothing was put aside" />
      ) : (
        <Shown answer={answer} what="the quarantine">
          {({ items }) => (
            <Table<Aside>
              caption={`The newest ${items.length} of ${plural(upTo, 'record')}`}
              name="quarantine"
              rows={items.toReversed()}
              rowKey={({ offset }) => String(offset)}
              columns={[
                {
                  title: 'Appended, UTC',
                  name: 'appended_at',
                  value: ({ appended_at }) => appended_at,
                  cell: ({ appended_at }) => <span class="nowrap">{moment(appended_at)}</span>,
                },
                { title: 'Code', name: 'code', value: ({ value }) => textOf(value?.['code']) },
                {
                  title: 'Reason',
                  name: 'reason',
                  value: ({ value, unreadable }) => textOf(value?.['reason'] ?? unreadable),
                },
                {
                  title: 'From',
                  name: 'source',
                  value: ({ value }) =>
                    `${textOf(value?.['source_topic'])}/${textOf(value?.['source_shard'])}@${textOf(value?.['source_offset'])}`,
                },
                { title: 'Offset', name: 'offset', isNumber: true, value: ({ offset }) => offset },
                {
                  title: 'Record',
                  name: 'record',
                  value: ({ value }) => JSON.stringify(value),
                  cell: ({ value }) => (
                    <details>
                      <summary class="nowrap">inspect</summary>
                      <pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>
                    </details>
                  ),
                },
              ]}
            />
          )}
        </Shown>
      )}
    </Section>
  );
}

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

function Replays() {
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
