import { useState } from 'preact/hooks';
import { useAnswer } from '../../answer.ts';
import { count, moment, words } from '../../format.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { Badge, Empty, Section, Shown } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { ask, session } from '../../session.ts';

/** A record of quarantine, of `GET /v1/quarantine`. */
interface Aside {
  readonly offset: number;
  readonly quarantined_at: string;
  readonly code: string;
  readonly reason: string;
  readonly processor: string;
  readonly source: { readonly topic: string; readonly shard: number; readonly offset: number; readonly key: string };
  readonly origin: { readonly node: string; readonly boot: string; readonly sequence: number } | null;
  readonly kept: string;
  readonly unreplayable: string;
  readonly state: string;
  readonly notes: readonly {
    readonly code: string;
    readonly sentence: string;
    readonly by: string;
    readonly at: string;
  }[];
}

interface Outcome {
  readonly outcome: string;
  readonly sentence: string;
}

const page = 25;
const looks: Readonly<Record<string, 'good' | 'bad' | 'late' | 'plain'>> = {
  put_aside: 'plain',
  asked: 'late',
  replayed: 'good',
  still_bad: 'bad',
  refused_again: 'bad',
};

/** What was put aside, newest first; one record can be looked into and replayed. @param next records there are; null while it is not known */
export function Quarantine({ next }: { readonly next: number | null }) {
  const [before, setBefore] = useState<number | null>(null);
  const [seen, setSeen] = useState<number | null>(null);
  const [chosen, setChosen] = useState<Aside | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const answer = useAnswer<{ items: readonly Aside[]; next: number | null }>(
    `/v1/quarantine?limit=${page}${before === null ? '' : `&before=${before}`}`,
  );
  if (seen === null && next !== null) setSeen(next);
  const newest = () => {
    setBefore(null);
    setSeen(next);
    answer.again();
  };
  const more = (next ?? 0) - (seen ?? 0);
  const replay = async (reason: string) => {
    if (chosen === null) return;
    setOutcome(await ask<Outcome>(`/v1/quarantine/${chosen.offset}/replays`, { body: { reason } }));
    answer.again();
  };
  return (
    <Section
      id="quarantine"
      title="Quarantine"
      note="What could not be read, judged or believed, with the reason: forged and malformed beacons end here and are never billed. What can be believed now is replayed, and counts once."
      actions={
        <>
          {more > 0 ? (
            <button type="button" class="quiet" onClick={newest}>
              {count(more)} more since
            </button>
          ) : null}
          {before === null ? null : (
            <button type="button" class="quiet" onClick={newest}>
              Newest
            </button>
          )}
        </>
      }
    >
      {chosen === null ? null : (
        <Confirm title="Replay this record?" act="Replay it" asksReason onAct={replay} onClose={() => setChosen(null)}>
          <p>
            {chosen.source.shard < 0
              ? `The beacon (${chosen.source.key}) is given to serving again, which judges it as it stands now.`
              : `${placeOf(chosen)} is read again; if it can be read now, it is appended once more to its shard.`}{' '}
            It counts once, however often it comes. Your reason is recorded.
          </p>
        </Confirm>
      )}
      {outcome === null ? null : (
        <p
          class={`verdict sheet ${outcome.outcome === 'still_bad' ? 'bad' : 'good'}`}
          role="status"
          data-outcome={outcome.outcome}
        >
          <strong>{words(outcome.outcome)}</strong> {outcome.sentence}
        </p>
      )}
      <Shown answer={answer} what="the quarantine">
        {({ items, next: older }) =>
          items.length === 0 ? (
            <Empty title="Nothing was put aside" />
          ) : (
            <>
              <Records items={items} onReplay={setChosen} />
              {older === null ? null : (
                <button type="button" class="plain" onClick={() => setBefore(older)}>
                  Older
                </button>
              )}
            </>
          )
        }
      </Shown>
    </Section>
  );
}

function placeOf({ source: { topic, shard, offset } }: Aside): string {
  return shard < 0 ? topic : `${topic}/${shard}@${offset}`;
}

function Records({ items, onReplay }: { readonly items: readonly Aside[]; readonly onReplay: (one: Aside) => void }) {
  const mayReplay = session.value?.role === 'admin';
  return (
    <Table<Aside>
      caption="Records that were put aside, newest first"
      isCaptionHidden
      name="quarantine"
      rows={items}
      rowKey={({ offset }) => String(offset)}
      columns={[
        {
          title: 'Put aside, UTC',
          name: 'quarantined_at',
          value: ({ quarantined_at }) => quarantined_at,
          cell: ({ quarantined_at }) => <span class="nowrap">{moment(quarantined_at)}</span>,
        },
        { title: 'Code', name: 'code', value: ({ code }) => code },
        {
          title: 'Reason',
          name: 'reason',
          value: ({ reason }) => reason,
          cell: ({ reason }) => <span class="sentence">{reason}</span>,
        },
        {
          title: 'From',
          name: 'source',
          value: placeOf,
          cell: (one) => <span class="nowrap">{placeOf(one)}</span>,
        },
        {
          title: 'State',
          name: 'state',
          value: ({ state }) => state,
          cell: ({ state, offset }) => (
            <span data-state-of={offset}>
              <Badge looks={looks[state] ?? 'plain'}>{words(state)}</Badge>
            </span>
          ),
        },
        { title: 'Offset', name: 'offset', isNumber: true, value: ({ offset }) => offset },
        {
          title: 'Record',
          name: 'record',
          value: (one) => JSON.stringify(one),
          cell: (one) => (
            <details>
              <summary class="nowrap">inspect</summary>
              <pre tabIndex={0}>{JSON.stringify(one, null, 2)}</pre>
              {one.unreplayable === '' ? null : <p class="note">Not to be replayed: {one.unreplayable}.</p>}
            </details>
          ),
        },
        {
          title: 'Replay',
          name: 'replay',
          isTitleHidden: true,
          value: () => null,
          cell: (one) =>
            one.unreplayable === '' && mayReplay && one.state !== 'replayed' ? (
              <button
                type="button"
                class="plain nowrap"
                onClick={() => onReplay(one)}
                aria-label={`Replay ${one.offset}`}
              >
                replay …
              </button>
            ) : null,
        },
      ]}
    />
  );
}
