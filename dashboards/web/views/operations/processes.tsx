import { count, duration, moment, plural } from '../../format.ts';
import { Money } from '../../parts/money.tsx';
import { Badge, Empty, Section } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import type { Operations, Process, ServingNode } from './answer.ts';

const zones = ['calm', 'degrade', 'shed'] as const;

function bytes(value: number | null): string {
  if (value === null) return '–';
  if (value < 1_024) return `${value} B`;
  if (value < 1_048_576) return `${(value / 1_024).toFixed(1)} KiB`;
  return `${(value / 1_048_576).toFixed(1)} MiB`;
}

const dash = <span class="dim">–</span>;

/** Every process that is watched: whether it answers, since when, what it holds. */
export function Processes({ operations: { processes, plans, at } }: { readonly operations: Operations }) {
  const ads = plans.reduce((sum, one) => sum + one.ads, 0);
  return (
    <Section
      id="processes"
      title="Processes"
      note="Each is asked every five seconds. What a serving process has acknowledged is in its buffer until the log has it."
    >
      <Table<Process>
        caption="Processes of the platform"
        isCaptionHidden
        name="processes"
        rows={processes}
        rowKey={({ name }) => name}
        looksOf={({ is_up }) => (is_up ? '' : 'bad')}
        columns={[
          {
            title: 'Process',
            name: 'process',
            value: ({ name }) => name,
            cell: ({ name, url }) => <span title={url === '' ? 'this console' : url}>{name}</span>,
          },
          {
            title: 'Answers',
            name: 'up',
            value: ({ is_up }) => is_up,
            cell: ({ is_up, problem }) => (
              <span title={problem}>
                <Badge looks={is_up ? 'good' : 'bad'}>{is_up ? 'yes' : 'no'}</Badge>
              </span>
            ),
          },
          {
            title: 'Runs since, UTC',
            name: 'started_at',
            value: ({ started_at, since, is_up }) => (is_up ? started_at : since),
            cell: ({ started_at, since, is_up }) => (
              <span class="nowrap">
                {is_up ? (started_at === null ? '–' : moment(started_at)) : `away since ${since.slice(11, 19)}`}
              </span>
            ),
          },
          {
            title: 'Version',
            name: 'version',
            value: ({ version }) => version,
            cell: ({ version }) => version ?? dash,
          },
          {
            title: 'Memory',
            name: 'memory_bytes',
            isNumber: true,
            value: ({ gauges }) => gauges.memory_bytes,
            cell: ({ gauges, is_up }) => (is_up && gauges.memory_bytes !== null ? bytes(gauges.memory_bytes) : dash),
          },
          {
            title: 'Buffer',
            name: 'buffer_entries',
            isNumber: true,
            value: ({ gauges }) => gauges.buffer_entries,
            cell: ({ gauges: { buffer_entries, buffer_bytes } }) =>
              buffer_entries === null ? (
                dash
              ) : (
                <span title={bytes(buffer_bytes)}>
                  {plural(buffer_entries, 'entry', 'entries')}, {bytes(buffer_bytes)}
                </span>
              ),
          },
          {
            title: 'Oldest',
            name: 'buffer_oldest_ms',
            isNumber: true,
            value: ({ gauges }) => gauges.buffer_oldest_ms,
            cell: ({ gauges: { buffer_oldest_ms } }) => (buffer_oldest_ms === null ? dash : duration(buffer_oldest_ms)),
          },
          {
            title: 'Load',
            name: 'load',
            value: ({ gauges }) => gauges.load,
            cell: ({ gauges: { zone, load }, is_up }) =>
              zone === null || !is_up ? (
                dash
              ) : (
                <span class="nowrap">
                  <Badge looks={zone === 0 ? 'good' : zone === 1 ? 'late' : 'bad'}>{zones[zone] ?? '?'}</Badge>{' '}
                  {Math.round((load ?? 0) * 100)} %
                </span>
              ),
          },
          {
            title: 'Asked in',
            name: 'answer_ms',
            isNumber: true,
            value: ({ answer_ms }) => answer_ms,
            cell: ({ answer_ms, is_up }) => (is_up ? duration(answer_ms) : dash),
          },
        ]}
      />
      {processes
        .filter(({ is_up }) => !is_up)
        .map(({ name, problem, seen_at }) => (
          <p class="note" key={name}>
            {name}: {problem}
            {seen_at === null ? '; it was never seen' : `; last seen ${moment(seen_at)}`}
          </p>
        ))}
      <p class="note">
        {ads === 0
          ? `No ad in the five minutes to ${at.slice(11, 19)} UTC.`
          : `Plans by which the last five minutes were decided: ${plans
              .map(({ plan, ads: some }) => `${plan} ${count(some)}`)
              .join(', ')}.`}
      </p>
    </Section>
  );
}

const looksOfState: Readonly<Record<string, 'good' | 'bad' | 'late' | 'plain'>> = {
  serving: 'good',
  silent: 'late',
  stopped: 'plain',
  succeeded: 'late',
  timed_out: 'bad',
};
const stateWords: Readonly<Record<string, string>> = {
  succeeded: 'ended, recovered',
  timed_out: 'fenced: silent too long',
  silent: 'silent, draws nothing',
};

/** Serving nodes as the log has them, whatever process they are. */
export function Nodes({ operations: { nodes } }: { readonly operations: Operations }) {
  return (
    <Section
      id="nodes"
      title="Serving nodes"
      note="As they mark themselves in the log. A node whose boot has ended is fenced: its leases cover nothing, and what it held comes back."
    >
      {nodes.length === 0 ? (
        <Empty title="No serving node has marked itself yet" />
      ) : (
        <Table<ServingNode>
          caption="Serving nodes with their boots and leases"
          isCaptionHidden
          name="nodes"
          rows={nodes}
          rowKey={({ node }) => node}
          columns={[
            {
              title: 'Node',
              name: 'node',
              value: ({ node }) => node,
              cell: ({ node, boot }) => (
                <span class="nowrap" title={`boot ${boot}`}>
                  {node}
                </span>
              ),
            },
            {
              title: 'State',
              name: 'state',
              value: ({ state }) => state,
              cell: ({ state }) => <Badge looks={looksOfState[state] ?? 'plain'}>{stateWords[state] ?? state}</Badge>,
            },
            {
              title: 'Boot since, UTC',
              name: 'booted_at',
              value: ({ booted_at }) => booted_at,
              cell: ({ booted_at }) => <span class="nowrap">{moment(booted_at)}</span>,
            },
            {
              title: 'Last mark',
              name: 'mark_age_ms',
              isNumber: true,
              value: ({ mark_age_ms }) => mark_age_ms,
              cell: ({ mark_age_ms }) => (mark_age_ms === null ? dash : `${duration(mark_age_ms)} ago`),
            },
            {
              title: 'Not in the log',
              name: 'entries',
              isNumber: true,
              value: ({ entries }) => entries,
              cell: ({ entries }) => (entries === null ? dash : count(entries)),
            },
            {
              title: 'Decisions',
              name: 'decisions',
              isNumber: true,
              value: ({ decisions }) => decisions,
              cell: ({ decisions }) => (decisions === null ? dash : count(decisions)),
            },
            {
              title: 'May still draw',
              name: 'leases',
              isNumber: true,
              value: ({ leases }) => leases.map(({ currency, left_micros }) => `${left_micros} ${currency}`).join(' '),
              cell: ({ leases }) =>
                leases.length === 0
                  ? dash
                  : leases.map(({ currency, left_micros, campaigns }) => (
                      <div key={currency} title={plural(campaigns, 'campaign')}>
                        <Money micros={left_micros} currency={currency} />
                      </div>
                    )),
            },
          ]}
        />
      )}
    </Section>
  );
}
