import { count, duration } from '../../format.ts';
import { Badge, Section } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import type { Engine, Operations, Stream } from './answer.ts';

/** Whether the engines answer, and how fast. */
export function Engines({ operations: { engines } }: { readonly operations: Operations }) {
  return (
    <Section id="engines" title="Engines" note="Each is asked the least there is to ask, from this console.">
      <Table<Engine>
        caption="Engines, whether they answer, and how fast"
        isCaptionHidden
        name="engines"
        rows={engines}
        rowKey={({ name }) => name}
        looksOf={({ ok }) => (ok ? '' : 'bad')}
        columns={[
          {
            title: 'Engine',
            name: 'engine',
            value: ({ name }) => name,
            cell: ({ name }) => <span class="nowrap">{name}</span>,
          },
          { title: 'Is', name: 'kind', value: ({ engine }) => engine },
          {
            title: 'Answers',
            name: 'ok',
            value: ({ ok }) => ok,
            cell: ({ ok, detail }) => (
              <>
                <Badge looks={ok ? 'good' : 'bad'}>{ok ? 'yes' : 'no'}</Badge>
                {detail === '' ? null : <span class="dim"> {detail}</span>}
              </>
            ),
          },
          {
            title: 'In',
            name: 'answer_ms',
            isNumber: true,
            value: ({ answer_ms }) => answer_ms,
            cell: ({ answer_ms }) => (answer_ms < 10 ? `${answer_ms.toFixed(1)} ms` : duration(answer_ms)),
          },
        ]}
      />
    </Section>
  );
}

/** Each stream of both ledgers: what it lacks, and whether its chain is whole. */
export function Streams({ operations: { streams } }: { readonly operations: Operations }) {
  return (
    <Section
      id="streams"
      title="Ledger streams"
      note="One writer each, for ever; as the console has read them. Nothing is certified before the time of a stream has passed the hold."
    >
      <Table<Stream>
        caption="Ledger streams by truth and shard"
        isCaptionHidden
        name="ledger-streams"
        rows={streams}
        rowKey={({ stream }) => stream}
        looksOf={({ damaged }) => (damaged ? 'bad' : '')}
        columns={[
          {
            title: 'Stream',
            name: 'stream',
            value: ({ stream }) => stream,
            cell: ({ stream }) => <span class="nowrap">{stream}</span>,
          },
          {
            title: 'Records behind',
            name: 'records',
            isNumber: true,
            value: ({ records }) => records,
            cell: ({ records }) => count(records),
          },
          {
            title: 'Oldest of them',
            name: 'lag_ms',
            isNumber: true,
            value: ({ lag_ms }) => lag_ms,
            cell: ({ lag_ms }) => (lag_ms === 0 ? <span class="dim">none</span> : duration(lag_ms)),
          },
          {
            title: 'Its time is old by',
            name: 'time_age_ms',
            isNumber: true,
            value: ({ time_age_ms }) => time_age_ms,
            cell: ({ time_age_ms }) => (time_age_ms === null ? '–' : duration(time_age_ms)),
          },
          {
            title: 'Chain',
            name: 'damaged',
            value: ({ damaged }) => damaged,
            cell: ({ damaged }) => (damaged ? <Badge looks="bad">damaged</Badge> : 'whole'),
          },
        ]}
      />
    </Section>
  );
}
