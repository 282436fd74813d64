import { useAnswer } from '../../answer.ts';
import { count, micros, percent, plural, textOf, words } from '../../format.ts';
import { Name } from '../../parts/links.tsx';
import { Money } from '../../parts/money.tsx';
import { Badge, Empty, Problem, Section, Waiting } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { session } from '../../session.ts';
import type { Choice, Explanation, Story } from './answer.ts';

type Standing = Explanation['ranking'][number];
type Exclusion = Explanation['exclusions'][number];

/** Why this one: decided again from the record for whoever may ask for that, else as the record says. */
export function Choosing({ story }: { readonly story: Story }) {
  const selected = story.events.find(({ name }) => name === 'AdSelected')?.value as unknown as Choice | undefined;
  const mayExplain = ['auditor', 'admin', 'trafficker'].includes(session.value?.role ?? '');
  const answer = useAnswer<Explanation>(
    mayExplain && selected !== undefined ? `/v1/audit/explain?selection_id=${story.selection_id}` : null,
  );
  if (selected === undefined) {
    return (
      <Section id="choosing" title="Why it was chosen">
        <Empty title="The record of its selection is not in the log">
          It can be billed all the same: its beacons carry what the token said.
        </Empty>
      </Section>
    );
  }
  const { auction, fallback, tier, context, degradations } = selected;
  const currency = textOf(context['floor_currency'] ?? story.currency);
  const explained = answer.data;
  return (
    <>
      <Section
        id="choosing"
        title="Why it was chosen"
        note={`${words(String(auction['rule']))}${fallback ? ', as a fallback' : ''}, tier ${tier}. ${count(Number(auction['eligible']))} eligible, ${count(Number(auction['solicited']))} solicited, ${count(Number(auction['responded']))} responded, ${count(Number(auction['participating']))} took part.`}
        actions={
          explained === null ? null : (
            <Badge looks={explained.tallies ? 'good' : 'bad'}>
              {explained.tallies ? 'Decided again: the same' : 'Decided again: not the same'}
            </Badge>
          )
        }
      >
        {answer.error === null ? null : <Problem error={answer.error} again={answer.again} />}
        {answer.isWaiting && explained === null ? <Waiting what="the catalogue of then" /> : null}
        <Amounts auction={auction} currency={currency} />
        {explained === null ? (
          <Losers choice={selected} currency={currency} />
        ) : (
          <Ranking explained={explained} currency={currency} />
        )}
        {explained !== null && explained.differences.length > 0 ? (
          <Problem
            error={
              new Error(
                explained.differences
                  .map(
                    ({ field, recorded, recomputed }) => `${field}: ${recorded} was recorded, ${recomputed} comes out`,
                  )
                  .join('; '),
              )
            }
          />
        ) : null}
        <Exclusions exclusions={explained?.exclusions ?? selected.exclusions} />
      </Section>
      <Stages stages={selected.stages} degradations={degradations} deadlineUs={selected.deadline_us} />
    </>
  );
}

const auctionAmounts = [
  ['bid_micros', 'Bid'],
  ['ecpm_micros', 'eCPM'],
  ['runner_up_ecpm_micros', 'Runner-up’s eCPM'],
  ['floor_micros', 'Floor'],
] as const;

function Amounts({ auction, currency }: { readonly auction: Choice['auction']; readonly currency: string }) {
  return (
    <dl class="figures">
      {auctionAmounts.map(([field, title]) => (
        <div key={field}>
          <dt>{title}</dt>
          <dd>
            {auction[field] === null || auction[field] === undefined ? (
              '–'
            ) : (
              <Money micros={String(auction[field])} currency={currency} />
            )}
          </dd>
        </div>
      ))}
      <div>
        <dt>Priority</dt>
        <dd>{auction['priority']}</dd>
      </div>
    </dl>
  );
}

function Ranking({ explained, currency }: { readonly explained: Explanation; readonly currency: string }) {
  if (explained.ranking.length === 0) return <Empty title="Nobody took part in an auction" />;
  const money = (name: 'bid_micros' | 'rank_value_micros' | 'would_pay_micros', title: string) => ({
    title,
    name,
    isNumber: true,
    value: (row: Standing) => row[name],
    cell: (row: Standing) => <Money micros={row[name]} currency={currency} />,
  });
  return (
    <Table<Standing>
      caption={`${plural(explained.ranking.length, 'candidate')} of ${plural(explained.known, 'line item')}, best first`}
      name="candidates"
      rows={explained.ranking}
      rowKey={({ line_item_id }) => line_item_id}
      columns={[
        { title: 'Place', name: 'place', isNumber: true, value: ({ place }) => place },
        {
          title: 'Line item',
          name: 'line_item_id',
          value: ({ line_item_id }) => line_item_id,
          cell: ({ line_item_id }) => <span class="id">{line_item_id}</span>,
        },
        {
          title: 'Advertiser',
          name: 'advertiser_id',
          value: ({ advertiser_id }) => advertiser_id,
          cell: ({ advertiser_id }) => <Name id={advertiser_id} />,
        },
        { title: 'Model', name: 'pricing_model', value: ({ pricing_model }) => pricing_model },
        { title: 'Priority', name: 'priority', isNumber: true, value: ({ priority }) => priority },
        money('bid_micros', 'Bid'),
        money('rank_value_micros', 'Ranked by'),
        money('would_pay_micros', 'Would pay'),
        {
          title: 'Outcome',
          name: 'outcome',
          value: ({ outcome }) => outcome,
          cell: ({ outcome }) => <Badge looks={outcome === 'won' ? 'good' : 'plain'}>{words(outcome)}</Badge>,
        },
      ]}
    />
  );
}

function Losers({ choice: { losers }, currency }: { readonly choice: Choice; readonly currency: string }) {
  if (losers.length === 0) return <Empty title="Nobody else took part" />;
  return (
    <Table<Choice['losers'][number]>
      caption="The best that did not win, as the record has them"
      name="losers"
      rows={losers}
      rowKey={({ line_item_id }) => line_item_id}
      columns={[
        { title: 'Line item', name: 'line_item_id', value: ({ line_item_id }) => line_item_id },
        {
          title: 'eCPM',
          name: 'ecpm_micros',
          isNumber: true,
          value: ({ ecpm_micros }) => ecpm_micros,
          cell: ({ ecpm_micros }) => <Money micros={ecpm_micros} currency={currency} />,
        },
        { title: 'Why not', name: 'reason', value: ({ reason }) => reason, cell: ({ reason }) => words(reason) },
      ]}
    />
  );
}

function Exclusions({ exclusions }: { readonly exclusions: readonly Exclusion[] }) {
  if (exclusions.length === 0) return null;
  return (
    <Table<Exclusion>
      caption="Line items that did not come that far"
      name="exclusions"
      rows={exclusions}
      rowKey={({ step, reason }) => `${step} ${reason}`}
      columns={[
        { title: 'Step', name: 'step', value: ({ step }) => step, cell: ({ step }) => words(step) },
        { title: 'Reason', name: 'reason', value: ({ reason }) => reason, cell: ({ reason }) => words(reason) },
        { title: 'Line items', name: 'count', isNumber: true, value: (row) => row.count },
      ]}
    />
  );
}

type Stage = Choice['stages'][number];

function Stages({
  stages,
  degradations,
  deadlineUs,
}: {
  readonly stages: readonly Stage[];
  readonly degradations: Choice['degradations'];
  readonly deadlineUs: number;
}) {
  return (
    <Section
      id="story-stages"
      title="Stages of the decision"
      note={`Deadline ${micros(deadlineUs)}, shared out among them.`}
    >
      <Table<Stage>
        caption="Time that each stage took of its share"
        isCaptionHidden
        name="stages"
        rows={stages}
        rowKey={({ stage }) => stage}
        columns={[
          { title: 'Stage', name: 'stage', value: ({ stage }) => stage },
          {
            title: 'Used of its share',
            name: 'used',
            value: ({ took_us, share_us }) => percent(took_us, share_us),
            cell: ({ took_us, share_us }) => (
              <span class={took_us > share_us ? 'meter late' : 'meter'} aria-hidden="true">
                <span style={{ width: `${share_us === 0 ? 0 : Math.min(100, (took_us / share_us) * 100)}%` }} />
              </span>
            ),
          },
          {
            title: 'Took',
            name: 'took_us',
            isNumber: true,
            value: ({ took_us }) => took_us,
            cell: ({ took_us }) => micros(took_us),
          },
          {
            title: 'Share',
            name: 'share_us',
            isNumber: true,
            value: ({ share_us }) => share_us,
            cell: ({ share_us }) => micros(share_us),
          },
          {
            title: 'Left out',
            name: 'degradations',
            value: ({ stage }) =>
              degradations
                .filter((one) => one.stage === stage)
                .map(({ reason }) => words(reason))
                .join(', '),
          },
        ]}
      />
    </Section>
  );
}
