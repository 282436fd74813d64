import { useAnswer } from '../../answer.ts';
import { count, plural, shownMoney, words } from '../../format.ts';
import { place } from '../../location.ts';
import { Choice } from '../../parts/choice.tsx';
import { FreshnessLine } from '../../parts/fresh.tsx';
import { type ReportAnswer, type ReportRow, reportPath, ReportTable } from '../../parts/report.tsx';
import { Empty, Section, Shown } from '../../parts/states.tsx';
import { rangeOf, type YieldBar, yieldBars } from './steps.ts';

const colours = ['accent', 'seen', 'suspended', 'voided', 'open'] as const;
const tiers = ['premium', 'standard', 'remnant'].map((value) => ({ value, title: value }));

/** Whether time is well spent: what a thousand decisions brought by how long they took and what was done without. */
export function Yield({ window, currency }: { readonly window: string; readonly currency: string }) {
  const tier = place.value.params['tier'] ?? '';
  const parameters = { from: `-${window}`, tier };
  const answer = useAnswer<ReportAnswer>(reportPath('yield_by_latency', parameters));
  return (
    <Section
      id="yield"
      title="Yield by latency"
      note="Revenue for a thousand decisions by the time of their answers, ingress to the socket, and by the plan of degradation that was followed; house ads bring nothing. The eCPM of what was chosen, whether it was seen or not."
      actions={<Choice label="Tier" param="tier" usual="" options={[{ value: '', title: 'All' }, ...tiers]} />}
    >
      <Shown answer={answer} what="the yield">
        {({ rows }) => <Bars rows={rows.filter((row) => row['currency'] === currency)} currency={currency} />}
      </Shown>
      <details>
        <summary>By tier, with what was done without and what that cost by estimate</summary>
        <ReportTable
          name="yield_by_latency"
          parameters={parameters}
          hidden={['done_without', 'over_share', 'degraded']}
        />
      </details>
    </Section>
  );
}

function Bars({ rows, currency }: { readonly rows: readonly ReportRow[]; readonly currency: string }) {
  const bars = yieldBars(rows);
  if (bars.length === 0) return <Empty title="No decision in this window" />;
  const plans = [...new Set(bars.map(({ plan }) => plan))].toSorted((a, b) => rankOf(a) - rankOf(b));
  const colourOf = (plan: string) => `var(--${colours[plans.indexOf(plan) % colours.length] ?? 'accent'})`;
  const most = Number(bars.reduce((max, one) => (one.perThousandMicros > max ? one.perThousandMicros : max), 1n));
  const ranges = [...Map.groupBy(bars, ({ fromUs }) => fromUs).values()];
  return (
    <>
      <p class="key">
        {plans.map((plan) => (
          <span key={plan}>
            <span class="swatch" style={{ '--colour': colourOf(plan) }} />
            {planTitle(plan)}
          </span>
        ))}
      </p>
      <dl class="bars yield">
        {ranges.map((ones) => (
          <div key={ones[0]?.fromUs}>
            <dt>{rangeOf(ones[0]?.fromUs ?? 0, ones[0]?.belowUs ?? 0)}</dt>
            <dd>
              {ones.map((bar) => (
                <Bar key={bar.plan} bar={bar} most={most} colour={colourOf(bar.plan)} currency={currency} />
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <FreshnessLine />
    </>
  );
}

function rankOf(plan: string): number {
  return plan === 'full' ? 0 : 1;
}

function planTitle(plan: string): string {
  return plan === 'full' ? 'full: nothing done without' : words(plan);
}

function Bar({
  bar: { plan, ads, perThousandMicros },
  most,
  colour,
  currency,
}: {
  readonly bar: YieldBar;
  readonly most: number;
  readonly colour: string;
  readonly currency: string;
}) {
  const rounded = (perThousandMicros / 10_000n) * 10_000n;
  return (
    <span class="yield-bar">
      <span class="yield-track" aria-hidden="true">
        <span style={{ width: `${(Number(perThousandMicros) / most) * 100}%`, background: colour }} />
      </span>
      <span class="hidden">{planTitle(plan)}: </span>
      <span class="nowrap" title={plural(ads, 'ad')}>
        {shownMoney(rounded, currency)} <span class="dim">· {count(ads)}</span>
      </span>
    </span>
  );
}
