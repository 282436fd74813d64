import { useEffect, useState } from 'preact/hooks';
import { duration, plural } from '../format.ts';
import { Problem, Waiting } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';
import { ask } from '../session.ts';
import type { Operations as Answer } from './operations/answer.ts';
import { Engines, Streams } from './operations/engines.tsx';
import { Objectives } from './operations/objectives.tsx';
import { Nodes, Processes } from './operations/processes.tsx';
import { Quarantine } from './operations/quarantine.tsx';
import { Replays } from './operations/replays.tsx';
import { Shards } from './operations/shards.tsx';

const askEveryMs = 3_000;

/** How the platform runs: processes, shards and their owners, engines, error budgets, and what was put aside. */
export default function Operations() {
  const [operations, setOperations] = useState<Answer | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const stop = new AbortController();
    let isAsking = false;
    const read = () => {
      if (document.hidden || isAsking) return;
      isAsking = true;
      ask<Answer>('/v1/operations', { signal: stop.signal })
        .then(
          (answer) => {
            setOperations(answer);
            setError(null);
          },
          (failure: unknown) => {
            if (!stop.signal.aborted) setError(failure);
          },
        )
        .finally(() => (isAsking = false));
    };
    read();
    const timer = setInterval(read, askEveryMs);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, []);
  return (
    <>
      <Title
        title="Operations"
        lead="Which process runs, who works on which shard of which truth, how far it is behind, how fast the room for failure is used, and what could not be believed."
      />
      {error === null ? null : <Problem error={error} />}
      {operations === null ? (
        error === null ? (
          <Waiting what="the processes" />
        ) : null
      ) : (
        <Figures operations={operations} />
      )}
      <Quarantine next={operations?.quarantined ?? null} />
      <Replays />
    </>
  );
}

function Figures({ operations }: { readonly operations: Answer }) {
  return (
    <>
      <Summary operations={operations} />
      <Shards operations={operations} />
      <Processes operations={operations} />
      <Nodes operations={operations} />
      <Objectives operations={operations} />
      <div class="pair">
        <Engines operations={operations} />
        <Streams operations={operations} />
      </div>
    </>
  );
}

/** The truths at a glance; each leads to its shards. */
function Summary({ operations: { truths, processes } }: { readonly operations: Answer }) {
  const up = processes.filter(({ is_up }) => is_up).length;
  return (
    <section class="sheet" aria-label="Truths at a glance">
      <dl class="figures">
        <div>
          <dt>Processes that answer</dt>
          <dd>
            {up} <small>of {plural(processes.length, 'process', 'processes')}</small>
          </dd>
        </div>
        {truths.map(({ truth, lag_ms, tolerance_ms }) => (
          <div key={truth}>
            <dt>
              <a href={`/operations?truth=${truth}`}>{truth}</a>
            </dt>
            <dd class={lag_ms !== null && lag_ms > tolerance_ms ? 'late-text' : undefined}>
              {lag_ms === null ? '–' : lag_ms === 0 ? 'no lag' : duration(lag_ms)}{' '}
              <small>of {duration(tolerance_ms)}</small>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
