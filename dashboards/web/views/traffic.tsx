import { useAnswer } from '../answer.ts';
import { moment, plural, words } from '../format.ts';
import { place } from '../location.ts';
import { usualWindow, WindowChoice } from '../parts/choice.tsx';
import { SelectionLink } from '../parts/links.tsx';
import { ReportTable } from '../parts/report.tsx';
import { Badge, Empty, Section, Shown } from '../parts/states.tsx';
import { Table } from '../parts/table.tsx';
import { Title } from '../parts/title.tsx';

interface Verdict {
  readonly event_id: string;
  readonly selection_id: string;
  readonly category: string;
  readonly rule: string;
  readonly reason: string;
  readonly judged_by: string;
  readonly judged_at: string;
  readonly shard: number;
  readonly offset: number;
}

/** What was taken back, on what ground, and by whom. */
export default function Traffic() {
  const window = place.value.params['window'] ?? usualWindow;
  return (
    <>
      <Title
        title="Traffic quality"
        lead="Verdicts on traffic, and the money that they took back before and after it was certified."
      >
        <WindowChoice />
      </Title>
      <Section
        id="rules"
        title="By rule"
        note="Voided before certification; reversed after it, which credits the advertiser; absorbed was never billed in the first place."
      >
        <ReportTable name="traffic_quality" parameters={{ from: `-${window}` }} />
      </Section>
      <Verdicts />
    </>
  );
}

function Verdicts() {
  const cursor = place.value.params['cursor'];
  const answer = useAnswer<{ items: readonly Verdict[]; next_cursor: string | null }>(
    `/v1/audit/verdicts?limit=200${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
  );
  return (
    <Section
      id="verdict-list"
      title="One by one"
      note="In the order of the log, shard by shard. A verdict is a fact: a replay never judges again."
    >
      <Shown answer={answer} what="the verdicts">
        {({ items, next_cursor }) =>
          items.length === 0 ? (
            <Empty title="No verdict">
              {next_cursor === null ? 'No traffic was judged invalid.' : 'None on this page.'}
            </Empty>
          ) : (
            <Table<Verdict>
              caption={`${next_cursor === null ? '' : 'The first '}${plural(items.length, 'verdict')}`}
              name="verdicts"
              rows={items}
              rowKey={({ shard, offset }) => `${shard}/${offset}`}
              columns={[
                {
                  title: 'Judged, UTC',
                  name: 'judged_at',
                  value: ({ judged_at }) => judged_at,
                  cell: ({ judged_at }) => <span class="nowrap">{moment(judged_at)}</span>,
                },
                {
                  title: 'Category',
                  name: 'category',
                  value: ({ category }) => category,
                  cell: ({ category }) => <Badge looks="plain">{category}</Badge>,
                },
                { title: 'Rule', name: 'rule', value: ({ rule }) => rule, cell: ({ rule }) => words(rule) },
                { title: 'Reason', name: 'reason', value: ({ reason }) => reason },
                { title: 'By', name: 'judged_by', value: ({ judged_by }) => judged_by },
                {
                  title: 'Ad',
                  name: 'selection_id',
                  value: ({ selection_id }) => selection_id,
                  cell: ({ selection_id }) => <SelectionLink id={selection_id} />,
                },
                {
                  title: 'Record',
                  name: 'record',
                  value: ({ shard, offset }) => `spend/${shard}@${offset}`,
                  isHidden: true,
                },
              ]}
            />
          )
        }
      </Shown>
    </Section>
  );
}
