import { count, duration, moment } from '../../format.ts';
import { Section } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import type { Burn, Operations } from './answer.ts';

/** Burn rates from which an alert is told: by window, the pair of The Site Reliability Workbook. */
const loud: Readonly<Record<string, number>> = { '5m': 14.4, '30m': 6, '1h': 14.4, '6h': 6 };
const dash = <span class="dim">–</span>;

function rate(value: number): string {
  return value === 0 ? '0' : value < 10 ? value.toFixed(2) : value.toFixed(0);
}

function windowColumn(at: number, title: string): Column<Burn> {
  return {
    title,
    name: `burn_${title.replace(/ /g, '_')}`,
    isNumber: true,
    value: ({ windows }) => windows[at]?.rate ?? null,
    cell: ({ windows }) => {
      const one = windows[at];
      if (one === undefined) return dash;
      if (!one.is_whole)
        return (
          <span class="dim" title={`Watched for ${duration(one.watched_ms)} of it so far`}>
            not yet
          </span>
        );
      if (one.rate === null) return <span class="dim">no events</span>;
      const isLoud = one.rate >= (loud[one.window] ?? Infinity);
      return (
        <span class={isLoud ? 'late-text' : undefined} title={`${count(one.good)} of ${count(one.total)} were good`}>
          {rate(one.rate)}
        </span>
      );
    },
  };
}

/** What is promised, and how fast the room for failure is used. */
export function Objectives({ operations: { objectives, watched_since, at } }: { readonly operations: Operations }) {
  const watchedMs = Date.parse(at) - Date.parse(watched_since);
  return (
    <Section
      id="objectives"
      title="Error budgets"
      note={
        <>
          A burn rate of 1 uses a budget up in exactly 30 days; 14.4 over an hour wakes somebody. This console has
          watched since {moment(watched_since)} UTC, {duration(watchedMs)}: a window that is longer is not shown yet.
          Prometheus keeps the whole period.
        </>
      }
    >
      <Table<Burn>
        caption="Objectives with burn rates by window"
        isCaptionHidden
        name="objectives"
        rows={objectives}
        rowKey={({ name }) => name}
        columns={[
          {
            title: 'Objective',
            name: 'objective',
            value: ({ title }) => title,
            cell: ({ title, meaning }) => (
              <span class="nowrap" title={meaning}>
                {title}
              </span>
            ),
          },
          {
            title: 'Target',
            name: 'target',
            isNumber: true,
            value: ({ target }) => target,
            cell: ({ target }) => `${Number((target * 100).toFixed(3))} %`,
          },
          {
            title: 'Events watched',
            name: 'events',
            isNumber: true,
            value: ({ watched }) => watched.total,
            cell: ({ watched }) => count(watched.total),
          },
          {
            title: 'Not good',
            name: 'not_good',
            isNumber: true,
            value: ({ watched }) => watched.total - watched.good,
            cell: ({ watched }) => count(watched.total - watched.good),
          },
          windowColumn(0, '5 min'),
          windowColumn(1, '30 min'),
          windowColumn(2, '1 h'),
          windowColumn(3, '6 h'),
          {
            title: 'Budget of these events left',
            name: 'left',
            isNumber: true,
            value: ({ watched }) => watched.left,
            cell: ({ watched: { left } }) =>
              left === null ? (
                dash
              ) : (
                <span class={left < 0 ? 'late-text' : undefined}>
                  {left < 0 ? 'overdrawn' : `${Math.floor(left * 100)} %`}
                </span>
              ),
          },
        ]}
      />
    </Section>
  );
}
