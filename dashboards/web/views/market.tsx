import { useMemo } from 'preact/hooks';
import { count, percent } from '../format.ts';
import { place } from '../location.ts';
import { usualWindow, WindowChoice } from '../parts/choice.tsx';
import { type ReportRow, ReportTable } from '../parts/report.tsx';
import { Section } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';

/** Who stood behind the selections, and what time did to what they earned. */
export default function Market() {
  const window = place.value.params['window'] ?? usualWindow;
  const parameters = { from: `-${window}` };
  return (
    <>
      <Title
        title="Market"
        lead="How many bidders were eligible, were asked, answered and took part; and what decisions earned by the time they took."
      >
        <WindowChoice />
      </Title>
      <Section id="participation" title="Participation" note="Summed over the selections of a placement and hour.">
        <ReportTable name="participation" parameters={parameters}>
          {(rows) => <Steps rows={rows} />}
        </ReportTable>
      </Section>
      <Section
        id="yield"
        title="Yield by latency"
        note="What decisions earned by the time of their answers, tier and plan of degradation; what was done without, and what that cost by estimate."
      >
        <ReportTable
          name="yield_by_latency"
          parameters={parameters}
          hidden={['done_without', 'over_share', 'degraded']}
        />
      </Section>
    </>
  );
}

const steps = [
  ['eligible', 'Eligible'],
  ['solicited', 'Solicited'],
  ['responded', 'Responded'],
  ['participating', 'Took part'],
] as const;

function Steps({ rows }: { readonly rows: readonly ReportRow[] }) {
  const sums = useMemo(
    () => steps.map(([name, title]) => ({ title, sum: rows.reduce((all, row) => all + Number(row[name] ?? 0), 0) })),
    [rows],
  );
  const first = sums[0]?.sum ?? 0;
  return (
    <dl class="figures">
      {sums.map(({ title, sum }) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>
            {count(sum)} <small>{percent(sum, first)}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}
