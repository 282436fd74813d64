import { useAnswer } from '../answer.ts';
import { place } from '../location.ts';
import { Choice, usualWindow, WindowChoice } from '../parts/choice.tsx';
import { type ReportAnswer, reportPath } from '../parts/report.tsx';
import { Title } from '../parts/title.tsx';
import { saveAnswer } from '../save.ts';
import { OverTime } from './traffic/over-time.tsx';
import { Pattern } from './traffic/pattern.tsx';
import { Rules } from './traffic/rules.tsx';
import { Sources } from './traffic/sources.tsx';
import { Verdicts } from './traffic/verdicts.tsx';

/** What was taken back, on what ground, and by whom. */
export default function Traffic() {
  const { window = usualWindow, by = 'network', source } = place.value.params;
  return source === undefined ? <All window={window} /> : <Pattern window={window} by={by} source={source} />;
}

function All({ window }: { readonly window: string }) {
  const path = reportPath('traffic_quality', { from: `-${window}` });
  const answer = useAnswer<ReportAnswer>(path);
  const currencies = [...new Set((answer.data?.rows ?? []).map((row) => String(row['currency'])))];
  const usual = currencies[0] ?? '';
  const currency = place.value.params['currency'] ?? usual;
  return (
    <>
      <Title
        title="Traffic quality"
        lead="Verdicts on traffic, and the money that they took back before and after it was certified."
      >
        {currencies.length < 2 ? null : (
          <Choice
            label="Currency"
            param="currency"
            usual={usual}
            options={currencies.map((value) => ({ value, title: value }))}
          />
        )}
        <WindowChoice />
      </Title>
      <Rules answer={answer} currency={currency} onSave={() => saveAnswer(path, 'traffic_quality.csv')} />
      <OverTime window={window} currency={currency} />
      <Sources window={window} />
      <Verdicts />
    </>
  );
}
