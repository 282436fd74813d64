import { exactAmount, plural, words } from '../../format.ts';
import { SelectionLink } from '../../parts/links.tsx';
import { Money } from '../../parts/money.tsx';
import { Badge, Empty, Section } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import type { Break, Run } from './run.ts';

/** The truths in the order in which money goes through them, currency by currency: what each says and what lies between. */
export function Chain({ run: { bridges = [] } }: { readonly run: Run }) {
  const currencies = [...new Set(bridges.map(({ currency }) => currency))].toSorted();
  return (
    <>
      {currencies.map((currency) => {
        const own = bridges.filter((one) => one.currency === currency);
        return (
          <div key={currency}>
            <h3>{currency}, closed windows</h3>
            <ol class="chain">
              {own.map(({ from, from_micros, left_micros }, index) => (
                <Link
                  key={from}
                  truth={from}
                  micros={from_micros}
                  currency={currency}
                  before={own[index - 1]}
                  isBroken={left_micros !== '0'}
                />
              ))}
              {own.slice(-1).map((last) => (
                <Link
                  key={last.to}
                  truth={last.to}
                  micros={last.to_micros}
                  currency={currency}
                  before={last}
                  isBroken={last.left_micros !== '0'}
                />
              ))}
            </ol>
          </div>
        );
      })}
    </>
  );
}

interface LinkProps {
  readonly truth: string;
  readonly micros: string;
  readonly currency: string;
  /** The bridge that leads here. */
  readonly before: NonNullable<Run['bridges']>[number] | undefined;
  readonly isBroken: boolean;
}

function Link({ truth, micros, currency, before, isBroken }: LinkProps) {
  return (
    <li class={isBroken ? 'bad' : ''}>
      <div class="step">{words(truth)}</div>
      <div class="sum">
        <Money micros={micros} currency={currency} />
      </div>
      <div class="gap">
        {before === undefined ? null : before.left_micros !== '0' ? (
          <Badge looks="bad">{exactAmount(before.left_micros)} unexplained</Badge>
        ) : before.explained_micros === '0' ? (
          'the same'
        ) : (
          <>
            <Money micros={before.explained_micros} currency={currency} /> explained
          </>
        )}
      </div>
    </li>
  );
}

export function Breaks({ run: { breaks = [], breaks_total = 0 } }: { readonly run: Run }) {
  if (breaks_total === 0) return null;
  return (
    <Section
      id="breaks"
      title="Unexplained"
      note="Differences for which no cause was found. Each names the records that it rests on."
    >
      <Table<Break>
        caption={plural(breaks_total, 'break')}
        name="breaks"
        rows={breaks}
        rowKey={({ code, selection_id, truth }, index) => `${code} ${selection_id} ${truth} ${index}`}
        looksOf={() => 'bad'}
        columns={[
          { title: 'Break', name: 'code', value: ({ code }) => code, cell: ({ code }) => words(code) },
          { title: 'Truth', name: 'truth', value: ({ truth }) => truth },
          {
            title: 'Ad',
            name: 'selection_id',
            value: ({ selection_id }) => selection_id,
            cell: ({ selection_id }) => (selection_id === '' ? '–' : <SelectionLink id={selection_id} />),
          },
          {
            title: 'Expected',
            name: 'expected_micros',
            isNumber: true,
            value: ({ expected_micros }) => expected_micros,
            cell: ({ expected_micros }) => exactAmount(expected_micros, 6),
          },
          {
            title: 'Found',
            name: 'actual_micros',
            isNumber: true,
            value: ({ actual_micros }) => actual_micros,
            cell: ({ actual_micros }) => exactAmount(actual_micros, 6),
          },
          { title: 'Detail', name: 'detail', value: ({ detail }) => detail },
          { title: 'Records', name: 'records', value: ({ refs }) => refs.join(' '), isHidden: true },
        ]}
      />
    </Section>
  );
}

/** What each cause means, for whoever has not read the documents. */
const meanings: Readonly<Record<string, string>> = {
  test_traffic: 'a test: takes the whole path and is never billed',
  not_rendered: 'chosen, and never begun to be shown',
  not_viewable: 'shown, and never viewable, which is what is paid for',
  not_clicked: 'shown, and never clicked, which is what is paid for',
  late_beacon: 'the beacon came after its time',
  in_flight: 'its window is not closed yet',
  selection_record_lost: 'the node ended before the record of its choice was on disk',
  record_quarantined: 'its record could not be believed',
  duplicate_beacon: 'arrived more than once, counted once',
  evidence_draining: 'its node still holds records back from the log',
  absorbed_fenced: 'its lease was fenced after a crash: our cost',
  absorbed_no_lease: 'no budget covered it: our cost',
  absorbed_after_release: 'seen after its budget was given back: our cost',
  surplus_draw: 'two nodes drew for one click; one was given back',
  ledger_behind: 'the ledger had not read that far',
  conflict_in_suspense: 'its records contradict each other',
  hold_not_passed: 'the hold has not passed yet',
  voided: 'a verdict took it back before certification',
  absorbed_voided: 'a verdict on what was never billed',
  reversed: 'a verdict took it back after certification',
  adjusted: 'finance took it back',
  sink_behind: 'reporting had not read that far',
};

export function Causes({ run: { causes = [] } }: { readonly run: Run }) {
  return (
    <Section
      id="causes"
      title="Causes"
      note="Each explained difference has exactly one, found from named records without knowing the difference."
    >
      {causes.length === 0 ? (
        <Empty title="No truth differs from another" />
      ) : (
        <Table<(typeof causes)[number]>
          caption="Explained differences by cause"
          isCaptionHidden
          name="causes"
          rows={causes}
          rowKey={({ cause, from, to }) => `${cause} ${from} ${to}`}
          columns={[
            {
              title: 'Cause',
              name: 'cause',
              value: ({ cause }) => cause,
              cell: ({ cause }) => (
                <>
                  {words(cause)} <span class="dim">{meanings[cause]}</span>
                </>
              ),
            },
            {
              title: 'Between',
              name: 'between',
              value: ({ from, to }) => `${from} → ${to}`,
              cell: ({ from, to }) => `${words(from)} → ${words(to)}`,
            },
            { title: 'Selections', name: 'count', isNumber: true, value: ({ count }) => count },
            {
              title: 'Amount, all currencies',
              name: 'amount_micros',
              isNumber: true,
              value: ({ amount_micros }) => amount_micros,
              cell: ({ amount_micros }) => exactAmount(amount_micros),
            },
          ]}
        />
      )}
    </Section>
  );
}

export function Invariants({ run: { invariants = [], digest } }: { readonly run: Run }) {
  if (invariants.length === 0) return null;
  return (
    <Section id="invariants" title="Invariants" note="Read off both ledgers and pacing at the same positions.">
      <Table<(typeof invariants)[number]>
        caption="Invariants of docs/ARCHITECTURE.md that a cut can show"
        isCaptionHidden
        name="invariants"
        rows={invariants}
        rowKey={({ number }) => String(number)}
        columns={[
          { title: 'Number', name: 'number', value: ({ number }) => number },
          {
            title: 'Holds',
            name: 'holds',
            value: ({ holds }) => holds,
            cell: ({ holds }) => <Badge looks={holds ? 'good' : 'bad'}>{holds ? 'holds' : 'broken'}</Badge>,
          },
          { title: 'What was seen', name: 'detail', value: ({ detail }) => detail },
        ]}
      />
      <p class="foot">
        Digest of the ledgers as they were read <span class="mono">{digest}</span>
      </p>
    </Section>
  );
}
