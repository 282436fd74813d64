import { useAnswer } from '../answer.ts';
import { useEntityNames } from '../entity-names.ts';
import { place } from '../location.ts';
import { Choice, usualWindow, WindowChoice } from '../parts/choice.tsx';
import { type ReportAnswer, reportPath, ReportTable } from '../parts/report.tsx';
import { Section } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';
import { BidderPage } from './market/bidder-page.tsx';
import { Bidders } from './market/bidders.tsx';
import { Demand } from './market/demand.tsx';
import { Latency } from './market/latency.tsx';
import { Lost } from './market/lost.tsx';
import { Now } from './market/now.tsx';
import { OverTime } from './market/over-time.tsx';
import { Yield } from './market/yield.tsx';

/** Who stood behind the selections, and what time did to what they earned. */
export default function Market() {
  const nameOf = useEntityNames('bidders');
  const { id } = place.value;
  return id === null ? <All nameOf={nameOf} /> : <BidderPage id={id} nameOf={nameOf} />;
}

function All({ nameOf }: { readonly nameOf: (id: string) => string }) {
  const { window = usualWindow, currency: chosen } = place.value.params;
  const parameters = { from: `-${window}` };
  const bidders = useAnswer<ReportAnswer>(reportPath('bidders', parameters));
  const reasons = useAnswer<ReportAnswer>(reportPath('bidder_reasons', parameters));
  const latency = useAnswer<ReportAnswer>(reportPath('bidder_latency', parameters));
  const sold = useAnswer<ReportAnswer>(reportPath('demand', parameters));
  const currencies = [...new Set((sold.data?.rows ?? []).map((row) => String(row['currency'])))];
  const usual = currencies[0] ?? '';
  const currency = chosen ?? usual;
  return (
    <>
      <Title
        title="Market"
        lead="Who could have bought, who was asked, who answered in time and who won; and whether time is well spent."
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
      <Bidders bidders={bidders} reasons={reasons} nameOf={nameOf} />
      <OverTime window={window} currency={currency} nameOf={nameOf} />
      <Latency answer={latency} nameOf={nameOf} />
      <Now nameOf={nameOf} />
      <Lost window={window} currency={currency} nameOf={nameOf} />
      <Demand window={window} currency={currency} nameOf={nameOf} />
      <Yield window={window} currency={currency} />
      <Section
        id="participation"
        title="Participation by placement"
        note="All line items, bidders’ among them, step by step, summed over the selections of a placement and hour."
      >
        <details>
          <summary>Show the hours</summary>
          <ReportTable name="participation" parameters={parameters} />
        </details>
      </Section>
    </>
  );
}
