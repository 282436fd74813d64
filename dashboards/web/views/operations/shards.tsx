import { count, duration, moment } from '../../format.ts';
import { place } from '../../location.ts';
import { Choice } from '../../parts/choice.tsx';
import { Badge, Section } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import type { Operations, TruthLag, Work } from './answer.ts';

const truthOptions = [
  { value: 'all', title: 'All truths' },
  { value: 'pacing', title: 'pacing' },
  { value: 'tentative', title: 'tentative' },
  { value: 'final', title: 'final' },
  { value: 'fraud', title: 'fraud' },
  { value: 'reporting', title: 'reporting' },
  { value: 'none', title: 'No truth: helpers' },
];

/** Who works on each shard of each truth, and how far it is: the address says which truth. */
export function Shards({ operations: { shards, truths, reporting, processes } }: { readonly operations: Operations }) {
  const wanted = place.value.params['truth'] ?? 'all';
  const shown = shards.filter(({ truths: own }) =>
    wanted === 'all' ? own.length > 0 : wanted === 'none' ? own.length === 0 : own.includes(wanted),
  );
  const lag = truths.find(({ truth }) => truth === wanted);
  const toleranceOf = (work: Work) =>
    Math.min(...work.truths.map((one) => truths.find(({ truth }) => truth === one)?.tolerance_ms ?? Infinity));
  const streamsDown = processes.filter(({ kind, is_up }) => kind === 'streams' && !is_up).map(({ name }) => name);
  return (
    <Section
      id="shards"
      title="Shards and owners"
      note="Who works on each shard of a truth, since when, and what it lacks of the evidence. A shard has one owner; of two that claim it the ledger lets one write."
      actions={<Choice label="Truth" param="truth" usual="all" options={truthOptions} />}
    >
      {lag === undefined ? null : <Why lag={lag} shown={shown} streamsDown={streamsDown} />}
      {wanted === 'reporting' ? null : (
        <Table<Work>
          caption="Shards by processor, with their owners"
          isCaptionHidden
          name="shards"
          rows={shown}
          rowKey={({ processor, shard }) => `${processor}/${shard}`}
          looksOf={(work) => (looks(work, toleranceOf(work)) === 'good' ? '' : 'bad')}
          columns={[
            {
              title: 'Work',
              name: 'processor',
              value: ({ processor }) => processor,
              cell: ({ processor, truths: own }) => (
                <span class="nowrap">
                  {processor} {own.length === 0 ? null : <span class="dim">{own.join(', ')}</span>}
                </span>
              ),
            },
            { title: 'Shard', name: 'shard', isNumber: true, value: ({ shard }) => shard },
            {
              title: 'State',
              name: 'state',
              value: stateOf,
              cell: (work) => <Badge looks={looks(work, toleranceOf(work))}>{stateOf(work)}</Badge>,
            },
            {
              title: 'Owner',
              name: 'owner',
              value: ({ owners }) => owners.map(({ process }) => process).join(' '),
              cell: ({ owners }) =>
                owners.length === 0 ? <span class="dim">–</span> : owners.map(({ process }) => process).join(', '),
            },
            {
              title: 'Since, UTC',
              name: 'since',
              value: ({ owners }) => owners[0]?.since ?? null,
              cell: ({ owners: [owner] }) =>
                typeof owner?.since === 'string' ? (
                  <span class="nowrap">{moment(owner.since)}</span>
                ) : (
                  <span class="dim">–</span>
                ),
            },
            {
              title: 'Lag',
              name: 'lag_ms',
              isNumber: true,
              value: ({ lag_ms }) => lag_ms,
              cell: (work) => <Lag ms={work.lag_ms} toleranceMs={toleranceOf(work)} />,
            },
            {
              title: 'Records behind',
              name: 'records',
              isNumber: true,
              value: ({ records }) => records,
              cell: ({ records }) => (records === null ? <span class="dim">–</span> : count(records)),
            },
            {
              title: 'Why',
              name: 'why',
              isWide: true,
              value: whyOf,
              cell: (work) => <span class="dim">{whyOf(work)}</span>,
            },
          ]}
        />
      )}
      {wanted === 'reporting' || wanted === 'all' ? (
        <Table<Operations['reporting'][number]>
          caption={behindCaption(reporting)}
          name="reporting-lag"
          rows={wanted === 'reporting' ? reporting : reporting.filter(({ records }) => records > 0)}
          rowKey={({ topic }) => topic}
          columns={[
            { title: 'Topic', name: 'topic', value: ({ topic }) => topic },
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
              cell: ({ lag_ms, records }) =>
                records === 0 ? <span class="dim">none</span> : <Lag ms={lag_ms} toleranceMs={5_000} />,
            },
          ]}
        />
      ) : null}
    </Section>
  );
}

/** Of the topics only those are shown that reporting lacks something of, unless it alone is asked about. */
function behindCaption(reporting: Operations['reporting']): string {
  const behind = reporting.filter(({ records }) => records > 0).length;
  if (reporting.length === 0) return 'Reporting: the warehouse is away, or is still being compared with the log';
  if (behind === 0) return `Reporting, sunk by the console: it lacks nothing of ${reporting.length} topics`;
  return `Reporting, sunk by the console: it lacks records of ${behind} of ${reporting.length} topics`;
}

function Lag({ ms, toleranceMs }: { readonly ms: number | null; readonly toleranceMs: number }) {
  if (ms === null) return <span class="dim">–</span>;
  if (ms === 0) return <span class="dim">none</span>;
  return <span class={ms > toleranceMs ? 'late-text' : undefined}>{duration(ms)}</span>;
}

/** In a sentence: how far the truth is behind, and what keeps it. */
function Why({
  lag: { truth, lag_ms, tolerance_ms, worst },
  shown,
  streamsDown,
}: {
  readonly lag: TruthLag;
  readonly shown: readonly Work[];
  readonly streamsDown: readonly string[];
}) {
  const isLate = lag_ms !== null && lag_ms > tolerance_ms;
  const orphans = shown.filter(({ owners }) => owners.length === 0).map(({ shard }) => shard);
  const broken = shown.filter(({ owners }) =>
    owners.some(({ status }) => status === 'failed' || status === 'retrying'),
  );
  return (
    <p class={`verdict sheet ${isLate ? 'late' : 'good'}`} data-truth={truth} role="status">
      <strong>{isLate ? `${truth} lags` : `${truth} is current`}</strong>
      <span>
        {lag_ms === null ? 'Nothing runs that it would have to follow' : `${duration(lag_ms)} behind`}; it may be{' '}
        {duration(tolerance_ms)}.{isLate && worst !== '' ? ` Furthest behind: ${worst}.` : ''}
        {streamsDown.length === 0 ? '' : ` ${streamsDown.join(', ')} does not answer.`}
        {orphans.length === 0 ? '' : ` Nobody works on shard ${orphans.join(', ')}.`}
        {broken.map((work) => ` Shard ${work.shard}: ${whyOf(work)}.`)}
      </span>
    </p>
  );
}

function stateOf({ owners }: Work): string {
  if (owners.length === 0) return 'nobody';
  if (owners.length > 1) return 'claimed twice';
  return owners[0]?.status ?? '';
}

function whyOf({ owners }: Work): string {
  if (owners.length === 0) return 'no streams process that answers has it';
  return owners
    .filter(({ reason }) => reason !== '')
    .map(({ code, reason }) => `${code}: ${reason}`)
    .join('; ');
}

function looks(work: Work, toleranceMs: number): 'good' | 'bad' | 'late' {
  const state = stateOf(work);
  if (state === 'nobody' || state === 'failed') return 'bad';
  if (state !== 'running' || (work.lag_ms ?? 0) > toleranceMs) return 'late';
  return 'good';
}
