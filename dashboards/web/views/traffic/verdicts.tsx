import { useAnswer } from '../../answer.ts';
import { moment, plural, words } from '../../format.ts';
import { place } from '../../location.ts';
import { Badge, Empty, Section, Shown } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { writePlace } from '../../place.ts';
import { Ad } from './allowed.tsx';

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

/** Every verdict, page by page, as the log has them. */
export function Verdicts() {
  const cursor = place.value.params['cursor'];
  const pageHref = (page: string | null) =>
    writePlace({ view: 'traffic', params: { ...place.value.params, cursor: page } });
  const answer = useAnswer<{ items: readonly Verdict[]; next_cursor: string | null }>(
    `/v1/audit/verdicts?limit=25${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
  );
  return (
    <Section
      id="verdict-list"
      title="One by one"
      note="In the order of the log, shard by shard, whatever the window. A verdict is a fact: a replay never judges again."
    >
      <Shown answer={answer} what="the verdicts">
        {({ items, next_cursor }) =>
          items.length === 0 ? (
            <Empty title="No verdict">
              {next_cursor === null ? 'No traffic was judged invalid.' : 'None on this page.'}
            </Empty>
          ) : (
            <Table<Verdict>
              caption={`${plural(items.length, 'verdict')}${next_cursor === null && cursor === undefined ? '' : ' on this page'}`}
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
                  cell: ({ selection_id }) => <Ad id={selection_id} />,
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
      <p class="foot pages">
        {cursor === undefined ? null : <a href={pageHref(null)}>First page</a>}{' '}
        {answer.data === null || answer.data.next_cursor === null ? null : (
          <a href={pageHref(answer.data.next_cursor)}>Next page</a>
        )}
      </p>
    </Section>
  );
}
