import { useState } from 'preact/hooks';
import { useAnswer } from '../../answer.ts';
import { useEntityNames } from '../../entity-names.ts';
import { count, moment, words } from '../../format.ts';
import { go, place } from '../../location.ts';
import { Choice } from '../../parts/choice.tsx';
import { Money } from '../../parts/money.tsx';
import { type ReportAnswer, type ReportRow, reportPath } from '../../parts/report.tsx';
import { Empty, Section, Shown } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { writePlace } from '../../place.ts';
import { saveAnswer } from '../../save.ts';

export const sourceKinds = [
  { value: 'network', title: 'Network', one: 'network', example: '203.0.113.0/24' },
  { value: 'agent', title: 'User agent', one: 'user agent', example: 'Mozilla/5.0 …' },
  { value: 'person', title: 'Person', one: 'person', example: 'a random key' },
] as const;

/** Where one network, user agent or person is looked at. */
export function patternHref(by: string, source: string): string {
  return writePlace({ view: 'traffic', params: { window: place.value.params['window'], by, source } });
}

/** Sources of what was invalid: who sold it, and from where it came. */
export function Sources({ window }: { readonly window: string }) {
  const by = place.value.params['by'] ?? 'placement';
  return (
    <Section
      id="sources"
      title="By source"
      note={
        by === 'person'
          ? 'A person is a random key that is made with consent alone; no raw id and no full address is in any record. Once a person is forgotten, nothing leads from them to their key.'
          : by === 'placement'
            ? 'Verdicts against what each placement delivered.'
            : 'Those with most verdicts first. An ad counts for every source that one of its records came from: asked for, seen or clicked.'
      }
      actions={
        <Choice
          label="By"
          param="by"
          usual="placement"
          options={[{ value: 'placement', title: 'Publisher and placement' }, ...sourceKinds]}
        />
      }
    >
      {by === 'placement' ? <Placements window={window} /> : <Origins window={window} by={by} />}
    </Section>
  );
}

function number(name: string, title: string): Column<ReportRow> {
  return {
    title,
    name,
    isNumber: true,
    value: (row) => row[name] ?? null,
    cell: (row) => (row[name] === null ? '–' : count(Number(row[name]))),
  };
}

function ratio(name: string, title: string): Column<ReportRow> {
  return {
    title,
    name,
    isNumber: true,
    value: (row) => row[name] ?? null,
    cell: (row) => (row[name] === null ? '–' : `${(Number(row[name]) * 100).toFixed(1)} %`),
  };
}

function time(name: string, title: string): Column<ReportRow> {
  return {
    title,
    name,
    value: (row) => row[name] ?? null,
    cell: (row) => <span class="nowrap">{moment(String(row[name]))}</span>,
  };
}

function Placements({ window }: { readonly window: string }) {
  const path = reportPath('invalid_traffic', { from: `-${window}` });
  const answer = useAnswer<ReportAnswer>(path);
  const publisherOf = useEntityNames('publishers');
  const placementOf = useEntityNames('placements');
  return (
    <Shown answer={answer} what="the placements">
      {({ rows }) =>
        rows.length === 0 ? (
          <Empty title="No placement had a verdict in this window" />
        ) : (
          <Table<ReportRow>
            caption="Verdicts by publisher, placement and rule"
            name="invalid-traffic"
            rows={rows}
            rowKey={(_row, index) => String(index)}
            onSave={() => saveAnswer(path, 'invalid_traffic.csv')}
            columns={[
              {
                title: 'Placement',
                name: 'placement_id',
                value: (row) => row['placement_id'] ?? null,
                cell: (row) => (
                  <span title={String(row['placement_id'])}>
                    {publisherOf(String(row['publisher_id']))} → {placementOf(String(row['placement_id']))}
                  </span>
                ),
              },
              {
                title: 'Rule',
                name: 'rule',
                value: (row) => row['rule'] ?? null,
                cell: (row) => <span title={String(row['category'])}>{words(String(row['rule']))}</span>,
              },
              number('verdicts', 'Verdicts'),
              number('placement_selections', 'Of ads'),
              ratio('rate', 'Rate'),
              {
                title: 'Prices',
                name: 'price_micros',
                isNumber: true,
                value: (row) => row['price_micros'] ?? null,
                cell: (row) => <Money micros={String(row['price_micros'])} currency={String(row['currency'])} />,
              },
              time('last_at', 'Last, UTC'),
            ]}
          />
        )
      }
    </Shown>
  );
}

function Origins({ window, by }: { readonly window: string; readonly by: string }) {
  const path = reportPath('sources', { from: `-${window}`, by, limit: '25' });
  const answer = useAnswer<ReportAnswer>(path);
  const kind = sourceKinds.find(({ value }) => value === by) ?? sourceKinds[0];
  return (
    <>
      <OneSource by={by} key={by} />
      <Shown answer={answer} what="the sources">
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title={`No ${kind.one} is known in this window`} />
          ) : (
            <Table<ReportRow>
              caption={`The ${rows.length} with most verdicts`}
              name="sources"
              rows={rows}
              rowKey={(row) => String(row['source'])}
              onSave={() => saveAnswer(path, `sources-${by}.csv`)}
              columns={[
                {
                  title: kind.title,
                  name: 'source',
                  value: (row) => row['source'] ?? null,
                  cell: (row) => <SourceLink by={by} source={String(row['source'])} />,
                },
                number('selections', 'Ads'),
                number('impressions', 'Seen'),
                number('clicks', 'Clicked'),
                ratio('click_rate', 'Click rate'),
                number('verdicts', 'Verdicts'),
                ratio('rate', 'Invalid'),
                {
                  title: 'Rules',
                  name: 'rules',
                  value: (row) => row['rules'] ?? null,
                  cell: (row) => <span class="roomy-cell">{words(String(row['rules']))}</span>,
                },
                time('last_at', 'Last, UTC'),
              ]}
            />
          )
        }
      </Shown>
    </>
  );
}

function SourceLink({ by, source }: { readonly by: string; readonly source: string }) {
  return (
    <a class={by === 'agent' ? 'cut' : 'id'} href={patternHref(by, source)} title={source}>
      {source}
    </a>
  );
}

/** Looks at one that is not in the list. */
function OneSource({ by }: { readonly by: string }) {
  const [text, setText] = useState('');
  const kind = sourceKinds.find(({ value }) => value === by) ?? sourceKinds[0];
  const submit = (event: Event) => {
    event.preventDefault();
    if (text.trim() !== '') go(patternHref(by, text.trim()));
  };
  return (
    <form class="one-source" onSubmit={submit}>
      <label class="choice">
        <span>One {kind.one}</span>
        <input
          type="search"
          value={text}
          placeholder={kind.example}
          maxLength={200}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <button type="submit" class="quiet">
        Look at it
      </button>
    </form>
  );
}
